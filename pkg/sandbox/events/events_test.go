package events_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	sim "github.com/kiso-cli/kiso/pkg/sandbox/events"
	"github.com/kiso-cli/kiso/pkg/sandbox/sns"
)

const region = "us-east-1"

func start(t *testing.T, o sandbox.Options) (*sandbox.Account, *eventbridge.Client) {
	t.Helper()
	acct := sandbox.New(o, sim.New(), sns.New())
	return acct, eventbridge.NewFromConfig(acct.Config(region), func(o *eventbridge.Options) { o.RetryMaxAttempts = 1 })
}

func putRule(t *testing.T, c *eventbridge.Client, name string) {
	t.Helper()
	_, err := c.PutRule(t.Context(), &eventbridge.PutRuleInput{
		Name: &name, EventPattern: aws.String(`{"source":["aws.signin"]}`), Description: aws.String("d"), State: types.RuleStateEnabled,
		Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
	})
	require.NoError(t, err)
}

func topic(acct *sandbox.Account, name string) *string {
	return aws.String(fmt.Sprintf("arn:%s:sns:%s:%s:%s", acct.Partition(), region, acct.AccountID(), name))
}

func TestPutRuleReplacesAllButTagsAndTargets(t *testing.T) {
	acct, c := start(t, sandbox.Options{})
	ctx := t.Context()
	_, err := c.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String("r")})
	assert.True(t, awsx.IsCode(err, "ResourceNotFoundException"), err)
	assert.Equal(t, "Rule r does not exist on EventBus default.", awsx.ErrorMessage(err))

	putRule(t, c, "r")
	_, err = c.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []types.Target{{Id: aws.String("1"), Arn: topic(acct, "t")}}})
	require.NoError(t, err)
	_, err = c.PutRule(ctx, &eventbridge.PutRuleInput{
		Name: aws.String("r"), EventBusName: aws.String("default"), ScheduleExpression: aws.String("rate(1 day)"),
		Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("other")}},
	})
	require.NoError(t, err)

	rule, err := c.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String("r")})
	require.NoError(t, err)
	assert.Nil(t, rule.EventPattern)
	assert.Nil(t, rule.Description)
	assert.Equal(t, types.RuleStateEnabled, rule.State)
	assert.Equal(t, acct.AccountID(), aws.ToString(rule.CreatedBy))
	tags, err := c.ListTagsForResource(ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: rule.Arn})
	require.NoError(t, err)
	assert.Equal(t, []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}, tags.Tags)
	assert.Len(t, sim.Get(acct, region).Rules["r"].Targets, 1)
}

func TestRefusals(t *testing.T) {
	acct, c := start(t, sandbox.Options{})
	putRule(t, c, "r")
	sim.Edit(acct, region, func(s *sim.State) { s.Rules["managed"] = &sim.Rule{State: sim.Enabled, ManagedBy: "x.amazonaws.com"} })
	targets := func(rule string, targets ...types.Target) error {
		_, err := c.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: &rule, Targets: targets})
		return err
	}
	rule := func(in eventbridge.PutRuleInput) error {
		_, err := c.PutRule(t.Context(), &in)
		return err
	}
	many := make([]types.Target, 6)
	for i := range many {
		many[i] = types.Target{Id: aws.String(fmt.Sprint(i)), Arn: topic(acct, "t")}
	}
	transformed := func(x types.InputTransformer) types.Target {
		return types.Target{Id: aws.String("1"), Arn: topic(acct, "t"), InputTransformer: &x}
	}
	for name, c := range map[string]struct {
		err  error
		code string
	}{
		"nothing to react to": {rule(eventbridge.PutRuleInput{Name: aws.String("x")}), "ValidationException"},
		"name":                {rule(eventbridge.PutRuleInput{Name: aws.String("x y"), EventPattern: aws.String(`{"a":["b"]}`)}), "ValidationException"},
		"pattern":             {rule(eventbridge.PutRuleInput{Name: aws.String("x"), EventPattern: aws.String(`{"a":"b"}`)}), "InvalidEventPatternException"},
		"no pattern":          {rule(eventbridge.PutRuleInput{Name: aws.String("x"), EventPattern: aws.String(`a`)}), "InvalidEventPatternException"},
		"empty list":          {rule(eventbridge.PutRuleInput{Name: aws.String("x"), EventPattern: aws.String(`{"a":[]}`)}), "InvalidEventPatternException"},
		"comparison":          {rule(eventbridge.PutRuleInput{Name: aws.String("x"), EventPattern: aws.String(`{"a":[{"unlike":"b"}]}`)}), "InvalidEventPatternException"},
		"long pattern":        {rule(eventbridge.PutRuleInput{Name: aws.String("x"), EventPattern: aws.String(`{"a":["` + strings.Repeat("x", 2048) + `"]}`)}), "LimitExceededException"},
		"managed rule":        {rule(eventbridge.PutRuleInput{Name: aws.String("managed"), EventPattern: aws.String(`{"a":["b"]}`)}), "ManagedRuleException"},
		"managed target":      {targets("managed", many[0]), "ManagedRuleException"},
		"other bus":           {rule(eventbridge.PutRuleInput{Name: aws.String("x"), EventBusName: aws.String("b"), EventPattern: aws.String(`{"a":["b"]}`)}), "ResourceNotFoundException"},
		"no rule":             {targets("none", many[0]), "ResourceNotFoundException"},
		"too many targets":    {targets("r", many...), "LimitExceededException"},
		"twice":               {targets("r", many[0], many[0]), "ValidationException"},
		"arn":                 {targets("r", types.Target{Id: aws.String("1"), Arn: aws.String("t")}), "ValidationException"},
		"elsewhere":           {targets("r", types.Target{Id: aws.String("1"), Arn: aws.String(strings.Replace(*topic(acct, "t"), region, "eu-west-1", 1))}), "ValidationException"},
		"two inputs":          {targets("r", types.Target{Id: aws.String("1"), Arn: topic(acct, "t"), Input: aws.String("1"), InputPath: aws.String("$.a")}), "ValidationException"},
		"unknown variable":    {targets("r", transformed(types.InputTransformer{InputTemplate: aws.String(`"<a>"`)})), "ValidationException"},
		"unquoted template":   {targets("r", transformed(types.InputTransformer{InputTemplate: aws.String(`it happened`)})), "ValidationException"},
		"path":                {targets("r", transformed(types.InputTransformer{InputPathsMap: map[string]string{"a": "b"}, InputTemplate: aws.String(`"<a>"`)})), "ValidationException"},
	} {
		t.Run(name, func(t *testing.T) { assert.True(t, awsx.IsCode(c.err, c.code), "%v", c.err) })
	}
	assert.Empty(t, sim.Get(acct, region).Rules["r"].Targets)
	assert.Len(t, sim.Get(acct, region).Rules, 2)
}

func TestEntriesThatFail(t *testing.T) {
	acct, c := start(t, sandbox.Options{})
	putRule(t, c, "r")
	sim.Edit(acct, region, func(s *sim.State) { s.FailEntries = 1 })
	in := &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []types.Target{{Id: aws.String("1"), Arn: topic(acct, "t")}}}
	out, err := c.PutTargets(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, int32(1), out.FailedEntryCount)
	assert.Equal(t, "ConcurrentModificationException", aws.ToString(out.FailedEntries[0].ErrorCode))
	out, err = c.PutTargets(t.Context(), in)
	require.NoError(t, err)
	assert.Zero(t, out.FailedEntryCount)
}

func TestLists(t *testing.T) {
	acct, c := start(t, sandbox.Options{PageSize: 1})
	ctx := t.Context()
	for _, name := range []string{"a", "ab", "b"} {
		putRule(t, c, name)
	}
	page, err := c.ListRules(ctx, &eventbridge.ListRulesInput{NamePrefix: aws.String("a")})
	require.NoError(t, err)
	require.Len(t, page.Rules, 1)
	page, err = c.ListRules(ctx, &eventbridge.ListRulesInput{NamePrefix: aws.String("a"), NextToken: page.NextToken})
	require.NoError(t, err)
	assert.Equal(t, "ab", aws.ToString(page.Rules[0].Name))
	assert.Nil(t, page.NextToken)

	in := &eventbridge.PutTargetsInput{Rule: aws.String("a"), Targets: []types.Target{
		{Id: aws.String("1"), Arn: topic(acct, "t"), RetryPolicy: &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(0)}},
		{Id: aws.String("2"), Arn: topic(acct, "u"), InputTransformer: &types.InputTransformer{InputTemplate: aws.String(`"<aws.events.rule-name>"`)}},
	}}
	_, err = c.PutTargets(ctx, in)
	require.NoError(t, err)
	first, err := c.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: aws.String("a")})
	require.NoError(t, err)
	assert.Equal(t, in.Targets[:1], first.Targets)
	second, err := c.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: aws.String("a"), NextToken: first.NextToken})
	require.NoError(t, err)
	assert.Equal(t, in.Targets[1:], second.Targets)
}

func TestTampering(t *testing.T) {
	acct, c := start(t, sandbox.Options{})
	ctx := t.Context()
	putRule(t, c, "r")
	_, err := c.DisableRule(ctx, &eventbridge.DisableRuleInput{Name: aws.String("r")})
	require.NoError(t, err)
	assert.Equal(t, sim.Disabled, sim.Get(acct, region).Rules["r"].State)
	_, err = c.EnableRule(ctx, &eventbridge.EnableRuleInput{Name: aws.String("r")})
	require.NoError(t, err)
	_, err = c.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []types.Target{{Id: aws.String("1"), Arn: topic(acct, "t")}}})
	require.NoError(t, err)
	_, err = c.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: aws.String("r")})
	assert.ErrorContains(t, err, "has targets")
	_, err = c.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: aws.String("r"), Ids: []string{"1"}})
	require.NoError(t, err)
	_, err = c.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: aws.String("r")})
	require.NoError(t, err)
	assert.Empty(t, sim.Get(acct, region).Rules)
}

func TestTags(t *testing.T) {
	_, c := start(t, sandbox.Options{})
	ctx := t.Context()
	putRule(t, c, "r")
	rule, err := c.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String("r")})
	require.NoError(t, err)
	_, err = c.TagResource(ctx, &eventbridge.TagResourceInput{ResourceARN: rule.Arn, Tags: []types.Tag{{Key: aws.String("x"), Value: aws.String("")}}})
	require.NoError(t, err)
	_, err = c.UntagResource(ctx, &eventbridge.UntagResourceInput{ResourceARN: rule.Arn, TagKeys: []string{"k"}})
	require.NoError(t, err)
	tags, err := c.ListTagsForResource(ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: rule.Arn})
	require.NoError(t, err)
	assert.Equal(t, []types.Tag{{Key: aws.String("x"), Value: aws.String("")}}, tags.Tags)
	_, err = c.ListTagsForResource(ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: aws.String(*rule.Arn + "x")})
	assert.True(t, awsx.IsCode(err, "ResourceNotFoundException"), err)
}

func TestPatterns(t *testing.T) {
	event := `{"id":"1","account":"1","source":"aws.s3","time":"2026-01-01T00:00:00Z","region":"r","resources":["a","b"],"detail-type":"d",` +
		`"detail":{"n":5,"ip":"10.1.2.3","by":null,"deep":{"x":"Hello"}}}`
	_, c := start(t, sandbox.Options{})
	for pattern, want := range map[string]bool{
		`{"source":["aws.s3"]}`:                                            true,
		`{"source":["aws.ec2"]}`:                                           false,
		`{"source":["aws.s3"],"detail-type":["e"]}`:                        false,
		`{"resources":["b"]}`:                                              true,
		`{"missing":["x"]}`:                                                false,
		`{"detail":{"missing":[{"exists":false}]}}`:                        true,
		`{"detail":{"n":[{"exists":false}]}}`:                              false,
		`{"detail":{"by":[null]}}`:                                         true,
		`{"detail":{"deep":{"x":[{"prefix":"He"}]}}}`:                      true,
		`{"detail":{"deep":{"x":[{"suffix":"He"}]}}}`:                      false,
		`{"detail":{"deep":{"x":[{"wildcard":"H*o"}]}}}`:                   true,
		`{"detail":{"deep":{"x":[{"anything-but":"Hello"}]}}}`:             false,
		`{"detail":{"deep":{"x":[{"anything-but":["a"]}]}}}`:               true,
		`{"detail":{"deep":{"x":[{"anything-but":{"prefix":"He"}}]}}}`:     false,
		`{"detail":{"deep":{"x":[{"equals-ignore-case":"hello"}]}}}`:       true,
		`{"detail":{"n":[{"numeric":[">",1,"<=",5]}]}}`:                    true,
		`{"detail":{"n":[{"numeric":["=",1]}]}}`:                           false,
		`{"detail":{"ip":[{"cidr":"10.0.0.0/8"}]}}`:                        true,
		`{"$or":[{"source":["x"]},{"detail":{"n":[5]}}]}`:                  true,
		`{"$or":[{"source":["x"]},{"detail":{"n":[6]}}]}`:                  false,
		`{"detail":{"deep":{"y":[{"anything-but":["never"]}]}}}`:           false,
		`{"detail":{"deep":{"x":["nope",{"equals-ignore-case":"Hell"}]}}}`: false,
	} {
		out, err := c.TestEventPattern(t.Context(), &eventbridge.TestEventPatternInput{Event: &event, EventPattern: &pattern})
		require.NoError(t, err, pattern)
		assert.Equal(t, want, out.Result, pattern)
	}
}

func TestSendKeepsReadOnlyCallsFromPlainRules(t *testing.T) {
	acct, c := start(t, sandbox.Options{})
	pattern := aws.String(`{"detail-type":["AWS API Call via CloudTrail"]}`)
	for name, state := range map[string]types.RuleState{"plain": types.RuleStateEnabled, "all": types.RuleStateEnabledWithAllCloudtrailManagementEvents, "off": types.RuleStateDisabled} {
		_, err := c.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: &name, EventPattern: pattern, State: state})
		require.NoError(t, err)
		_, err = c.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: &name, Targets: []types.Target{{Id: aws.String("1"), Arn: topic(acct, "t"), InputTransformer: &types.InputTransformer{
			InputPathsMap: map[string]string{"name": "$.detail.eventName", "error": "$.detail.errorCode"}, InputTemplate: aws.String(`"<name> <error>"`),
		}}}})
		require.NoError(t, err)
	}
	reached := func(event string) (rules []string) {
		for _, d := range sim.Send(acct, region, event) {
			assert.Equal(t, `"GetX "`, d.Text)
			assert.ErrorContains(t, d.Refusal, "does not exist", "there is no such topic")
			rules = append(rules, d.Rule)
		}
		return rules
	}
	assert.Equal(t, []string{"all"}, reached(`{"detail-type":"AWS API Call via CloudTrail","detail":{"eventName":"GetX","readOnly":true}}`))
	assert.Equal(t, []string{"all", "plain"}, reached(`{"detail-type":"AWS API Call via CloudTrail","detail":{"eventName":"GetX","readOnly":false}}`))
	assert.Empty(t, reached(`{"detail-type":"other"}`))
}
