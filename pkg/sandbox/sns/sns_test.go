package sns_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	sim "github.com/kiso-cli/kiso/pkg/sandbox/sns"
)

const (
	region  = "us-east-1"
	address = "security@example.com"
)

func start(t *testing.T, o sandbox.Options) (*sandbox.Account, *sns.Client) {
	t.Helper()
	acct := sandbox.New(o, sim.New())
	return acct, sns.NewFromConfig(acct.Config(region))
}

func create(t *testing.T, c *sns.Client) *string {
	t.Helper()
	out, err := c.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("t"), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})
	require.NoError(t, err)
	return out.TopicArn
}

func attributes(t *testing.T, c *sns.Client, topic *string) map[string]string {
	t.Helper()
	out, err := c.GetTopicAttributes(t.Context(), &sns.GetTopicAttributesInput{TopicArn: topic})
	require.NoError(t, err)
	return out.Attributes
}

func listed(t *testing.T, c *sns.Client, topic *string) (arns []string) {
	t.Helper()
	pages := sns.NewListSubscriptionsByTopicPaginator(c, &sns.ListSubscriptionsByTopicInput{TopicArn: topic})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		for _, s := range page.Subscriptions {
			arns = append(arns, aws.ToString(s.SubscriptionArn))
		}
	}
	return arns
}

func TestCreateTopicAgain(t *testing.T) {
	acct, c := start(t, sandbox.Options{})
	ctx := t.Context()
	arn := create(t, c)
	assert.Equal(t, fmt.Sprintf("arn:%s:sns:%s:%s:t", acct.Partition(), region, acct.AccountID()), aws.ToString(arn))
	assert.Equal(t, arn, create(t, c))
	_, err := c.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("t")})
	require.NoError(t, err)
	_, err = c.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("t"), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("w")}}})
	assert.True(t, awsx.IsCode(err, "InvalidParameter"), err)
	assert.ErrorContains(t, err, "already exists with different tags")
	_, err = c.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("t"), Attributes: map[string]string{"DisplayName": "d"}})
	assert.ErrorContains(t, err, "already exists with different attributes")

	topics, err := c.ListTopics(ctx, &sns.ListTopicsInput{})
	require.NoError(t, err)
	assert.Len(t, topics.Topics, 1)
}

func TestAttributes(t *testing.T) {
	acct, c := start(t, sandbox.Options{})
	ctx := t.Context()
	_, err := c.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: aws.String(fmt.Sprintf("arn:%s:sns:%s:%s:t", acct.Partition(), region, acct.AccountID()))})
	assert.True(t, awsx.IsCode(err, "NotFound"), err)

	arn := create(t, c)
	a := attributes(t, c, arn)
	assert.Equal(t, acct.AccountID(), a["Owner"])
	assert.Contains(t, a["Policy"], "__default_statement_ID")
	assert.NotContains(t, a, "KmsMasterKeyId")
	_, err = c.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: arn, AttributeName: aws.String("KmsMasterKeyId"), AttributeValue: aws.String("alias/aws/sns")})
	require.NoError(t, err)
	assert.Equal(t, "alias/aws/sns", attributes(t, c, arn)["KmsMasterKeyId"])
	_, err = c.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: arn, AttributeName: aws.String("Colour"), AttributeValue: aws.String("red")})
	assert.ErrorContains(t, err, "AttributeName")

	for name, policy := range map[string]string{
		"no JSON":      `x`,
		"no statement": `{"Version":"2012-10-17","Statement":[]}`,
		"no principal": `{"Statement":{"Effect":"Allow","Action":"sns:Publish","Resource":"*"}}`,
		"any action":   `{"Statement":{"Effect":"Allow","Principal":"*","Action":"sns:*","Resource":"*"}}`,
		"resource":     `{"Statement":{"Effect":"Allow","Principal":"*","Action":"sns:Publish","Resource":"` + *arn + `x"}}`,
		"sid twice":    `{"Statement":[{"Sid":"a","Effect":"Allow","Principal":"*","Action":"sns:Publish","Resource":"*"},{"Sid":"a","Effect":"Allow","Principal":"*","Action":"sns:Publish","Resource":"*"}]}`,
	} {
		_, err = c.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: arn, AttributeName: aws.String("Policy"), AttributeValue: &policy})
		assert.True(t, awsx.IsCode(err, "InvalidParameter"), "%s: %v", name, err)
	}
}

func TestSubscriptionsWaitForAClick(t *testing.T) {
	acct, c := start(t, sandbox.Options{})
	ctx := t.Context()
	arn := create(t, c)
	in := &sns.SubscribeInput{TopicArn: arn, Protocol: aws.String("email"), Endpoint: aws.String(address)}
	out, err := c.Subscribe(ctx, in)
	require.NoError(t, err)
	assert.Equal(t, "pending confirmation", aws.ToString(out.SubscriptionArn))
	assert.Equal(t, []string{"PendingConfirmation"}, listed(t, c, arn))
	_, err = c.Subscribe(ctx, in)
	require.NoError(t, err)
	assert.Equal(t, 2, sim.Get(acct, region).Mails[address], "a mail for each call")
	assert.Len(t, listed(t, c, arn), 1)

	in.ReturnSubscriptionArn = true
	out, err = c.Subscribe(ctx, in)
	require.NoError(t, err)
	_, err = c.Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: out.SubscriptionArn})
	assert.ErrorContains(t, err, "pending confirmation")

	_, err = c.ConfirmSubscription(ctx, &sns.ConfirmSubscriptionInput{TopicArn: arn, Token: aws.String("wrong")})
	assert.ErrorContains(t, err, "Token")
	token := sim.Get(acct, region).Topics["t"].Subscriptions[0].Token
	_, err = c.ConfirmSubscription(ctx, &sns.ConfirmSubscriptionInput{TopicArn: arn, Token: &token})
	require.NoError(t, err)
	assert.Equal(t, []string{aws.ToString(out.SubscriptionArn)}, listed(t, c, arn))
	_, err = c.Subscribe(ctx, in)
	require.NoError(t, err)
	assert.Equal(t, 3, sim.Get(acct, region).Mails[address], "none for a confirmed one")

	_, err = c.Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: out.SubscriptionArn})
	require.NoError(t, err)
	assert.Equal(t, []string{"Deleted"}, listed(t, c, arn))
	a := attributes(t, c, arn)
	assert.Equal(t, []string{"0", "0", "1"}, []string{a["SubscriptionsConfirmed"], a["SubscriptionsPending"], a["SubscriptionsDeleted"]})
}

func TestPendingSubscriptionsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := start(t, sandbox.Options{})
		arn := create(t, c)
		_, err := c.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: arn, Protocol: aws.String("email"), Endpoint: aws.String(address)})
		require.NoError(t, err)
		time.Sleep(48*time.Hour - time.Second)
		assert.Len(t, listed(t, c, arn), 1)
		time.Sleep(time.Second)
		assert.Empty(t, listed(t, c, arn))
	})
}

func TestSubscribeRefuses(t *testing.T) {
	_, c := start(t, sandbox.Options{})
	arn := create(t, c)
	for name, in := range map[string]*sns.SubscribeInput{
		"no address": {TopicArn: arn, Protocol: aws.String("email"), Endpoint: aws.String("nobody")},
		"nothing":    {TopicArn: arn, Protocol: aws.String("email")},
		"protocol":   {TopicArn: arn, Protocol: aws.String("pigeon"), Endpoint: aws.String(address)},
		"topic":      {TopicArn: aws.String("t"), Protocol: aws.String("email"), Endpoint: aws.String(address)},
	} {
		_, err := c.Subscribe(t.Context(), in)
		assert.True(t, awsx.IsCode(err, "InvalidParameter"), "%s: %v", name, err)
	}
}

func TestPagesAndTags(t *testing.T) {
	_, c := start(t, sandbox.Options{PageSize: 1})
	ctx := t.Context()
	arn := create(t, c)
	for i := range 3 {
		_, err := c.Subscribe(ctx, &sns.SubscribeInput{TopicArn: arn, Protocol: aws.String("email"), Endpoint: aws.String(fmt.Sprintf("%d@example.com", i))})
		require.NoError(t, err)
	}
	assert.Len(t, listed(t, c, arn), 3)
	_, err := c.TagResource(ctx, &sns.TagResourceInput{ResourceArn: arn, Tags: []types.Tag{{Key: aws.String("x"), Value: aws.String("")}}})
	require.NoError(t, err)
	_, err = c.UntagResource(ctx, &sns.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"k"}})
	require.NoError(t, err)
	tags, err := c.ListTagsForResource(ctx, &sns.ListTagsForResourceInput{ResourceArn: arn})
	require.NoError(t, err)
	assert.Equal(t, []types.Tag{{Key: aws.String("x"), Value: aws.String("")}}, tags.Tags)
	_, err = c.ListTagsForResource(ctx, &sns.ListTagsForResourceInput{ResourceArn: aws.String(*arn + "x")})
	assert.True(t, awsx.IsCode(err, "ResourceNotFound"), err)
	_, err = c.DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: arn})
	require.NoError(t, err)
	topics, err := c.ListTopics(ctx, &sns.ListTopicsInput{})
	require.NoError(t, err)
	assert.Empty(t, topics.Topics)
}

func TestPublishAsksThePolicy(t *testing.T) {
	acct, c := start(t, sandbox.Options{})
	arn := create(t, c)
	_, err := c.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: arn, Protocol: aws.String("email"), Endpoint: aws.String(address)})
	require.NoError(t, err)
	rule := fmt.Sprintf("arn:%s:events:%s:%s:rule/r", acct.Partition(), region, acct.AccountID())
	publish := func() error { return sim.Publish(acct, region, *arn, "events.amazonaws.com", rule, "hello") }
	assert.ErrorContains(t, publish(), "does not let events.amazonaws.com publish")

	allow := func(condition string) {
		policy := `{"Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sns:Publish","Resource":"` + *arn + `","Condition":` + condition + `}]}`
		_, err := c.SetTopicAttributes(t.Context(), &sns.SetTopicAttributesInput{TopicArn: arn, AttributeName: aws.String("Policy"), AttributeValue: &policy})
		require.NoError(t, err)
	}
	for condition, allowed := range map[string]bool{
		`{}`: true,
		`{"ArnEquals":{"aws:SourceArn":"` + rule + `"}}`:                    true,
		`{"ArnLike":{"AWS:SourceArn":["x","` + rule[:len(rule)-1] + `*"]}}`: true,
		`{"StringEquals":{"aws:SourceAccount":"` + acct.AccountID() + `"}}`: true,
		`{"ArnEquals":{"aws:SourceArn":"` + rule + `x"}}`:                   false,
		`{"StringEquals":{"AWS:SourceOwner":"` + acct.AccountID() + `"}}`:   false,
	} {
		allow(condition)
		assert.Equal(t, allowed, publish() == nil, condition)
	}
	assert.Empty(t, sim.Get(acct, region).Messages, "nobody has confirmed")
	assert.Equal(t, 1, sim.Confirm(acct, region, address))
	allow(`{}`)
	require.NoError(t, publish())
	assert.Equal(t, []sim.Message{{Topic: "t", Endpoint: address, Text: "hello"}}, sim.Get(acct, region).Messages)

	_, err = c.SetTopicAttributes(t.Context(), &sns.SetTopicAttributesInput{TopicArn: arn, AttributeName: aws.String("KmsMasterKeyId"), AttributeValue: aws.String("alias/aws/sns")})
	require.NoError(t, err)
	assert.ErrorContains(t, publish(), "key")
}
