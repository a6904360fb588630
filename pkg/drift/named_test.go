package drift_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	awsguardduty "github.com/aws/aws-sdk-go-v2/service/guardduty"
	gdtypes "github.com/aws/aws-sdk-go-v2/service/guardduty/types"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/drift"
	simsns "github.com/kiso-cli/kiso/pkg/sandbox/sns"
)

const topic = "arn:aws:sns:us-east-1:123456789012:" + alarm

// culprits returns by address and path of a field whose key signed the call that
// is blamed.
func culprits(r *drift.Report) map[string]string {
	keys := map[string]string{}
	for _, item := range r.Items {
		for _, f := range item.Fields {
			key := "nobody"
			if f.By != nil {
				key = f.By.AccessKey
			}
			keys[string(item.Status)+" "+item.Address.String()+" "+f.Path] = key
		}
	}
	return keys
}

func feature(name, status string) func(*awsguardduty.UpdateDetectorInput) {
	return func(i *awsguardduty.UpdateDetectorInput) {
		i.Features = []gdtypes.DetectorFeatureConfiguration{{Name: gdtypes.DetectorFeature(name), Status: gdtypes.FeatureStatus(status)}}
	}
}

// A call that names other items than the one that differs is no culprit's,
// however new it is.
func TestWhoeverChangesSomethingElseIsNotBlamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouseOf(t, `
version: 1
home_region: eu-west-1
regions: {include: [eu-west-1]}
guardduty: {features: {S3_DATA_EVENTS: enabled}}
config: {}
securityhub: {standards: [aws-foundational-security-best-practices/v/1.0.0, pci-dss/v/3.2.1, nist-800-53/v/5.0.0]}
root_login_alarm: {emails: [security@example.com]}
`, true)
		h.updateDetector("AKIAALICE", "eu-west-1", feature("S3_DATA_EVENTS", "DISABLED"))
		disable := func(key, name string) {
			_, err := securityhub.NewFromConfig(h.as(key, "eu-west-1")).BatchDisableStandards(t.Context(),
				&securityhub.BatchDisableStandardsInput{StandardsSubscriptionArns: []string{"arn:aws:securityhub:eu-west-1:123456789012:subscription/" + name}})
			require.NoError(t, err)
		}
		disable("AKIAALICE", "pci-dss/v/3.2.1")
		set := func(key, name, value string) {
			_, err := sns.NewFromConfig(h.as(key, "us-east-1")).SetTopicAttributes(t.Context(), &sns.SetTopicAttributesInput{TopicArn: aws.String(topic), AttributeName: &name, AttributeValue: &value})
			require.NoError(t, err)
		}
		set("AKIAALICE", "Policy", `{"Version":"2012-10-17","Statement":[{"Sid":"x","Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sns:Publish","Resource":"`+topic+`"}]}`)
		time.Sleep(10 * time.Minute)
		h.updateDetector("AKIABOB", "eu-west-1", feature("EKS_AUDIT_LOGS", "ENABLED"))
		disable("AKIABOB", "nist-800-53/v/5.0.0")
		set("AKIABOB", "DisplayName", "Alarm")
		time.Sleep(10 * time.Minute)

		assert.Equal(t, map[string]string{
			"drifted guardduty.detector/eu-west-1/detector features.S3_DATA_EVENTS":                   "AKIAALICE",
			"drifted securityhub.standards/eu-west-1/standards standards.pci-dss/v/3.2.1":             "AKIAALICE",
			"drifted securityhub.standards/eu-west-1/standards standards.nist-800-53/v/5.0.0":         "AKIABOB",
			"drifted root_login_alarm.topic_policy/us-east-1/" + alarm + " statements.KisoRootAlarms": "AKIAALICE",
		}, culprits(h.drift()))
	})
}

// What is gone was taken away by somebody, whatever others did there since; an
// address is unsubscribed by the ARN of its subscription.
func TestWhoeverAddsSomethingElseTookNothingAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouseOf(t, everything, true)
		simsns.Confirm(h.acct, "us-east-1", "security@example.com")
		mails := sns.NewFromConfig(h.as("AKIAALICE", "us-east-1"))
		list, err := mails.ListSubscriptionsByTopic(t.Context(), &sns.ListSubscriptionsByTopicInput{TopicArn: aws.String(topic)})
		require.NoError(t, err)
		_, err = mails.Unsubscribe(t.Context(), &sns.UnsubscribeInput{SubscriptionArn: list.Subscriptions[0].SubscriptionArn})
		require.NoError(t, err)
		rules := func(key string) *eventbridge.Client { return eventbridge.NewFromConfig(h.as(key, "us-east-1")) }
		_, err = rules("AKIAALICE").RemoveTargets(t.Context(), &eventbridge.RemoveTargetsInput{Rule: aws.String(alarm), Ids: []string{alarm}})
		require.NoError(t, err)
		time.Sleep(time.Minute)
		_, err = rules("AKIABOB").PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String(alarm), Targets: []ebtypes.Target{{Id: aws.String("pager"), Arn: aws.String("arn:aws:sqs:us-east-1:123456789012:q")}}})
		require.NoError(t, err)
		assert.Equal(t, map[string]string{
			"deleted root_login_alarm.subscription/us-east-1/security@example.com ": "AKIAALICE",
			"deleted root_login_alarm.target/us-east-1/" + alarm + " ":              "AKIAALICE",
		}, culprits(h.drift()))
	})
}

// The search for a culprit has an end, which is said where it found nobody.
func TestACulpritBehindTooManyCalls(t *testing.T) {
	in(t, true, func(h *house) {
		h.updateDetector("AKIAALICE", "us-east-1", func(i *awsguardduty.UpdateDetectorInput) { i.FindingPublishingFrequency = "SIX_HOURS" })
		for range 160 {
			time.Sleep(time.Second)
			h.updateDetector("AKIABOB", "us-east-1", feature("EKS_AUDIT_LOGS", "ENABLED"))
		}
		report := h.drift()
		assert.Equal(t, map[string]string{"drifted guardduty.detector/us-east-1/detector finding_publishing_frequency": "nobody"}, culprits(report))
		assert.Equal(t, []string{"only the newest 150 calls of UpdateDetector in us-east-1 were looked at: who is not named may have made an older one"}, report.Notes)
	})
}
