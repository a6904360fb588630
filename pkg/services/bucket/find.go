package bucket

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// found is a bucket of this account, where it is.
type found struct {
	env    resource.Env
	name   string
	region string
}

func (b *found) client() *s3.Client { return Client(b.env, b.region) }

// owner is what every call on the bucket says, so that none can ever reach a
// bucket of the same name in another account.
func (b *found) owner() *string { return &b.env.Identity.AccountID }

// find looks a bucket up: nil where there is none of that name. The error of a
// bucket of another account is a *resource.ManagedError if it is in use already.
func find(ctx context.Context, env resource.Env, p Place) (*found, error) {
	key := reads.Key{Service: "s3", Region: p.Region, Call: "HeadBucket", Arg: p.Name}
	region, err := reads.Get(ctx, env.Reads, key, func(ctx context.Context) (string, error) {
		return regionOf(ctx, env, p)
	})
	switch {
	case err != nil:
		return nil, err
	case region == "" && p.Adopted:
		return nil, fmt.Errorf("bucket %s does not exist, and %s delivers to it: its logs are lost; point it to a bucket of this account, and run again", p.Name, p.Source)
	case region == "":
		return nil, nil
	}
	return &found{env: env, name: p.Name, region: region}, nil
}

// regionOf returns the region of a bucket, "" if there is no such bucket.
// HeadBucket answers from every region and names the right one in a header, with
// 301, or in newer regions with 400; it has no body, so that the status is all there is to tell (Amazon S3 API
// reference, HeadBucket).
func regionOf(ctx context.Context, env resource.Env, p Place) (string, error) {
	region, err := head(ctx, env, p.Name, p.Region)
	status, elsewhere := answer(err)
	if (status == http.StatusMovedPermanently || status == http.StatusBadRequest) && elsewhere != "" && elsewhere != p.Region {
		region, err = head(ctx, env, p.Name, elsewhere)
		status, _ = answer(err)
	}
	switch status {
	case http.StatusNotFound:
		return "", nil
	case http.StatusForbidden:
		return "", refused(ctx, env, p)
	default:
		return region, err
	}
}

func head(ctx context.Context, env resource.Env, name, region string) (string, error) {
	out, err := Client(env, region).HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name, ExpectedBucketOwner: &env.Identity.AccountID})
	if err != nil {
		return "", err
	}
	if actual := aws.ToString(out.BucketRegion); actual != "" {
		return actual, nil
	}
	return region, nil
}

// answer returns the HTTP status and the bucket's region of an error.
func answer(err error) (status int, region string) {
	var response *awshttp.ResponseError
	if !errors.As(err, &response) || response.Response == nil {
		return 0, ""
	}
	return response.HTTPStatusCode(), response.Response.Header.Get("x-amz-bucket-region")
}

// refused tells another account's bucket from one of this account that the role
// may not look at: S3 answers both with a bare 403.
func refused(ctx context.Context, env resource.Env, p Place) error {
	ours, err := owned(ctx, env, p)
	switch {
	case err != nil && !awsx.Denied(err): // as all of S3 is refused, for the clock or a new account
		return err
	case err != nil:
		return &closedError{text: fmt.Sprintf("bucket %s: s3:ListBucket denied: it belongs to another account, or the role lacks the permission (s3:ListAllMyBuckets would tell: %s); choose another bucket name, or allow both actions for the role", p.Name, awsx.Explain(err))}
	case ours:
		return &closedError{ours: true, text: fmt.Sprintf("bucket %s: s3:ListBucket denied, though the bucket is this account's; allow the action for the role, and look at the bucket's policy", p.Name)}
	case p.Adopted:
		return resource.ManagedBy("another account", fmt.Sprintf("the bucket %s, where %s delivers to, is not this account's", p.Name, p.Source))
	default:
		return fmt.Errorf("s3:ListBucket denied, and the account has no such bucket: %w", &takenError{p.Name})
	}
}

// closedError says that a bucket may not be looked at, whether or not it is known to
// be this account's.
type closedError struct {
	text string
	ours bool
}

func (e *closedError) Error() string { return e.text }

// takenError says that a name is another account's.
type takenError struct{ name string }

func (e *takenError) Error() string {
	return "bucket " + e.name + ": the name is taken by another account (bucket names are one namespace for all of AWS); choose another bucket name in the spec"
}

func owned(ctx context.Context, env resource.Env, p Place) (found bool, err error) {
	err = awsx.Pages(func(token *string) (*string, error) {
		page, err := Client(env, p.Region).ListBuckets(ctx, &s3.ListBucketsInput{Prefix: &p.Name, ContinuationToken: token})
		if err != nil {
			return nil, err
		}
		for _, b := range page.Buckets {
			found = found || aws.ToString(b.Name) == p.Name
		}
		return page.ContinuationToken, nil
	})
	return found, err
}

// or returns what a read found, or without where S3 says by one of its codes
// that nothing is configured.
func or[T any](value T, err error, without T, absent ...string) (T, error) {
	if awsx.IsCode(err, absent...) {
		return without, nil
	}
	return value, err
}
