package rootlogin

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"

	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// Target is the model of the topic as a rule's target. What stands under Kept is
// not managed, but PutTargets would lose it.
type Target struct {
	ARN  string `json:"arn"`
	Mail Mail   `json:"mail"`
	ID   string `json:"id,omitzero" diff:"-"`
	Kept Kept   `json:"kept,omitzero" diff:"-"`
}

// Mail makes a readable text of an event: a template, and where in the event its
// variables are found.
type Mail struct {
	Paths    map[string]string `json:"paths,omitzero"`
	Template string            `json:"template,omitzero"`
}

// Kept are settings of a target that are the account's own business.
type Kept struct {
	RoleARN     *string `json:"role_arn,omitzero"`
	DeadLetter  *string `json:"dead_letter_arn,omitzero"`
	MaxAge      *int32  `json:"maximum_event_age,omitzero"`
	MaxAttempts *int32  `json:"maximum_retry_attempts,omitzero"`
}

var targets = &resource.Type[Target]{
	Kind: "root_login_alarm.target",
	Doc: resource.Doc{
		Summary: "The topic as the rule's target, with a readable text. Other targets of the rule stay.",
		Reads:   onRules("events:ListTargetsByRule", "events:DescribeRule"),
		Writes:  onRules("events:PutTargets"),
		Changers: []resource.Changer{
			{Event: "PutTargets", Parameter: "targets", Within: true}, {Event: "RemoveTargets", Parameter: "ids", Within: true}, {Event: "DeleteRule"},
		},
	},
	Observe: observeTarget,
	Apply:   putTarget,
	Bound:   inGlobalRegion,
	Trace: func(id resource.ID, live *Target) resource.Trace {
		if live == nil {
			return named(id, id.Name)
		}
		return named(id, id.Name, live.ID)
	},
	Settle: resource.Settle{RetryOn: []resource.Transient{
		{Code: "ConcurrentModificationException"},
		{Code: resourceNotFound}, // the rule, just after it was put
	}},
}

// ruleTargets returns none where there is no rule.
func ruleTargets(ctx context.Context, env resource.Env, region resource.Scope, rule string) ([]types.Target, error) {
	key := reads.Key{Service: "events", Region: string(region), Call: "ListTargetsByRule", Arg: rule}
	return reads.Get(ctx, env.Reads, key, func(ctx context.Context) ([]types.Target, error) {
		var all []types.Target
		err := awsx.Pages(func(token *string) (*string, error) {
			page, err := eventsClient(env, region).ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: &rule, NextToken: token})
			if err != nil {
				return nil, err
			}
			all = append(all, page.Targets...)
			return page.NextToken, nil
		})
		if awsx.IsCode(err, resourceNotFound) {
			return nil, nil
		}
		return all, err
	})
}

// observeTarget also asks for the rule, which is being read anyway: a rule that
// an AWS service manages has targets that only it can change.
func observeTarget(ctx context.Context, env resource.Env, id resource.ID) (*Target, error) {
	var rule *eventbridge.DescribeRuleOutput
	var all []types.Target
	var both reads.Group
	both.Go(func() (err error) {
		rule, err = describeRule(ctx, env, id.Scope, id.Name)
		return err
	})
	both.Go(func() (err error) {
		all, err = ruleTargets(ctx, env, id.Scope, id.Name)
		return err
	})
	if err := both.Wait(); err != nil || rule == nil {
		return nil, err
	}
	live := find(all, topicARN(env.Identity, id.Scope), id.Name)
	if err := managed(rule); err != nil {
		return live, err
	}
	if live == nil && len(all) >= maxTargets {
		return nil, fmt.Errorf("the rule %s has %d targets, as many as EventBridge allows, and the topic %s is none of them: remove one that nobody needs, and run again", id.Name, len(all), topicName)
	}
	return live, nil
}

// maxTargets is how many targets a rule has at most, which AWS does not raise
// (Amazon EventBridge API reference, PutTargets).
const maxTargets = 5

// find returns the target that has an id that kiso gives, if it is the topic, or
// mails to another one; else one that is the topic, under whatever id. What others
// send elsewhere under that id, or to the topic in words of their own, is theirs.
func find(all []types.Target, topic, rule string) *Target {
	is := func(t types.Target) bool { return aws.ToString(t.Arn) == topic }
	at := slices.IndexFunc(all, func(t types.Target) bool { return given(aws.ToString(t.Id), rule) && (is(t) || mails(t)) })
	if at < 0 {
		at = slices.IndexFunc(all, func(t types.Target) bool { return is(t) && !ownWords(t) })
	}
	if at < 0 {
		return nil
	}
	return model(all[at])
}

// ownWords says whether a target gets another text than the event or kiso's.
func ownWords(t types.Target) bool {
	if x := t.InputTransformer; x != nil {
		text := aws.ToString(x.InputTemplate)
		return text != loginAlarm.mail.Template && text != usageAlarm.mail.Template
	}
	return t.Input != nil || t.InputPath != nil
}

// mails says whether a target is a topic that gets a readable text.
func mails(t types.Target) bool {
	topic, err := arn.Parse(aws.ToString(t.Arn))
	return err == nil && topic.Service == "sns" && t.InputTransformer != nil
}

// freeID returns the id for a new target: the rule's name, unless somebody's
// target has that, which PutTargets would replace.
func freeID(all []types.Target, rule string) string {
	for n := 1; ; n++ {
		id := numbered(rule, n)
		if !slices.ContainsFunc(all, func(t types.Target) bool { return aws.ToString(t.Id) == id }) {
			return id
		}
	}
}

// given says whether freeID gives an id, of the few that can be taken.
func given(id, rule string) bool {
	for n := range maxTargets {
		if id == numbered(rule, n+1) {
			return true
		}
	}
	return false
}

func numbered(rule string, n int) string {
	if n == 1 {
		return rule
	}
	return fmt.Sprintf("%s-%d", rule, n)
}

func model(t types.Target) *Target {
	m := &Target{ARN: aws.ToString(t.Arn), ID: aws.ToString(t.Id), Kept: Kept{RoleARN: t.RoleArn}}
	if x := t.InputTransformer; x != nil {
		m.Mail = Mail{Paths: x.InputPathsMap, Template: aws.ToString(x.InputTemplate)}
	}
	if t.DeadLetterConfig != nil {
		m.Kept.DeadLetter = t.DeadLetterConfig.Arn
	}
	if t.RetryPolicy != nil {
		m.Kept.MaxAge, m.Kept.MaxAttempts = t.RetryPolicy.MaximumEventAgeInSeconds, t.RetryPolicy.MaximumRetryAttempts
	}
	return m
}

// putTarget adds the target, or replaces it under its own id. A target that is
// refused comes back in an answer of success.
func putTarget(ctx context.Context, env resource.Env, d resource.Delta[Target]) error {
	all, err := ruleTargets(ctx, env, d.ID.Scope, d.ID.Name)
	if err != nil {
		return err
	}
	out, err := eventsClient(env, d.ID.Scope).PutTargets(ctx, &eventbridge.PutTargetsInput{
		Rule: &d.ID.Name, Targets: []types.Target{d.After.api(freeID(all, d.ID.Name))},
	})
	if err != nil || out.FailedEntryCount == 0 {
		return err
	}
	refused := &smithy.GenericAPIError{Code: "PutTargetsFailed", Message: "EventBridge did not say why"}
	for _, entry := range out.FailedEntries {
		refused.Code, refused.Message = aws.ToString(entry.ErrorCode), aws.ToString(entry.ErrorMessage)
	}
	return &smithy.OperationError{ServiceID: eventbridge.ServiceID, OperationName: "PutTargets", Err: refused}
}

// api returns the target as EventBridge takes it. A new one is called newID.
func (t Target) api(newID string) types.Target {
	target := types.Target{
		Id: aws.String(t.ID), Arn: aws.String(t.ARN), RoleArn: t.Kept.RoleARN,
		InputTransformer: &types.InputTransformer{InputPathsMap: t.Mail.Paths, InputTemplate: aws.String(t.Mail.Template)},
	}
	if t.ID == "" {
		target.Id = aws.String(newID)
	}
	if t.Kept.DeadLetter != nil {
		target.DeadLetterConfig = &types.DeadLetterConfig{Arn: t.Kept.DeadLetter}
	}
	if t.Kept.MaxAge != nil || t.Kept.MaxAttempts != nil {
		target.RetryPolicy = &types.RetryPolicy{MaximumEventAgeInSeconds: t.Kept.MaxAge, MaximumRetryAttempts: t.Kept.MaxAttempts}
	}
	return target
}
