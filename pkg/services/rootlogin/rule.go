package rootlogin

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// Rule is the model of a rule of the default event bus.
type Rule struct {
	Name        string            `json:"name" diff:"create"`
	Pattern     Pattern           `json:"event_pattern"`
	State       State             `json:"state"`
	Description string            `json:"description,omitzero" diff:"create"`
	Tags        map[string]string `json:"tags,omitzero" diff:"create"`
	Schedule    string            `json:"schedule_expression,omitzero" diff:"-"`
	RoleARN     string            `json:"role_arn,omitzero" diff:"-"`
}

// State says for which events a rule is on.
type State string

const (
	enabled       State = "ENABLED"
	enabledForAll State = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
)

// reach ranks the states, EventBridge's whole list.
var reach = map[State]int{"DISABLED": 0, enabled: 1, enabledForAll: 2}

// Raise keeps a live state that lets as many events through.
func (s State) Raise(live State) State {
	if reach[live] >= reach[s] {
		return live
	}
	return s
}

const (
	loginRule = "arn:{partition}:events:{region}:{account_id}:rule/kiso-root-login"
	usageRule = "arn:{partition}:events:{region}:{account_id}:rule/kiso-root-api-usage"
)

// onRules are permissions for actions on both rules.
func onRules(actions ...string) []resource.Permission {
	var permissions []resource.Permission
	for _, action := range actions {
		permissions = append(permissions, resource.Permission{Action: action, Resource: loginRule}, resource.Permission{Action: action, Resource: usageRule})
	}
	return permissions
}

// tagRules are the permissions to tag the rules that PutRule makes.
var tagRules = []resource.Permission{
	{Action: "events:TagResource", Resource: loginRule, For: "events:PutRule"},
	{Action: "events:TagResource", Resource: usageRule, For: "events:PutRule"},
}

var rules = &resource.Type[Rule]{
	Kind: "root_login_alarm.rule",
	Doc: resource.Doc{
		Summary: "The EventBridge rule that picks out what root does. Sign-ins are recorded in one region of the partition only, us-east-1 in aws, whatever the home region.",
		Reads:   onRules("events:DescribeRule"),
		Writes:  append(onRules("events:PutRule"), tagRules...),
		Changers: []resource.Changer{
			{Event: "PutRule"}, {Event: "DeleteRule"}, {Path: "state", Event: "DisableRule"}, {Path: "state", Event: "EnableRule"},
		},
	},
	Observe: observeRule,
	Apply:   putRule,
	Bound:   inGlobalRegion,
	Trace:   func(id resource.ID, _ *Rule) resource.Trace { return named(id, id.Name) },
	Settle:  resource.Settle{RetryOn: []resource.Transient{{Code: "ConcurrentModificationException"}}},
}

func eventsClient(env resource.Env, region resource.Scope) *eventbridge.Client {
	return awsx.Client(env.Session, string(region), eventbridge.NewFromConfig)
}

// resourceNotFound is EventBridge's code for a rule that is not there.
const resourceNotFound = "ResourceNotFoundException"

// describeRule returns nil where there is no rule.
func describeRule(ctx context.Context, env resource.Env, region resource.Scope, name string) (*eventbridge.DescribeRuleOutput, error) {
	key := reads.Key{Service: "events", Region: string(region), Call: "DescribeRule", Arg: name}
	return reads.Get(ctx, env.Reads, key, func(ctx context.Context) (*eventbridge.DescribeRuleOutput, error) {
		out, err := eventsClient(env, region).DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: &name})
		if awsx.IsCode(err, resourceNotFound) {
			return nil, nil
		}
		return out, err
	})
}

func observeRule(ctx context.Context, env resource.Env, id resource.ID) (*Rule, error) {
	live, err := describeRule(ctx, env, id.Scope, id.Name)
	if err != nil || live == nil {
		return nil, err
	}
	rule := &Rule{
		Name: id.Name, State: State(live.State), Description: aws.ToString(live.Description),
		Schedule: aws.ToString(live.ScheduleExpression), RoleARN: aws.ToString(live.RoleArn),
	}
	if live.EventPattern != nil {
		if err := json.Unmarshal([]byte(*live.EventPattern), &rule.Pattern); err != nil {
			return nil, fmt.Errorf("the event pattern of %s is not JSON: %w", id, err)
		}
	}
	return rule, managed(live)
}

// managed says whether an AWS service decides about a rule.
func managed(live *eventbridge.DescribeRuleOutput) error {
	if by := aws.ToString(live.ManagedBy); by != "" {
		return resource.ManagedBy(by, "the rule was made by an AWS service, which alone can change it")
	}
	return nil
}

// putRule sends everything: PutRule replaces the rule, and takes tags for a new
// one only (EventBridge API reference, PutRule).
func putRule(ctx context.Context, env resource.Env, d resource.Delta[Rule]) error {
	pattern, err := json.Marshal(d.After.Pattern)
	if err != nil {
		return fmt.Errorf("%s: the event pattern does not encode: %w", d.ID, err)
	}
	input := &eventbridge.PutRuleInput{
		Name: &d.ID.Name, EventPattern: aws.String(string(pattern)), State: types.RuleState(d.After.State),
		Description: optional(d.After.Description), ScheduleExpression: optional(d.After.Schedule), RoleArn: optional(d.After.RoleARN),
	}
	if d.Action == resource.Create {
		for key, value := range d.After.Tags {
			input.Tags = append(input.Tags, types.Tag{Key: aws.String(key), Value: aws.String(value)})
		}
	}
	_, err = eventsClient(env, d.ID.Scope).PutRule(ctx, input)
	return err
}

// optional leaves out what is empty.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
