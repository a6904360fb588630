// Package awsx is the way to AWS: credentials, identity, regions, one client
// per service and region, retries, the request log, and the words in which
// AWS's refusals are explained. It knows no kiso resource and no spec.
package awsx

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
)

// Options says how to reach AWS. The zero value is the SDK's default chain.
type Options struct {
	Profile     string       // a profile of the shared config; "" is the chain's own choice
	RoleARN     string       // a role to assume on top of the credentials found
	Region      string       // where global questions are asked: the home region
	Parallelism int          // requests in flight at once; 0 is DefaultParallelism
	AppID       string       // stands in the user agent, and so in CloudTrail
	Base        *aws.Config  // what to use instead of environment and files: the sandbox's
	Log         *slog.Logger // nil: requests are not logged
	// MFACode asks for the code of the device that a profile names; nil: nobody can
	// be asked.
	MFACode func() (string, error)
}

// DefaultParallelism lets a plan of every region ask all its first questions
// at once: they go to different hosts, each with limits of its own.
const DefaultParallelism = 128

// Identity is who the credentials belong to.
type Identity struct {
	AccountID string
	Principal string // the caller's ARN
	Partition string // such as "aws"
}

// Root says whether the credentials are the account's root user's.
func (i Identity) Root() bool { return strings.HasSuffix(i.Principal, ":root") }

// ARN returns an ARN of the account in its partition. S3's have no account and
// those of global services no region: pass region "".
func (i Identity) ARN(service, region, resource string) string {
	account := i.AccountID
	if service == "s3" {
		account = ""
	}
	return arn.ARN{Partition: i.Partition, Service: service, Region: region, AccountID: account, Resource: resource}.String()
}

// Session is one account seen through one set of credentials. It is safe for
// concurrent use.
type Session struct {
	Identity Identity

	cfg aws.Config
}

// Open loads the configuration as the AWS CLI would and asks STS who it is.
// The errors are explained: see Explain.
func Open(ctx context.Context, o Options) (*Session, error) {
	cfg, err := load(ctx, o)
	if err != nil {
		return nil, explainConfig(err, o.Profile)
	}
	session, err := signIn(ctx, cfg, o.RoleARN, cfg.Region)
	if elsewhere := alwaysOn(cfg.Region); IsCode(err, "InvalidClientTokenId", "RegionDisabledException") && elsewhere != cfg.Region {
		// STS answers so to wrong keys, and in regions that are not enabled.
		if other, e := signIn(ctx, cfg, o.RoleARN, elsewhere); e == nil {
			return other, nil
		}
	}
	if err != nil {
		return nil, explainConfig(err, o.Profile)
	}
	return session, nil
}

// signIn asks the STS of a region who the credentials belong to, and before
// that, unless role is "", for the role's.
func signIn(ctx context.Context, cfg aws.Config, role, region string) (*Session, error) {
	local := cfg.Copy()
	local.Region = region
	if role != "" {
		provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(local), role, func(r *stscreds.AssumeRoleOptions) {
			r.RoleSessionName = "kiso"
		})
		cfg.Credentials = aws.NewCredentialsCache(provider)
		local.Credentials = cfg.Credentials
	}
	identity, err := whoami(ctx, local)
	if err != nil {
		return nil, err
	}
	return &Session{Identity: identity, cfg: cfg}, nil
}

func load(ctx context.Context, o Options) (aws.Config, error) {
	if o.Parallelism == 0 {
		o.Parallelism = DefaultParallelism
	}
	cfg, err := base(ctx, o)
	if err != nil {
		return aws.Config{}, err
	}
	// A retryer given to the SDK's loader would make it pass over AWS_MAX_ATTEMPTS;
	// an HTTP client that is not of its own type would make it refuse AWS_CA_BUNDLE.
	cfg.Retryer = sharedQuotas()
	cfg.Logger = sdkLog(o.Log)
	cfg.Credentials = explained{cfg.Credentials, o.Profile}
	cfg.HTTPClient = &gate{next: cfg.HTTPClient, slots: make(chan struct{}, o.Parallelism), log: o.Log}
	return cfg, nil
}

// sdkLog takes the remarks of the SDK, which it writes to stderr otherwise, such
// as about a connection that it could not use again. They help nobody but who
// looks at requests.
func sdkLog(log *slog.Logger) logging.Logger {
	if log == nil {
		return logging.Nop{}
	}
	return logging.LoggerFunc(func(_ logging.Classification, format string, values ...any) {
		log.Debug("sdk", "remark", fmt.Sprintf(format, values...))
	})
}

// base is the configuration without what is kiso's own.
func base(ctx context.Context, o Options) (aws.Config, error) {
	if o.Base != nil {
		cfg := o.Base.Copy()
		cfg.Region, cfg.AppID = cmp.Or(o.Region, cfg.Region), o.AppID
		return cfg, nil
	}
	options := []func(*config.LoadOptions) error{config.WithHTTPClient(newTransport()), config.WithAppID(o.AppID), config.WithLogger(sdkLog(o.Log))}
	if o.MFACode != nil {
		options = append(options, config.WithAssumeRoleCredentialOptions(func(r *stscreds.AssumeRoleOptions) { r.TokenProvider = o.MFACode }))
	}
	if o.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(o.Profile))
	}
	if o.Region != "" {
		options = append(options, config.WithRegion(o.Region))
	}
	return config.LoadDefaultConfig(ctx, options...)
}

// whoami takes account and partition from the caller's ARN, the one answer
// that no policy can deny (AWS STS API reference, GetCallerIdentity).
func whoami(ctx context.Context, cfg aws.Config) (Identity, error) {
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return Identity{}, withLastTry(cfg.Retryer(), sts.ServiceID, cfg.Region, err)
	}
	if err := corrected(out.ResultMetadata); err != nil {
		return Identity{}, err
	}
	parsed, err := arn.Parse(aws.ToString(out.Arn))
	if err != nil {
		return Identity{}, fmt.Errorf("sts:GetCallerIdentity answered with the ARN %q: %w", aws.ToString(out.Arn), err)
	}
	return Identity{AccountID: aws.ToString(out.Account), Principal: aws.ToString(out.Arn), Partition: parsed.Partition}, nil
}

// Client makes a client of a service in a region, with the service package's
// NewFromConfig. Clients are made for each use and not kept: what is worth
// keeping, connections and retry quotas, belongs to the session. A client in an
// interface would also keep the linker from leaving out the operations that
// nobody calls, half the binary.
func Client[C, O any](s *Session, region string, newFromConfig func(aws.Config, ...func(*O)) *C, options ...func(*O)) *C {
	cfg := s.cfg.Copy()
	cfg.Region = region
	return newFromConfig(cfg, options...)
}

// Pages calls fetch for each page of a list: with no token first, then with the
// one that it returned, until that is nil or empty. The SDK's paginators do the
// same, but want the client in an interface; see Client.
func Pages(fetch func(token *string) (next *string, err error)) error {
	next, err := fetch(nil)
	for err == nil && aws.ToString(next) != "" {
		next, err = fetch(next)
	}
	return err
}

// HomeRegion returns the region where global questions are asked.
func (s *Session) HomeRegion() string { return s.cfg.Region }

// CustomEndpoint says whether the requests go to an emulator under one address
// (AWS_ENDPOINT_URL), where a bucket cannot be a host name of its own.
func (s *Session) CustomEndpoint() bool {
	return s.cfg.BaseEndpoint != nil || os.Getenv("AWS_ENDPOINT_URL_S3") != ""
}
