package sns

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// policy is a topic policy as far as SNS evaluates it here.
type policy struct {
	Version   string
	ID        string `json:"Id"`
	Statement list[statement]
}

type statement struct {
	Sid       string
	Effect    string
	Principal principal
	Action    list[string]
	Resource  list[string]
	Condition map[string]map[string]list[scalar]
}

// list is one value or a list of values.
type list[T any] []T

// UnmarshalJSON reads either form.
func (l *list[T]) UnmarshalJSON(data []byte) error {
	if data[0] == '[' {
		return json.Unmarshal(data, (*[]T)(l))
	}
	*l = make(list[T], 1)
	return json.Unmarshal(data, &(*l)[0])
}

// scalar is a string, boolean or number, as text.
type scalar string

// UnmarshalJSON reads any of them.
func (s *scalar) UnmarshalJSON(data []byte) error {
	if data[0] == '"' {
		return json.Unmarshal(data, (*string)(s))
	}
	*s = scalar(data)
	return nil
}

// principal is who a statement speaks of, by kind; "*" is {"AWS": "*"}.
type principal map[string]list[string]

// UnmarshalJSON reads either form.
func (p *principal) UnmarshalJSON(data []byte) error {
	if string(data) == `"*"` {
		*p = principal{"AWS": {"*"}}
		return nil
	}
	return json.Unmarshal(data, (*map[string]list[string])(p))
}

// actions are those that a topic policy may speak of.
var actions = []string{
	"addpermission", "deletetopic", "getdataprotectionpolicy", "gettopicattributes", "listsubscriptionsbytopic", "listtagsforresource",
	"publish", "putdataprotectionpolicy", "removepermission", "receive", "settopicattributes", "subscribe",
}

const maxPolicy = 30720 // bytes

// checkPolicy refuses what SNS does not take as a topic's policy.
func checkPolicy(arn, text string) error {
	var p policy
	if err := json.Unmarshal([]byte(text), &p); err != nil || len(p.Statement) == 0 {
		return invalid("Policy Error: null")
	}
	if len(text) > maxPolicy {
		return invalid("Policy Reason: Policy length exceeds the maximum of %d bytes", maxPolicy)
	}
	sids := map[string]bool{}
	for _, s := range p.Statement {
		if err := s.check(arn); err != nil {
			return err
		}
		if s.Sid != "" && sids[s.Sid] {
			return invalid("Policy Error: statement ids must be unique: %s", s.Sid)
		}
		sids[s.Sid] = true
	}
	return nil
}

func (s statement) check(arn string) error {
	switch {
	case s.Effect != "Allow" && s.Effect != "Deny":
		return invalid("Policy Error: Effect")
	case len(s.Principal) == 0:
		return invalid("Policy Error: PrincipalNotFound")
	case len(s.Action) == 0:
		return invalid("Policy Error: Action")
	case len(s.Resource) == 0:
		return invalid("Policy Error: Resource")
	}
	for _, action := range s.Action {
		service, name, _ := strings.Cut(strings.ToLower(action), ":")
		if service != Service || !slices.Contains(actions, name) {
			return invalid("Policy statement action out of service scope!")
		}
	}
	for _, resource := range s.Resource {
		if !glob(resource, arn) {
			return invalid("Policy Error: Resource %s is not the topic", resource)
		}
	}
	return nil
}

// Publish sends a text to a topic as a service does on behalf of source, such as
// the ARN of a rule. The error says why SNS would not let it.
func Publish(a *sandbox.Account, region, topic, service, source, text string) (refusal error) {
	Edit(a, region, func(s *State) {
		name := topic[strings.LastIndexByte(topic, ':')+1:]
		t := s.Topics[name]
		switch {
		case t == nil:
			refusal = fmt.Errorf("the topic %s does not exist", topic)
		case strings.HasSuffix(t.Attributes["KmsMasterKeyId"], "alias/aws/sns"):
			refusal = fmt.Errorf("the key of %s lets no service use it", topic)
		case !t.allows(service, source):
			refusal = fmt.Errorf("the policy of %s does not let %s publish for %s", topic, service, source)
		default:
			s.deliver(name, t, text)
		}
	})
	return refusal
}

func (s *State) deliver(name string, t *Topic, text string) {
	for _, sub := range t.Subscriptions {
		if sub.Confirmed && !sub.Deleted {
			s.Messages = append(s.Messages, Message{Topic: name, Endpoint: sub.Endpoint, Text: text})
		}
	}
}

// allows says whether the policy lets a service publish on behalf of source.
func (t *Topic) allows(service, source string) bool {
	var p policy
	if json.Unmarshal([]byte(t.Attributes["Policy"]), &p) != nil {
		return false
	}
	allowed := false
	for _, s := range p.Statement {
		if !s.speaksOf(service, source) {
			continue
		}
		if s.Effect == "Deny" {
			return false
		}
		allowed = true
	}
	return allowed
}

func (s statement) speaksOf(service, source string) bool {
	who := slices.Contains(s.Principal["Service"], service) || slices.Contains(s.Principal["AWS"], "*")
	what := slices.ContainsFunc(s.Action, func(a string) bool { return strings.EqualFold(a, "sns:Publish") })
	return who && what && s.conditionsMet(source)
}

// conditionsMet evaluates what a service brings along: the source's ARN and
// account. A condition on anything else is not met.
func (s statement) conditionsMet(source string) bool {
	for operator, keys := range s.Condition {
		for key, values := range keys {
			if !slices.ContainsFunc(values, func(v scalar) bool { return matches(operator, key, string(v), source) }) {
				return false
			}
		}
	}
	return true
}

func matches(operator, key, value, source string) bool {
	actual := ""
	switch strings.ToLower(key) {
	case "aws:sourcearn":
		actual = source
	case "aws:sourceaccount":
		actual = strings.Split(source, ":")[4]
	}
	switch operator {
	case "StringEquals":
		return actual == value
	case "StringLike", "ArnEquals", "ArnLike":
		return actual != "" && glob(value, actual)
	}
	return false
}

// glob matches * and ? as IAM does, across slashes.
func glob(pattern, text string) bool {
	flat := func(s string) string { return strings.ReplaceAll(s, "/", "\x00") }
	ok, err := path.Match(flat(pattern), flat(text))
	return ok && err == nil
}
