package securityhub

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"

	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// Hub is the model of a region's hub. Its other settings are not managed.
type Hub struct {
	Enabled bool              `json:"enabled"`
	Tags    map[string]string `json:"tags,omitzero" diff:"create"`
}

var hubs = &resource.Type[Hub]{
	Kind: "securityhub.hub",
	Doc: resource.Doc{
		Summary:  "Security Hub CSPM switched on in the region, without the default standards.",
		Controls: []string{"CIS AWS Foundations Benchmark v5.0.0/4.16"},
		Reads:    []resource.Permission{{Action: "securityhub:DescribeHub"}, administratorRead},
		Writes: []resource.Permission{
			{Action: "securityhub:EnableSecurityHub"}, {Action: "securityhub:TagResource", For: "securityhub:EnableSecurityHub"},
			{
				Action:    "iam:CreateServiceLinkedRole",
				Resource:  "arn:{partition}:iam::{account_id}:role/aws-service-role/securityhub.amazonaws.com/AWSServiceRoleForSecurityHub",
				Condition: map[string]string{"iam:AWSServiceName": "securityhub.amazonaws.com"},
				For:       "securityhub:EnableSecurityHub",
			},
		},
		Changers: []resource.Changer{{Event: "DisableSecurityHub"}},
	},
	Observe: observeHub,
	Apply:   applyHub,
	Settle: resource.Settle{RetryFor: patience, RetryOn: []resource.Transient{
		// Another run, or a first try whose answer was lost, switched it on.
		{Code: "ResourceConflictException"},
		limitExceeded,
	}},
}

// patience bounds the repetition of changes. Disabling a standard takes minutes,
// and so may the SDK's own tries against a throttle.
const patience = 5 * time.Minute

// limitExceeded is both a throttle and a limit (Security Hub API reference).
var limitExceeded = resource.Transient{Code: "LimitExceededException"}

// notSubscribed is what calls get while the hub is off, or was on too short.
var notSubscribed = resource.Transient{Code: "InvalidAccessException", Message: "not subscribed"}

func client(env resource.Env, region resource.Scope) *securityhub.Client {
	return awsx.Client(env.Session, string(region), securityhub.NewFromConfig)
}

// off says whether an error means that Security Hub is off in the region. The
// first code is that of denials too, so that its message counts.
func off(err error) bool {
	return awsx.IsCode(err, notSubscribed.Code) && strings.Contains(awsx.ErrorMessage(err), notSubscribed.Message) ||
		awsx.IsCode(err, "ResourceNotFoundException")
}

func observeHub(ctx context.Context, env resource.Env, id resource.ID) (*Hub, error) {
	return observe(ctx, env, id.Scope, func() (*Hub, error) {
		_, err := client(env, id.Scope).DescribeHub(ctx, &securityhub.DescribeHubInput{})
		if off(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return &Hub{Enabled: true}, nil
	})
}

// observe reads a model and, at the same time, who decides about it. The reads
// are not cancelled when one fails: other resources wait for them too.
func observe[M any](ctx context.Context, env resource.Env, region resource.Scope, read func() (*M, error)) (*M, error) {
	var admin string
	var meanwhile reads.Group
	meanwhile.Go(func() (err error) {
		admin, err = administrator(ctx, env, region)
		return err
	})
	live, err := read()
	adminErr := meanwhile.Wait()
	switch {
	case adminErr != nil:
		return nil, adminErr
	case err != nil:
		return nil, err
	case admin != "":
		return live, resource.ManagedBy("organization administrator "+admin,
			"the account is a Security Hub member: its administrator decides where findings are aggregated and, under central configuration, about the hub and its standards; a member cannot tell under which it is, so all are left (under local configuration, enable standards by hand)")
	}
	return live, nil
}

var administratorRead = resource.Permission{Action: "securityhub:GetAdministratorAccount"}

// severed are the states of a membership that is over or has not begun (Security
// Hub API reference, Member). Of any other the administrator decides.
var severed = []string{"", "Created", "Invited", "Removed", "Resigned", "Deleted"}

// administrator returns the account that administers the region's hub, or "".
// Where the hub is off AWS does not tell.
func administrator(ctx context.Context, env resource.Env, region resource.Scope) (string, error) {
	key := reads.Key{Service: "securityhub", Region: string(region), Call: "GetAdministratorAccount"}
	return reads.Get(ctx, env.Reads, key, func(ctx context.Context) (string, error) {
		out, err := client(env, region).GetAdministratorAccount(ctx, &securityhub.GetAdministratorAccountInput{})
		if off(err) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		a := out.Administrator
		if a == nil || slices.Contains(severed, aws.ToString(a.MemberStatus)) {
			return "", nil
		}
		return aws.ToString(a.AccountId), nil
	})
}

// applyHub switches the hub on, which is all that it can lack.
func applyHub(ctx context.Context, env resource.Env, d resource.Delta[Hub]) error {
	_, err := client(env, d.ID.Scope).EnableSecurityHub(ctx, &securityhub.EnableSecurityHubInput{
		EnableDefaultStandards: aws.Bool(false), // left out, it means true
		Tags:                   d.After.Tags,
	})
	return explain(err)
}

// explain turns the refusals of a central configuration and of membership into
// who decides. AWS's words are those that users report.
func explain(err error) error {
	message := strings.ToLower(awsx.ErrorMessage(err))
	says := func(words string) bool { return strings.Contains(message, words) }
	switch {
	case err == nil:
		return nil
	case says("central configuration policy"), says("managed by a configuration policy"):
		return resource.ManagedBy("Security Hub central configuration", "AWS refuses changes by the account itself ("+awsx.ErrorMessage(err)+
			"); ask the organization's Security Hub administrator for the change or for a self-managed account, or take securityhub out of the spec")
	case says("cannot be created by a member account"):
		return resource.ManagedBy("organization administrator", "the account is a Security Hub member, whose administrator aggregates findings ("+awsx.ErrorMessage(err)+
			"); set securityhub.aggregation to none")
	}
	return err
}
