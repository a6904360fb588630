package events

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

type tag struct {
	Key   string `json:"Key,required" range:"1,128"`
	Value string `json:"Value,required" range:"0,256"`
}

type putRuleInput struct {
	bus
	Name        string `json:"Name,required" range:"1,64"`
	Schedule    string `json:"ScheduleExpression" range:"0,256"`
	Pattern     string `json:"EventPattern" range:"0,4096"`
	State       string `json:"State" enum:"ENABLED,DISABLED,ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"`
	Description string `json:"Description" range:"0,512"`
	RoleARN     string `json:"RoleArn" range:"1,1600"`
	Tags        []tag  `json:"Tags"`
}

type putRuleOutput struct {
	RuleARN string `json:"RuleArn"`
}

var ruleName = regexp.MustCompile(`^[.\-_A-Za-z0-9]+$`)

// maxPattern is the default quota for the length of an event pattern.
const maxPattern = 2048

// maxRules is how many rules an event bus may have, but for two regions.
func maxRules(region string) int {
	if region == "af-south-1" || region == "eu-south-1" {
		return 100
	}
	return 300
}

// putRule replaces the whole rule: what the request leaves out is gone. Only its
// targets stay, and its tags, whatever the request says of them.
func putRule(req *sandbox.Request, in putRuleInput) (any, error) {
	if err := in.check(req); err != nil {
		return nil, err
	}
	state := sandbox.State[State](req)
	rule := &Rule{
		Pattern: in.Pattern, Schedule: in.Schedule, State: in.State, Description: in.Description, RoleARN: in.RoleARN, Tags: map[string]string{},
	}
	if rule.State == "" {
		rule.State = Enabled
	}
	if _, there, err := in.changeable(req, in.Name); there != nil {
		if err != nil {
			return nil, err
		}
		rule.Tags, rule.Targets = there.Tags, there.Targets
	} else if err := rule.tag(in.Tags); err != nil {
		return nil, err
	}
	if state.Rules == nil {
		state.Rules = map[string]*Rule{}
	}
	state.Rules[in.Name] = rule
	if len(state.Rules) > maxRules(req.Region) {
		return nil, limitExceeded("rules per event bus", maxRules(req.Region))
	}
	return putRuleOutput{ruleARN(req, in.Name)}, nil
}

func (in putRuleInput) check(req *sandbox.Request) error {
	switch {
	case !ruleName.MatchString(in.Name):
		return invalid(`1 validation error detected: Value '%s' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+`, in.Name)
	case in.Pattern == "" && in.Schedule == "":
		return invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
	case len(in.Pattern) > maxPattern:
		return limitExceeded("characters of an event pattern", maxPattern)
	case in.Schedule != "" && !strings.HasPrefix(in.Schedule, "rate(") && !strings.HasPrefix(in.Schedule, "cron("):
		return invalid("Parameter ScheduleExpression is not valid.")
	}
	if in.Pattern != "" {
		if _, err := parsePattern(in.Pattern); err != nil {
			return err
		}
	}
	return in.bus.check(req)
}

type ruleInput struct {
	bus
	Name string `json:"Name,required" range:"1,64"`
}

type ruleOutput struct {
	Name        string `json:"Name"`
	ARN         string `json:"Arn"`
	Pattern     string `json:"EventPattern,omitempty"`
	Schedule    string `json:"ScheduleExpression,omitempty"`
	State       string `json:"State"`
	Description string `json:"Description,omitempty"`
	RoleARN     string `json:"RoleArn,omitempty"`
	ManagedBy   string `json:"ManagedBy,omitempty"`
	BusName     string `json:"EventBusName"`
}

type describeRuleOutput struct {
	ruleOutput
	CreatedBy string `json:"CreatedBy"`
}

func describe(req *sandbox.Request, name string, r *Rule) ruleOutput {
	return ruleOutput{
		Name: name, ARN: ruleARN(req, name), Pattern: r.Pattern, Schedule: r.Schedule, State: r.State, Description: r.Description,
		RoleARN: r.RoleARN, ManagedBy: r.ManagedBy, BusName: defaultBus,
	}
}

func describeRule(req *sandbox.Request, in ruleInput) (any, error) {
	_, rule, err := in.rule(req, in.Name)
	if err != nil {
		return nil, err
	}
	return describeRuleOutput{describe(req, in.Name, rule), req.AccountID}, nil
}

type listRulesInput struct {
	bus
	NamePrefix string `json:"NamePrefix" range:"1,64"`
	NextToken  string `json:"NextToken" range:"1,2048"`
	Limit      int    `json:"Limit" range:"1,100"`
}

type listRulesOutput struct {
	Rules     []ruleOutput `json:"Rules"`
	NextToken string       `json:"NextToken,omitempty"`
}

func listRules(req *sandbox.Request, in listRulesInput) (any, error) {
	if err := in.check(req); err != nil {
		return nil, err
	}
	rules := []ruleOutput{}
	state := sandbox.State[State](req)
	for _, name := range slices.Sorted(maps.Keys(state.Rules)) {
		if strings.HasPrefix(name, in.NamePrefix) {
			rules = append(rules, describe(req, name, state.Rules[name]))
		}
	}
	page, next, err := sandbox.Page(req, rules, in.NextToken, in.Limit, 100)
	return listRulesOutput{page, next}, err
}

func enableRule(req *sandbox.Request, in ruleInput) (any, error) { return setState(req, in, Enabled) }

func disableRule(req *sandbox.Request, in ruleInput) (any, error) { return setState(req, in, Disabled) }

func setState(req *sandbox.Request, in ruleInput, state string) (any, error) {
	_, rule, err := in.changeable(req, in.Name)
	if err != nil {
		return nil, err
	}
	rule.State = state
	return nil, nil
}

type deleteRuleInput struct {
	bus
	Name  string `json:"Name,required" range:"1,64"`
	Force bool   `json:"Force"`
}

func deleteRule(req *sandbox.Request, in deleteRuleInput) (any, error) {
	state, rule, err := in.changeable(req, in.Name)
	switch {
	case rule == nil:
		return nil, in.check(req) // a rule that is not there is deleted too
	case err != nil:
		return nil, err
	case len(rule.Targets) > 0:
		return nil, invalid("Rule can't be deleted since it has targets.")
	}
	delete(state.Rules, in.Name)
	return nil, nil
}

// maxTags is how many tags a rule may have.
const maxTags = 50

func (r *Rule) tag(tags []tag) error {
	if r.Tags == nil {
		r.Tags = map[string]string{}
	}
	for _, each := range tags {
		r.Tags[each.Key] = each.Value
	}
	if len(r.Tags) > maxTags {
		return sandbox.Error("ValidationException", http.StatusBadRequest, "Tag limit exceeded for the resource.")
	}
	return nil
}

type tagResourceInput struct {
	ResourceARN string `json:"ResourceARN,required" range:"1,1600"`
	Tags        []tag  `json:"Tags,required"`
}

func tagResource(req *sandbox.Request, in tagResourceInput) (any, error) {
	rule, err := tagged(req, in.ResourceARN, bus.changeable)
	if err != nil {
		return nil, err
	}
	return nil, rule.tag(in.Tags)
}

type untagResourceInput struct {
	ResourceARN string   `json:"ResourceARN,required" range:"1,1600"`
	TagKeys     []string `json:"TagKeys,required"`
}

func untagResource(req *sandbox.Request, in untagResourceInput) (any, error) {
	rule, err := tagged(req, in.ResourceARN, bus.changeable)
	if err != nil {
		return nil, err
	}
	for _, k := range in.TagKeys {
		delete(rule.Tags, k)
	}
	return nil, nil
}

type listTagsInput struct {
	ResourceARN string `json:"ResourceARN,required" range:"1,1600"`
}

type listTagsOutput struct {
	Tags []tag `json:"Tags"`
}

func listTags(req *sandbox.Request, in listTagsInput) (any, error) {
	rule, err := tagged(req, in.ResourceARN, bus.rule)
	if err != nil {
		return nil, err
	}
	tags := []tag{}
	for _, k := range slices.Sorted(maps.Keys(rule.Tags)) {
		tags = append(tags, tag{k, rule.Tags[k]})
	}
	return listTagsOutput{sandbox.Shuffled(req, tags)}, nil
}

// tagged finds a rule by its ARN.
func tagged(req *sandbox.Request, arn string, find func(bus, *sandbox.Request, string) (*State, *Rule, error)) (*Rule, error) {
	name, ok := strings.CutPrefix(arn, ruleARN(req, ""))
	if !ok {
		return nil, notFound("Resource %s does not exist.", arn)
	}
	_, rule, err := find(bus{}, req, name)
	return rule, err
}
