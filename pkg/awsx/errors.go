package awsx

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

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

// notAuthorized is how AWS words a denial, see the IAM user guide,
// "Access denied error message examples".
var notAuthorized = regexp.MustCompile(`User: (\S+) is not authorized to perform: (\S+)`)

// denials tells from AWS's words which kind of policy denied.
var denials = []struct{ words, how, hint string }{
	{"in a service control policy", "by a service control policy", "leave the region out of the spec (regions.exclude) or ask the organization's administrator"},
	{"in a resource control policy", "by a resource control policy", "ask the organization's administrator"},
	{"in a permissions boundary", "by a permissions boundary", "ask whoever manages the role's permissions boundary"},
	{"permissions boundary allows", "by a permissions boundary", "ask whoever manages the role's permissions boundary"},
	{"in a session policy", "by a session policy", "start the session without that policy"},
	{"session policy allows", "by a session policy", "start the session without that policy"},
	{"in a resource-based policy", "by a resource-based policy", "change the policy of the resource"},
	{"resource-based policy allows", "because no resource-based policy allows it", "allow the action in the policy of the resource"},
	{"in a VPC endpoint policy", "by a VPC endpoint policy", "change the policy of the VPC endpoint"},
	{"VPC endpoint policy allows", "by a VPC endpoint policy", "change the policy of the VPC endpoint"},
	{"in an identity-based policy", "by an identity-based policy", "remove the deny from the policies of the role"},
	{"resource control policy allows", "by a resource control policy", "ask the organization's administrator"},
	{"service control policy allows", "by a service control policy", "leave the region out of the spec (regions.exclude) or ask the organization's administrator"},
	{"identity-based policy allows", "because no identity-based policy allows it", "allow the action for the role"},
}

// Explain says in one line why a call failed: the action, and for a denial
// which kind of policy denied it to whom; what to do next stands behind "; ".
func Explain(err error) string {
	if err == nil {
		return ""
	}
	action := actionOf(err)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return join(action, "timed out; raise --timeout or run again")
	case errors.Is(err, context.Canceled):
		return join(action, "interrupted; run again")
	case IsCode(err, "UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure", "OptInRequired"):
		return join(action, "refused the credentials ("+ErrorCode(err)+"): the region is not enabled for this account, or the credentials are not valid there; leave the region out (regions.exclude) or check the session")
	case IsCode(err, "ExpiredToken", "ExpiredTokenException", "RequestExpired"):
		return join(action, "the credentials have expired; sign in again and run again")
	case IsCode(err, "SubscriptionRequiredException", "OptInRequiredException"):
		return join(action, "the account is not fully activated yet; finish the sign-up (payment, phone) and try later")
	case Denied(err):
		return explainDenial(action, err)
	case unsent(err):
		return join(action, "got no answer: "+innermost(err)+"; check the network, a proxy (HTTPS_PROXY) and the region, or run again")
	}
	if code := ErrorCode(err); code != "" {
		return join(action, "failed with "+code+": "+strings.TrimSpace(ErrorMessage(err)))
	}
	return err.Error()
}

// unsent says whether a request did not reach AWS, or its answer not us.
func unsent(err error) bool {
	var send *smithyhttp.RequestSendError
	return errors.As(err, &send)
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
			return fmt.Sprintf("%s denied %s%s; %s", action, d.how, principal, d.hint)
		}
	}
	if principal == "" && message != "" {
		return fmt.Sprintf("%s denied: %s", action, message)
	}
	return fmt.Sprintf("%s denied%s; allow the action for the role", action, principal)
}

// prefixes are the IAM prefixes of services whose SDK id is another word.
var prefixes = map[string]string{
	"Config Service": "config", "EventBridge": "events", "S3 Control": "s3", "Access Analyzer": "access-analyzer",
}

// iamNames are the IAM actions whose name is not their operation's (Service
// Authorization Reference, Amazon S3).
var iamNames = map[string]string{
	"HeadBucket": "ListBucket", "GetBucketEncryption": "GetEncryptionConfiguration", "PutBucketEncryption": "PutEncryptionConfiguration",
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
