package acceptance

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// checkAlarm looks in a region for a rule, switched on, that waits for root, may
// publish to its target, and reaches every address.
func checkAlarm(ctx context.Context, w *world, region, rule string) {
	events, topics := eventbridge.NewFromConfig(w.aws(region)), sns.NewFromConfig(w.aws(region))
	live, err := events.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: &rule})
	require.NoError(w, err)
	assert.NotEqual(w, eventtypes.RuleStateDisabled, live.State)
	var pattern struct {
		Detail struct {
			UserIdentity struct {
				Type []string `json:"type"`
			} `json:"userIdentity"`
		} `json:"detail"`
	}
	require.NoError(w, json.Unmarshal([]byte(aws.ToString(live.EventPattern)), &pattern))
	assert.Equal(w, []string{"Root"}, pattern.Detail.UserIdentity.Type)

	targets, err := events.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: &rule})
	require.NoError(w, err)
	require.Len(w, targets.Targets, 1)
	topic := targets.Targets[0].Arn
	attributes, err := topics.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: topic})
	require.NoError(w, err)
	w.checkPermission(w.statements(attributes.Attributes["Policy"]), "events.amazonaws.com", "sns:Publish", *topic, "aws:SourceArn", aws.ToString(live.Arn))

	subscriptions, err := topics.ListSubscriptionsByTopic(ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: topic})
	require.NoError(w, err)
	var addresses []string
	for _, s := range subscriptions.Subscriptions {
		assert.Equal(w, "email", aws.ToString(s.Protocol))
		addresses = append(addresses, aws.ToString(s.Endpoint))
	}
	assert.ElementsMatch(w, w.emails, addresses)
}

// checkNoAlarm makes sure that a region has no such rule.
func checkNoAlarm(ctx context.Context, w *world, region, rule string) {
	rules, err := eventbridge.NewFromConfig(w.aws(region)).ListRules(ctx, &eventbridge.ListRulesInput{})
	require.NoError(w, err)
	assert.False(w, slices.ContainsFunc(rules.Rules, func(r eventtypes.Rule) bool { return aws.ToString(r.Name) == rule }))
}
