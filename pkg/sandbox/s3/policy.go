package s3

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// maxPolicy is the longest bucket policy (user guide, "Bucket policies").
const maxPolicy = 20 << 10

type policyOutput struct {
	Policy string `payload:"Policy"`
}

func getPolicy(req *sandbox.Request, in target) (any, error) {
	b, err := in.find(req)
	if err != nil {
		return nil, notOwner(err)
	}
	if b.Policy == "" {
		return nil, absent("NoSuchBucketPolicy", "The bucket policy does not exist")
	}
	return policyOutput{b.Policy}, nil
}

type putPolicyInput struct {
	target
	Confirm bool   `header:"x-amz-confirm-remove-self-bucket-access"`
	Policy  string `payload:"Policy,required"`
}

func putPolicy(req *sandbox.Request, in putPolicyInput) (any, error) {
	b, err := in.find(req)
	if err != nil {
		return nil, notOwner(err)
	}
	if len(in.Policy) > maxPolicy {
		return nil, invalid("PolicyTooLarge", "Your policy exceeds the maximum allowed document size.")
	}
	p, err := parsePolicy(in.Policy, arn(req, in.Bucket))
	if err != nil {
		return nil, err
	}
	if b.Public != nil && b.Public.BlockPublicPolicy && p.public() {
		return nil, sandbox.Errorf("AccessDenied", http.StatusForbidden,
			"User: %s is not authorized to perform: s3:PutBucketPolicy on resource: %q because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.", req.Principal, arn(req, in.Bucket))
	}
	b.Policy = in.Policy
	return nil, nil
}

func deletePolicy(req *sandbox.Request, in target) (any, error) {
	b, err := in.find(req)
	if err != nil {
		return nil, notOwner(err)
	}
	b.Policy = ""
	return nil, nil
}

// notOwner words the refusal that the policy operations have for buckets of
// other accounts.
func notOwner(err error) error {
	if e, ok := errors.AsType[*sandbox.APIError](err); ok && e.Code == "AccessDenied" {
		return sandbox.Error("MethodNotAllowed", http.StatusMethodNotAllowed, "The specified method is not allowed against this resource.")
	}
	return err
}

// policy is a bucket policy as the simulator understands it.
type policy struct {
	Version   string      `json:"Version"`
	ID        string      `json:"Id"`
	Statement []statement `json:"Statement"`
}

type statement struct {
	Sid          string                          `json:"Sid"`
	Effect       string                          `json:"Effect"`
	Principal    principal                       `json:"Principal"`
	NotPrincipal principal                       `json:"NotPrincipal"`
	Action       oneOrMore                       `json:"Action"`
	NotAction    oneOrMore                       `json:"NotAction"`
	Resource     oneOrMore                       `json:"Resource"`
	NotResource  oneOrMore                       `json:"NotResource"`
	Condition    map[string]map[string]oneOrMore `json:"Condition"`
}

// principal maps kinds of principals to them; everybody is {"*": ["*"]}.
type principal map[string]oneOrMore

// UnmarshalJSON reads "*" or an object.
func (p *principal) UnmarshalJSON(data []byte) error {
	if string(data) == `"*"` {
		*p = principal{"*": {"*"}}
		return nil
	}
	return strict(data, (*map[string]oneOrMore)(p))
}

// oneOrMore is a string or a list of them; conditions may say true for "true".
type oneOrMore []string

// UnmarshalJSON reads either form.
func (o *oneOrMore) UnmarshalJSON(data []byte) error {
	var text string
	switch {
	case string(data) == "true" || string(data) == "false":
		text = string(data)
	case data[0] == '[':
		return json.Unmarshal(data, (*[]string)(o))
	default:
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
	}
	*o = oneOrMore{text}
	return nil
}

func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

func malformed(message string) error { return invalid("MalformedPolicy", message) }

// parsePolicy reads a policy and refuses what S3 refuses.
func parsePolicy(text, bucketARN string) (*policy, error) {
	if !strings.HasPrefix(text, "{") {
		return nil, malformed("Policies must be valid JSON and the first byte must be '{'")
	}
	p := &policy{}
	if err := strict([]byte(text), p); err != nil {
		return nil, malformed("This policy contains invalid Json")
	}
	if p.Version != "" && p.Version != "2012-10-17" && p.Version != "2008-10-17" {
		return nil, malformed("The policy must contain a valid version string")
	}
	if len(p.Statement) == 0 {
		return nil, malformed("Could not parse the policy: Statement is empty!")
	}
	sids := map[string]bool{}
	for _, s := range p.Statement {
		if s.Sid != "" && sids[s.Sid] {
			return nil, malformed("Statement IDs (SID) in a single policy must be unique.")
		}
		sids[s.Sid] = true
		if err := s.check(bucketARN); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (s statement) check(bucketARN string) error {
	switch {
	case s.Effect != "Allow" && s.Effect != "Deny":
		return malformed("Invalid effect: " + s.Effect)
	case len(s.Principal)+len(s.NotPrincipal) == 0:
		return malformed("Missing required field Principal")
	case len(s.Action)+len(s.NotAction) == 0:
		return malformed("Missing required field Action")
	case len(s.Resource)+len(s.NotResource) == 0:
		return malformed("Missing required field Resource")
	}
	for kind := range s.Principal {
		if kind != "*" && kind != "AWS" && kind != "Service" && kind != "Federated" && kind != "CanonicalUser" {
			return malformed("Invalid principal in policy")
		}
	}
	for _, a := range append(s.Action, s.NotAction...) {
		if a != "*" && !strings.HasPrefix(strings.ToLower(a), "s3:") {
			return malformed("Policy has invalid action")
		}
	}
	for _, r := range append(s.Resource, s.NotResource...) {
		if r != bucketARN && !strings.HasPrefix(r, bucketARN+"/") && !strings.HasPrefix(r, bucketARN+"*") {
			return malformed("Policy has invalid resource")
		}
	}
	if !s.applies(bucketARN) {
		return malformed("Action does not apply to any resource(s) in statement")
	}
	return nil
}

// objectActions are those of s3:* that act on objects, as far as log buckets see them.
var objectActions = map[string]bool{
	"s3:putobject": true, "s3:getobject": true, "s3:deleteobject": true, "s3:putobjectacl": true, "s3:getobjectacl": true,
	"s3:putobjectretention": true, "s3:bypassgovernanceretention": true, "s3:deleteobjectversion": true, "s3:getobjectversion": true,
}

// applies says whether one of the actions can be done to one of the resources.
func (s statement) applies(bucketARN string) bool {
	if len(s.Action) == 0 || len(s.Resource) == 0 {
		return true
	}
	for _, a := range s.Action {
		for _, r := range s.Resource {
			object := r != bucketARN
			if strings.Contains(a, "*") || strings.HasSuffix(r, "*") && !strings.Contains(r, "/") || objectActions[strings.ToLower(a)] == object {
				return true
			}
		}
	}
	return false
}

// public says whether the policy lets everybody in without a condition.
func (p *policy) public() bool {
	for _, s := range p.Statement {
		if s.Effect == "Allow" && len(s.Condition) == 0 && s.Principal.everybody() {
			return true
		}
	}
	return false
}

func (p principal) everybody() bool {
	return len(p["*"]) > 0 || len(p["AWS"]) == 1 && p["AWS"][0] == "*"
}
