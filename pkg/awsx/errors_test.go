package awsx_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// TestExplainSaysWhoDenied takes the denials as AWS words them.
func TestExplainSaysWhoDenied(t *testing.T) {
	const call = "guardduty:ListDetectors denied "
	const admin, boundary = "ask the organization's administrator", "ask whoever manages the role's permissions boundary"
	for reason, want := range map[string]string{
		sandbox.NoIdentityPolicy:        call + "because no identity-based policy allows it for " + principal + "; allow the action for the role (kiso policy prints all that it needs)",
		sandbox.DeniedByIdentityPolicy:  call + "by an identity-based policy for " + principal + "; remove the deny from the policies of the role",
		sandbox.DeniedBySCP:             call + "by a service control policy for " + principal + "; leave the region out of the spec (regions.exclude), or the section if no region allows it, or " + admin,
		sandbox.NoSCP:                   call + "by a service control policy for " + principal + "; leave the region out of the spec (regions.exclude), or the section if no region allows it, or " + admin,
		sandbox.DeniedByBoundary:        call + "by a permissions boundary for " + principal + "; " + boundary,
		sandbox.NoBoundary:              call + "by a permissions boundary for " + principal + "; " + boundary,
		sandbox.DeniedByResourcePolicy:  call + "by a resource-based policy for " + principal + "; change the policy of the resource",
		sandbox.DeniedBySessionPolicy:   call + "by a session policy for " + principal + "; start the session without that policy",
		sandbox.DeniedByResourceControl: call + "by a resource control policy for " + principal + "; " + admin,

		"because no session policy allows the %s action":          call + "by a session policy for " + principal + "; start the session without that policy",
		"because no resource-based policy allows the %s action":   call + "because no resource-based policy allows it for " + principal + "; allow the action in the policy of the resource",
		"because no resource control policy allows the %s action": call + "by a resource control policy for " + principal + "; " + admin,
		"because no VPC endpoint policy allows the %s action":     call + "by a VPC endpoint policy for " + principal + "; change the policy of the VPC endpoint",
		"with an explicit deny":                                   call + "for " + principal + "; allow the action for the role (kiso policy prints all that it needs)",
	} {
		acct := newAccount(sandbox.Options{})
		s := open(t, acct, awsx.Options{})
		acct.Inject(sandbox.Fault{Kind: sandbox.Deny, Reason: reason})
		err := list(t.Context(), s, region)
		assert.True(t, awsx.Denied(err))
		assert.Equal(t, want, awsx.Explain(err), reason)
	}
}

func TestExplainNamesTheIAMAction(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	s := open(t, acct, awsx.Options{})
	acct.Inject(sandbox.Fault{Kind: sandbox.Custom, Status: 403, Code: "AccessDenied", Message: "Access Denied"})
	_, err := awsx.Client(s, region, s3.NewFromConfig).GetBucketEncryption(t.Context(), &s3.GetBucketEncryptionInput{Bucket: aws.String("logs")})
	assert.Equal(t, "s3:GetEncryptionConfiguration denied: Access Denied", awsx.Explain(err))

	for service, want := range map[string]string{"EventBridge": "events:", "Config Service": "config:", "SecurityHub": "securityhub:", "CloudTrail": "cloudtrail:", "SNS": "sns:"} {
		err := &smithy.OperationError{ServiceID: service, OperationName: "Get", Err: &smithy.GenericAPIError{Code: "Broken", Message: "no "}}
		assert.Equal(t, want+"Get failed with Broken: no", awsx.Explain(err))
	}
}

func TestExplainOtherErrors(t *testing.T) {
	call := func(err error) error {
		return fmt.Errorf("wrapped: %w", &smithy.OperationError{ServiceID: "GuardDuty", OperationName: "ListDetectors", Err: err})
	}
	code := func(code string) error { return call(&smithy.GenericAPIError{Code: code, Message: "words"}) }
	for want, err := range map[string]error{
		"": nil,
		"guardduty:ListDetectors timed out; raise --timeout or run again": call(context.DeadlineExceeded),
		"guardduty:ListDetectors interrupted; run again":                  call(context.Canceled),
		"interrupted; run again":                                          context.Canceled,
		"guardduty:ListDetectors refused the credentials (UnrecognizedClientException): the region is not enabled for this account, or the credentials are not valid there, as those from the global endpoint of STS in regions that accounts opt in to (set AWS_STS_REGIONAL_ENDPOINTS=regional); leave the region out (regions.exclude) or check the session": code("UnrecognizedClientException"),
		"guardduty:ListDetectors refused the credentials: they have expired; sign in again and run again":                                                                     code("ExpiredTokenException"),
		"guardduty:ListDetectors refused the signature (InvalidSignatureException): the secret access key is wrong, this machine's clock is off, or a proxy changes requests": code("InvalidSignatureException"),
		"guardduty:ListDetectors refused the request for its time (RequestTimeTooSkewed): this machine's clock is off; set it (NTP) and run again":                            code("RequestTimeTooSkewed"),
		"guardduty:ListDetectors refused the request for its time (SignatureDoesNotMatch): this machine's clock is off; set it (NTP) and run again": call(&smithy.GenericAPIError{
			Code: "SignatureDoesNotMatch", Message: "Signature expired: 20261122T000000Z is now earlier than 20261122T012500Z (20261122T014000Z - 15 min.)",
		}),
		"guardduty:ListDetectors refused the account (OptInRequired): it is not fully activated yet; finish the sign-up (payment, phone) and try later; if it is so in one region alone, leave that out (regions.exclude)":                 code("OptInRequired"),
		"guardduty:ListDetectors refused the account (SubscriptionRequiredException): it is not fully activated yet; finish the sign-up (payment, phone) and try later; if it is so in one region alone, leave that out (regions.exclude)": code("SubscriptionRequiredException"),
		"guardduty:ListDetectors failed with ConflictException: words": code("ConflictException"),
		"guardduty:ListDetectors denied: words":                        code("AccessDeniedException"),
		"the fuse is out":                                              errors.New("the fuse is out"),
	} {
		assert.Equal(t, want, awsx.Explain(err))
	}
	assert.False(t, awsx.Denied(nil))
	assert.Empty(t, awsx.ErrorCode(errors.New("x")))
	assert.Empty(t, awsx.ErrorMessage(nil))
}

func TestARegionThatIsOffLooksLikeBadCredentials(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	err := list(t.Context(), open(t, acct, awsx.Options{}), "ap-east-1")
	assert.Contains(t, awsx.Explain(err), "guardduty:ListDetectors refused the credentials (UnrecognizedClientException): the region is not enabled")
}

// The portal's code for a session that is over is that of a denial.
func TestASessionThatIsOverIsNoDenial(t *testing.T) {
	err := &smithy.OperationError{ServiceID: "GuardDuty", OperationName: "ListDetectors", Err: fmt.Errorf("get credentials: failed to refresh cached credentials, %w",
		&smithy.OperationError{ServiceID: "SSO", OperationName: "GetRoleCredentials", Err: &smithy.GenericAPIError{Code: "UnauthorizedException", Message: "Session token not found or invalid"}})}
	assert.Equal(t, "guardduty:ListDetectors was not sent: the SSO session has ended; run `aws sso login` and run again", awsx.Explain(err))
}

// The SDK has a host name for a service in any region, also where there is none.
func TestAServiceThatTheRegionDoesNotHave(t *testing.T) {
	cfg := aws.Config{Region: "eu-west-9", Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""), HTTPClient: doer(func(*http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: "Post", URL: "https://x", Err: &net.DNSError{Err: "no such host", Name: "guardduty.eu-west-9.amazonaws.com", IsNotFound: true}}
	})}
	_, err := guardduty.NewFromConfig(cfg).ListDetectors(t.Context(), &guardduty.ListDetectorsInput{})
	assert.Equal(t, "guardduty:ListDetectors found no endpoint (lookup guardduty.eu-west-9.amazonaws.com: no such host): the service is not in the region, which regions.exclude leaves out, or this network does not resolve AWS's names", awsx.Explain(err))
}

// A proxy, or a server that is not AWS, may answer in its place.
func TestAnAnswerThatIsNotAWSs(t *testing.T) {
	cfg := aws.Config{Region: region, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""), HTTPClient: doer(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusNotFound, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("<html>Not here</html>"))}, nil
	})}
	_, err := guardduty.NewFromConfig(cfg).ListDetectors(t.Context(), &guardduty.ListDetectorsInput{})
	assert.Equal(t, "guardduty:ListDetectors got an answer that is not AWS's (HTTP 404); check the endpoint (AWS_ENDPOINT_URL, endpoint_url) and a proxy (HTTPS_PROXY), or run again", awsx.Explain(err))
}

// doer answers requests.
type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }

func TestNoAnswerIsExplained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acct := newAccount(sandbox.Options{})
		s := open(t, acct, awsx.Options{})
		acct.Inject(sandbox.Fault{Kind: sandbox.CutConnection})
		err := list(t.Context(), s, region)
		require.Error(t, err)
		assert.Equal(t, "guardduty:ListDetectors got no answer: unexpected EOF; check the network, a proxy (HTTPS_PROXY) and the region, or run again", awsx.Explain(err))

		acct.ClearFaults()
		acct.Inject(sandbox.Fault{Kind: sandbox.Hang})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		assert.Equal(t, "guardduty:ListDetectors timed out; raise --timeout or run again", awsx.Explain(list(ctx, s, region)))
	})
}

func TestThrottledToTheEndSaysWhatToDo(t *testing.T) {
	err := &smithy.OperationError{ServiceID: "GuardDuty", OperationName: "GetDetector", Err: &smithy.GenericAPIError{Code: "ThrottlingException", Message: "Rate exceeded"}}
	assert.Equal(t, "guardduty:GetDetector failed with ThrottlingException: Rate exceeded; AWS said so however often it was tried: run again later, with a smaller --parallelism, or raise the quota if it is one", awsx.Explain(err))
}
