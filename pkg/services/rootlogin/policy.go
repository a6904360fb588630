package rootlogin

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/kiso-cli/kiso/internal/policydoc"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// TopicPolicy is the model of the topic's policy: managed statement by Sid.
type TopicPolicy struct {
	Statements map[string]policydoc.Statement `json:"statements"`
	ARN        string                         `json:"topic_arn,omitzero" diff:"-"`
}

var policies = &resource.Type[TopicPolicy]{
	Kind: "root_login_alarm.topic_policy",
	Doc: resource.Doc{
		Summary: "The statement of the topic's policy that lets the rules publish. Other statements stay.",
		Reads:   []resource.Permission{{Action: "sns:GetTopicAttributes", Resource: topicResource}},
		Writes:  []resource.Permission{{Action: "sns:SetTopicAttributes", Resource: topicResource}},
		Changers: []resource.Changer{
			{Event: "SetTopicAttributes", Parameter: "attributeName", Names: resource.Exactly("Policy"), Ends: true},
			{Event: "AddPermission", Parameter: "label", Names: resource.Below("statements")}, {Event: "RemovePermission", Parameter: "label", Names: resource.Below("statements")}, {Event: "DeleteTopic"},
		},
	},
	Observe: observePolicy,
	Apply:   applyPolicy,
	Bound:   inGlobalRegion,
	Trace: func(id resource.ID, live *TopicPolicy) resource.Trace {
		if live == nil {
			return named(id, id.Name)
		}
		return named(id, live.ARN)
	},
	Settle: resource.Settle{RetryOn: []resource.Transient{{Code: notFound}, {Code: "ConcurrentAccess"}}},
}

// sid names the statement.
const sid = "KisoRootAlarms"

// publishBy is the policy that lets rules publish to the topic (EventBridge user
// guide, resource-based policies; it evaluates aws:SourceArn for SNS).
func publishBy(topic string, rules []string) TopicPolicy {
	return TopicPolicy{Statements: map[string]policydoc.Statement{sid: {
		Sid: sid, Effect: "Allow", Principal: map[string]any{"Service": "events.amazonaws.com"},
		Action: "sns:Publish", Resource: topic,
		Condition: policydoc.Condition{"ArnEquals": {"aws:SourceArn": rules}},
	}}}
}

// defaultSid is that of the statement for the owner which SNS writes into every
// new topic's policy (Amazon SNS API reference, CreateTopic).
const defaultSid = "__default_statement_ID"

// observePolicy takes a policy as SNS makes it for none, as where there is no
// topic: that the topic was just created is then no difference to a saved plan.
func observePolicy(ctx context.Context, env resource.Env, id resource.ID) (*TopicPolicy, error) {
	document, err := topicPolicy(ctx, env, id.Scope)
	if err != nil || document == nil {
		return nil, err
	}
	statements := document.BySid()
	if _, fresh := statements[defaultSid]; fresh && len(document.Statements) == 1 {
		return nil, nil
	}
	return &TopicPolicy{Statements: statements, ARN: topicARN(env.Identity, id.Scope)}, nil
}

// topicPolicy returns nil where there is no topic.
func topicPolicy(ctx context.Context, env resource.Env, region resource.Scope) (*policydoc.Document, error) {
	attributes, err := topicAttributes(ctx, env, region)
	if err != nil || attributes == nil {
		return nil, err
	}
	document, err := policydoc.Parse(attributes["Policy"])
	return &document, err
}

// applyPolicy sends the whole policy, which SetTopicAttributes replaces. Without
// the live one nothing is written: the statement for the owner would be lost.
func applyPolicy(ctx context.Context, env resource.Env, d resource.Delta[TopicPolicy]) error {
	document, err := topicPolicy(ctx, env, d.ID.Scope)
	if err != nil {
		return err
	}
	if document == nil {
		return resource.Pending("the topic is not visible yet")
	}
	_, err = snsClient(env, d.ID.Scope).SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{
		TopicArn:       aws.String(topicARN(env.Identity, d.ID.Scope)),
		AttributeName:  aws.String("Policy"),
		AttributeValue: aws.String(document.With(d.After.Statements).String()),
	})
	return err
}
