package awsx

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// ErrorCode returns AWS's code of an error, or "" if AWS did not answer. Codes
// are compared as strings, because many are not modelled as types (S3's
// absence codes, all of EC2's).
func ErrorCode(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// ErrorMessage returns AWS's message of an error, or "".
func ErrorMessage(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorMessage()
	}
	return ""
}

// IsCode says whether err is one of AWS's codes.
func IsCode(err error, codes ...string) bool {
	code := ErrorCode(err)
	for _, c := range codes {
		if code == c {
			return true
		}
	}
	return false
}

// Denied says whether err is a refusal for want of permission, in any of the
// services' spellings. Services that use a denial's code for something else
// (Security Hub's "not subscribed") tell it apart before they ask.
func Denied(err error) bool {
	return IsCode(err, "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError",
		"AuthorizationErrorException", "Forbidden", "InvalidAccessException", "UnauthorizedException")
}

// Throttled says whether err is a refusal because there were too many requests: the
// call did nothing.
func Throttled(err error) bool {
	_, throttled := retry.DefaultThrottleErrorCodes[ErrorCode(err)]
	return throttled || IsCode(err, "Throttled") // SNS's word for it
}

// notAuthorized is how AWS words a denial, see the IAM user guide,
// "Access denied error message examples".
var notAuthorized = regexp.MustCompile(`User: (\S+) is not authorized to perform: (\S+)`)

type denial struct{ words, how, hint string }

// hintFor says what to do about the denial of an action.
func (d denial) hintFor(action string) string {
	if d.hint == allowIt && action == "sts:AssumeRole" {
		return trustIt
	}
	if d.hint == leaveOut && slices.ContainsFunc(global, func(prefix string) bool { return strings.HasPrefix(action, prefix) }) {
		return askAdmin
	}
	return d.hint
}

// denials tells from AWS's words which kind of policy denied.
var denials = []denial{
	{"in a service control policy", "by a service control policy", leaveOut},
	{"in a resource control policy", "by a resource control policy", askAdmin},
	{"in a permissions boundary", "by a permissions boundary", "ask whoever manages the role's permissions boundary"},
	{"permissions boundary allows", "by a permissions boundary", "ask whoever manages the role's permissions boundary"},
	{"in a session policy", "by a session policy", "start the session without that policy"},
	{"session policy allows", "by a session policy", "start the session without that policy"},
	{"in a resource-based policy", "by a resource-based policy", "change the policy of the resource"},
	{"resource-based policy allows", "because no resource-based policy allows it", "allow the action in the policy of the resource"},
	{"in a VPC endpoint policy", "by a VPC endpoint policy", "change the policy of the VPC endpoint"},
	{"VPC endpoint policy allows", "by a VPC endpoint policy", "change the policy of the VPC endpoint"},
	{"in an identity-based policy", "by an identity-based policy", "remove the deny from the policies of the role"},
	{"resource control policy allows", "by a resource control policy", askAdmin},
	{"service control policy allows", "by a service control policy", leaveOut},
	{"identity-based policy allows", "because no identity-based policy allows it", allowIt},
}

// What to do about the denials that are met most. Global services are denied in
// all regions or none.
const (
	leaveOut = "leave the region out of the spec (regions.exclude), or the section if no region allows it, or " + askAdmin
	dropIt   = askAdmin + ", or take %s out of the spec"
	askAdmin = "ask the organization's administrator"
	allowIt  = "allow the action for the role (kiso policy prints all that it needs)"
	trustIt  = "check that there is a role of that name, that its trust policy names the caller (and the external id), and that the caller may assume it"
)

// global are the IAM prefixes of services that are not called in a region.
var global = []string{"iam:", "sts:", "account:", "organizations:"}

// Explain says in one line why a call failed: the action, and for a denial
// which kind of policy denied it to whom; what to do next stands behind "; ".
func Explain(err error) string {
	if err == nil {
		return ""
	}
	action := actionOf(err)
	if why := withoutCredentials(err); why != "" {
		return join(action, "was not sent: "+why)
	}
	switch {
	case errors.Is(err, errSilent):
		return join(action, "got no answer within "+attemptTimeout.String()+", however often it was tried; check the network, a proxy (HTTPS_PROXY) and the region, or run again")
	case errors.Is(err, context.DeadlineExceeded):
		return join(action, "timed out"+lastTry(err)+"; raise --timeout or run again")
	case errors.Is(err, context.Canceled):
		return join(action, "interrupted; run again")
	case skewed(err):
		return join(action, "refused the request for its time ("+ErrorCode(err)+"): "+cmp.Or(clockOff(err), "this machine's clock is off")+"; set it (NTP) and run again")
	case IsCode(err, "UnrecognizedClientException", "InvalidClientTokenId", "CloudTrailInvalidClientTokenIdException", "RegionDisabledException", "AuthFailure"):
		return join(action, "refused the credentials ("+ErrorCode(err)+"): the region is not enabled for this account, or the credentials are not valid there, as those from the global endpoint of STS in regions that accounts opt in to (set AWS_STS_REGIONAL_ENDPOINTS=regional); leave the region out (regions.exclude) or check the session")
	case IsCode(err, "SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"):
		return join(action, "refused the signature ("+ErrorCode(err)+"): the secret access key is wrong, this machine's clock is off, or a proxy changes requests")
	case IsCode(err, expired...):
		return join(action, "refused the credentials: they have expired; sign in again and run again")
	case IsCode(err, notActivated...):
		return join(action, "refused the account ("+ErrorCode(err)+"): it is not fully activated yet; finish the sign-up (payment, phone) and try later; if it is so in one region alone, leave that out (regions.exclude)")
	case Denied(err):
		return explainDenial(action, err)
	case noSuchHost(err):
		return join(action, "found no endpoint ("+innermost(err)+"): the service is not in the region, which regions.exclude leaves out, or this network does not resolve AWS's names")
	case unsent(err) && elsewhere(err) != "":
		return join(action, "got no answer from "+elsewhere(err)+": "+innermost(err)+"; that is no address of AWS's: check what names it (AWS_ENDPOINT_URL, endpoint_url, AWS_CONTAINER_CREDENTIALS_FULL_URI), and that it is up")
	case unsent(err):
		return join(action, "got no answer: "+innermost(err)+"; check the network, a proxy (HTTPS_PROXY) and the region, or run again")
	}
	code := ErrorCode(err)
	if code == "" {
		return explainUncoded(action, err)
	}
	failure := join(action, "failed with "+code+": "+strings.TrimSpace(ErrorMessage(err)))
	if Throttled(err) {
		return failure + "; AWS said so however often it was tried: run again later, with a smaller --parallelism, or raise the quota if it is one"
	}
	return failure
}

// lastTry says what the last attempt of a call failed with that ran out of time, if
// that is known.
func lastTry(err error) string {
	var late *outOfTime
	if !errors.As(err, &late) {
		return ""
	}
	why, _, _ := strings.Cut(Explain(late.last), "; ")
	return " (the last try " + why + ")"
}

// explainUncoded explains what is no refusal of AWS's.
func explainUncoded(action string, err error) string {
	var answer *smithyhttp.ResponseError
	var foreign *smithy.DeserializationError
	if errors.As(err, &answer) && errors.As(err, &foreign) {
		return join(action, fmt.Sprintf("got an answer that is not AWS's (HTTP %d); check the endpoint (AWS_ENDPOINT_URL, endpoint_url) and a proxy (HTTPS_PROXY), or run again", answer.HTTPStatusCode()))
	}
	return err.Error()
}

// withoutCredentials says why a call could not be signed, if it could not.
func withoutCredentials(err error) string {
	var none *noCredentials
	switch {
	case sessionOver(err):
		return "the SSO session has ended; run `aws sso login` and run again"
	case errors.As(err, &none) && !errors.Is(err, context.Canceled):
		return none.Error()
	}
	return ""
}

// ExplainBound is Explain for what a section of the spec needs in one region
// whatever regions it names: to leave that one out is no help.
func ExplainBound(err error, section string) string {
	return strings.Replace(Explain(err), leaveOut, fmt.Sprintf(dropIt, section), 1)
}

// Over says whether the credentials of a call have ended: none can succeed any more.
func Over(err error) bool {
	return err != nil && (sessionOver(err) || IsCode(err, expired...))
}

// expired are the services' codes for temporary credentials that have ended.
var expired = []string{"ExpiredToken", "ExpiredTokenException", "RequestExpired"}

// notActivated are the services' codes for an account whose sign-up is not
// complete, as it is for some time after an account was made.
var notActivated = []string{
	"SubscriptionRequiredException", "SubscriptionRequired", "OptInRequiredException", "OptInRequired", "NotSignedUp", "InactiveAccount",
}

// skewed says whether AWS refused a request for the time in its signature.
// Which code that has depends on the service; some have it for wrong keys too.
func skewed(err error) bool {
	return IsCode(err, "RequestTimeTooSkewed", "RequestInTheFuture") ||
		IsCode(err, "SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure") &&
			contains(ErrorMessage(err), "Signature expired", "Signature not yet current")
}

// unsent says whether a request did not reach AWS, or its answer not us.
func unsent(err error) bool {
	var send *smithyhttp.RequestSendError
	return errors.As(err, &send)
}

// elsewhere returns the address of a request that did not go to AWS's own, or "".
func elsewhere(err error) string {
	var request *url.Error
	if !errors.As(err, &request) {
		return ""
	}
	address, err := url.Parse(request.URL)
	if err != nil || contains(address.Hostname(), ".amazonaws.", ".api.aws") {
		return ""
	}
	return address.Host
}

// noSuchHost says whether the endpoint's name does not exist: the SDK makes up one
// for any service and region.
func noSuchHost(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}

// innermost returns the words of the cause of all.
func innermost(err error) string {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err.Error()
}

func explainDenial(action string, err error) string {
	message := ErrorMessage(err)
	principal := ""
	if m := notAuthorized.FindStringSubmatch(message); m != nil {
		principal, action = " for "+m[1], m[2]
	}
	for _, d := range denials {
		if strings.Contains(message, d.words) {
			return fmt.Sprintf("%s denied %s%s; %s", action, d.how, principal, d.hintFor(action))
		}
	}
	if principal == "" && message != "" {
		return fmt.Sprintf("%s denied: %s", action, message)
	}
	return fmt.Sprintf("%s denied%s; %s", action, principal, denial{hint: allowIt}.hintFor(action))
}

// prefixes are the IAM prefixes of services whose SDK id is another word.
var prefixes = map[string]string{
	"Config Service": "config", "EventBridge": "events", "S3 Control": "s3", "AccessAnalyzer": "access-analyzer",
}

// iamNames are the IAM actions whose name is not their operation's (Service
// Authorization Reference, Amazon S3).
var iamNames = map[string]string{
	"HeadBucket": "ListBucket", "ListBuckets": "ListAllMyBuckets", "GetBucketEncryption": "GetEncryptionConfiguration", "PutBucketEncryption": "PutEncryptionConfiguration",
	"GetPublicAccessBlock": "GetBucketPublicAccessBlock", "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
	"GetObjectLockConfiguration": "GetBucketObjectLockConfiguration", "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
}

// actionOf names the IAM action of the call that failed, such as
// "guardduty:ListDetectors", or "".
func actionOf(err error) string {
	var op *smithy.OperationError
	if !errors.As(err, &op) {
		return ""
	}
	prefix, ok := prefixes[op.ServiceID]
	if !ok {
		prefix = strings.ToLower(strings.ReplaceAll(op.ServiceID, " ", ""))
	}
	name := op.OperationName
	if iam, ok := iamNames[name]; ok && prefix == "s3" {
		name = iam
	}
	return prefix + ":" + name
}

func join(action, text string) string {
	if action == "" {
		return text
	}
	return action + " " + text
}
