package policydoc

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Statement is one statement of a policy (IAM user guide, Grammar of the IAM
// JSON policy language). Members that the grammar allows to be one string or a
// list are of type any: string, []string, or what JSON decodes to.
type Statement struct {
	Sid          string    `json:"Sid,omitempty"`
	Effect       string    `json:"Effect"`
	Principal    any       `json:"Principal,omitempty"`
	NotPrincipal any       `json:"NotPrincipal,omitempty"`
	Action       any       `json:"Action,omitempty"`
	NotAction    any       `json:"NotAction,omitempty"`
	Resource     any       `json:"Resource,omitempty"`
	NotResource  any       `json:"NotResource,omitempty"`
	Condition    Condition `json:"Condition,omitempty"`
}

// Condition is operator -> key -> value or values.
type Condition map[string]map[string]any

// Equivalent says whether two statements mean the same: one string or a list of
// it, the order of lists and the case of actions and of condition keys make no
// difference; nor do Principal "*" and {"AWS": "*"}, an account id and its root
// ARN, ArnEquals and ArnLike. (HashiCorp's awspolicyequivalence is laxer in one
// dangerous place, "*" and an empty map of principals, and stricter in these.)
func (s Statement) Equivalent(other Statement) bool {
	return reflect.DeepEqual(s.canonical(), other.canonical())
}

// Raise returns the wanted statement with what must stay of the live one. Where
// both mean the same that is the live one. Where they differ only in the sources
// that a service may act for (aws:SourceArn, aws:SourceAccount), it is both's
// sources, except for live ones that are not of one account: those would let
// anybody in. Any other live statement gives way.
func (s Statement) Raise(live Statement) Statement {
	ours, theirs := s, live
	ours.Condition = s.Condition.withSources(live.Condition, always)
	theirs.Condition = live.Condition.withSources(s.Condition, always)
	if s.Equivalent(live) {
		return live
	}
	if s.Effect != "Allow" || !ours.Equivalent(theirs) {
		return s
	}
	s.Condition = s.Condition.withSources(live.Condition, ofOneAccount)
	if s.Equivalent(live) {
		return live
	}
	return s
}

// withSources returns c with the sources that other names, and keep accepts,
// added to its own, for each operator and key that both have.
func (c Condition) withSources(other Condition, keep func(source string) bool) Condition {
	widened := Condition{}
	for operator, keys := range c {
		widened[operator] = maps.Clone(keys)
		for key, value := range keys {
			if IsSource(key) && widens(operator) {
				widened[operator][key] = add(value, other.lookup(operator, key), keep)
			}
		}
	}
	return widened
}

func always(string) bool { return true }

var oneAccount = regexp.MustCompile(`^(arn:[^:]*:[^:]*:[^:]*:)?\d{12}(:|$)`)

// anybody says whether a source is not of one account or one organization.
func anybody(source string) bool { return !ofOneAccount(source) && !strings.HasPrefix(source, "o-") }

// ofOneAccount says whether a source is an account's id, or an ARN or pattern
// of ARNs of one account.
func ofOneAccount(source string) bool { return oneAccount.MatchString(source) }

// lookup finds the value of a key, whose case does not matter.
func (c Condition) lookup(operator, key string) any {
	for o, keys := range c {
		for k, value := range keys {
			if canonicalOperator(o) == canonicalOperator(operator) && strings.EqualFold(k, key) {
				return value
			}
		}
	}
	return nil
}

// Services returns the services that a statement is about, by their principals,
// nil if there are none.
func (s Statement) Services() []string {
	principals, _ := s.Principal.(map[string]any)
	return texts(principals["Service"])
}

// Bound says whether a condition limits whom a service acts for: to sources of
// one account each, or to an organization.
func (s Statement) Bound() bool {
	for operator, keys := range s.Condition {
		for key, value := range keys {
			if sources := texts(value); IsSource(key) && widens(operator) && len(sources) > 0 && !slices.ContainsFunc(sources, anybody) {
				return true
			}
		}
	}
	return false
}

// Sources returns what a condition limits whom a service acts for to, by key in
// lower case; see IsSource.
func (c Condition) Sources() map[string][]string {
	sources := map[string][]string{}
	for operator, keys := range c {
		for key, value := range keys {
			if IsSource(key) && widens(operator) {
				key = strings.ToLower(key)
				sources[key] = append(sources[key], texts(value)...)
			}
		}
	}
	return sources
}

// sourceKeys are the condition keys that say whom a service acts for (IAM user
// guide, AWS global condition context keys).
var sourceKeys = []string{"aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID", "aws:SourceOrgPaths"}

// IsSource says whether a condition key is about whom a service acts for.
func IsSource(key string) bool {
	return slices.ContainsFunc(sourceKeys, func(k string) bool { return strings.EqualFold(k, key) })
}

// widens says whether one more value lets an operator match more.
func widens(operator string) bool {
	return slices.Contains([]string{"StringEquals", "StringLike", "ArnEquals", "ArnLike"}, operator)
}

// add returns the value with those of more that it lacks and keep accepts.
func add(value, more any, keep func(string) bool) any {
	values := texts(value)
	for _, v := range texts(more) {
		if keep(v) && !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	if len(values) == 1 {
		return values[0]
	}
	return values
}

// canonicalStatement is equal for statements that mean the same.
type canonicalStatement struct {
	sid, effect             string
	principal, notPrincipal map[string][]string
	action, notAction       []string
	resource, notResource   []string
	condition               map[string]map[string][]string
}

func (s Statement) canonical() canonicalStatement {
	return canonicalStatement{
		sid: s.Sid, effect: s.Effect,
		principal: canonicalPrincipal(s.Principal), notPrincipal: canonicalPrincipal(s.NotPrincipal),
		action: set(s.Action, strings.ToLower), notAction: set(s.NotAction, strings.ToLower),
		resource: set(s.Resource, same), notResource: set(s.NotResource, same),
		condition: canonicalCondition(s.Condition),
	}
}

// canonicalPrincipal writes "*" as {"AWS": "*"} (IAM user guide, JSON policy
// elements: Principal; in a resource policy the two are the same).
func canonicalPrincipal(v any) map[string][]string {
	principals := map[string][]string{}
	switch v := v.(type) {
	case nil:
		return nil
	case map[string]any:
		for kind, names := range v {
			principals[kind] = set(names, accountOfRoot)
		}
	case map[string]string:
		for kind, name := range v {
			principals[kind] = set(name, accountOfRoot)
		}
	default:
		principals["AWS"] = set(v, accountOfRoot)
	}
	return principals
}

var rootARN = regexp.MustCompile(`^arn:[^:]+:iam::(\d{12}):root$`)

// accountOfRoot returns an account's id for the ARN of its root, which stands
// for the account.
func accountOfRoot(principal string) string {
	if m := rootARN.FindStringSubmatch(principal); m != nil {
		return m[1]
	}
	return principal
}

func canonicalCondition(c Condition) map[string]map[string][]string {
	operators := map[string]map[string][]string{}
	for operator, keys := range c {
		operator = canonicalOperator(operator)
		for key, values := range keys {
			if operators[operator] == nil {
				operators[operator] = map[string][]string{}
			}
			key = strings.ToLower(key)
			operators[operator][key] = set(append(texts(values), operators[operator][key]...), same)
		}
	}
	return operators
}

// canonicalOperator drops a difference that is none: ArnEquals and ArnLike
// behave identically (IAM user guide, JSON policy elements: Condition operators).
func canonicalOperator(operator string) string {
	return strings.ReplaceAll(operator, "ArnLike", "ArnEquals")
}

// set returns the texts of a value, each in its canonical form, sorted and once.
func set(v any, canonical func(string) string) []string {
	values := texts(v)
	for i := range values {
		values[i] = canonical(values[i])
	}
	slices.Sort(values)
	return slices.Compact(values)
}

func same(s string) string { return s }

// texts returns one value or a list of values as a new list of strings, booleans
// and numbers as JSON writes them.
func texts(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		return []string{v}
	case []string:
		return append([]string(nil), v...)
	case []any:
		var all []string
		for _, item := range v {
			all = append(all, texts(item)...)
		}
		return all
	default:
		return []string{string(mustJSON(v))}
	}
}
