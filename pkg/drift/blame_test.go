package drift_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awscloudtrail "github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	shtypes "github.com/aws/aws-sdk-go-v2/service/securityhub/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/drift"
	"github.com/kiso-cli/kiso/pkg/resource"
	trailsim "github.com/kiso-cli/kiso/pkg/sandbox/cloudtrail"
	sims3 "github.com/kiso-cli/kiso/pkg/sandbox/s3"
	simsns "github.com/kiso-cli/kiso/pkg/sandbox/sns"
)

const alarmSpec = "version: 1\nhome_region: eu-west-1\nregions: {include: [eu-west-1]}\nroot_login_alarm: {emails: [security@example.com]}\n"

// blames requires that something drifted, and that who signed with a key is named
// for all of it.
func (h *house) blames(key string) {
	h.t.Helper()
	blamed := culprits(h.drift())
	require.NotEmpty(h.t, blamed)
	for what, got := range blamed {
		assert.Equal(h.t, key, got, what)
	}
}

// Alice puts the topic's policy back to what SNS makes: kiso's statement is gone, by her.
func TestTopicPolicyPutBackToTheDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouseOf(t, alarmSpec, true)
		_, err := sns.NewFromConfig(h.as("AKIAALICE", "us-east-1")).SetTopicAttributes(t.Context(), &sns.SetTopicAttributesInput{TopicArn: aws.String(topic), AttributeName: aws.String("Policy"), AttributeValue: aws.String(`{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID","Effect":"Allow","Principal":{"AWS":"*"},"Action":["SNS:Publish"],"Resource":"` + topic + `","Condition":{"StringEquals":{"AWS:SourceOwner":"123456789012"}}}]}`)})
		require.NoError(t, err)
		time.Sleep(10 * time.Minute)
		r := h.drift()
		for _, i := range r.Items {
			assert.NotEqual(t, drift.Never, i.Status)
		}
		for what, key := range culprits(r) {
			assert.Equal(t, "AKIAALICE", key, what)
		}
	})
}

// Alice disables the wanted standard; Bob, later, one that nobody wants.
func TestLastStandardIsBlamedOnWhoNamedIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouseOf(t, `
version: 1
home_region: eu-west-1
regions: {include: [eu-west-1]}
config: {}
securityhub: {standards: [aws-foundational-security-best-practices/v/1.0.0]}
`, true)
		c := func(key string) *securityhub.Client { return securityhub.NewFromConfig(h.as(key, "eu-west-1")) }
		_, err := c("AKIABOB").BatchEnableStandards(t.Context(), &securityhub.BatchEnableStandardsInput{StandardsSubscriptionRequests: []shtypes.StandardsSubscriptionRequest{{StandardsArn: aws.String("arn:aws:securityhub:eu-west-1::standards/pci-dss/v/3.2.1")}}})
		require.NoError(t, err)
		time.Sleep(10 * time.Minute)
		disable := func(key, name string) {
			_, err := c(key).BatchDisableStandards(t.Context(), &securityhub.BatchDisableStandardsInput{StandardsSubscriptionArns: []string{"arn:aws:securityhub:eu-west-1:123456789012:subscription/" + name}})
			require.NoError(t, err)
		}
		disable("AKIAALICE", "aws-foundational-security-best-practices/v/1.0.0")
		time.Sleep(10 * time.Minute)
		disable("AKIABOB", "pci-dss/v/3.2.1")
		time.Sleep(10 * time.Minute)
		h.blames("AKIAALICE")
	})
}

// Alice unsubscribes the wanted address; Bob, later, another one.
func TestUnsubscribedIsNotBlamedOnAnotherAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouseOf(t, alarmSpec, true)
		c := func(key string) *sns.Client { return sns.NewFromConfig(h.as(key, "us-east-1")) }
		simsns.Confirm(h.acct, "us-east-1", "security@example.com")
		_, err := c("AKIABOB").Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: aws.String(topic), Protocol: aws.String("email"), Endpoint: aws.String("bob@example.com")})
		require.NoError(t, err)
		simsns.Confirm(h.acct, "us-east-1", "bob@example.com")
		list, err := c("AKIABOB").ListSubscriptionsByTopic(t.Context(), &sns.ListSubscriptionsByTopicInput{TopicArn: aws.String(topic)})
		require.NoError(t, err)
		arns := map[string]*string{}
		for _, s := range list.Subscriptions {
			arns[*s.Endpoint] = s.SubscriptionArn
		}
		_, err = c("AKIAALICE").Unsubscribe(t.Context(), &sns.UnsubscribeInput{SubscriptionArn: arns["security@example.com"]})
		require.NoError(t, err)
		time.Sleep(10 * time.Minute)
		_, err = c("AKIABOB").Unsubscribe(t.Context(), &sns.UnsubscribeInput{SubscriptionArn: arns["bob@example.com"]})
		require.NoError(t, err)
		time.Sleep(10 * time.Minute)
		h.blames("") // one of two
	})
}

// Bob deletes a detector of Amazon Fraud Detector: that is no detector of GuardDuty's.
func TestAnotherServicesCallOfTheSameName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouseOf(t, "\nversion: 1\nhome_region: eu-west-1\nregions: {include: [eu-west-1]}\nguardduty: {}\n", false)
		record := `{"eventID":"1","eventName":"DeleteDetector","eventSource":"frauddetector.amazonaws.com","awsRegion":"eu-west-1","eventTime":"` + time.Now().UTC().Format(time.RFC3339) + `","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::123456789012:user/bob","accessKeyId":"AKIABOB"},"requestParameters":{"detectorId":"transactions"}}`
		trailsim.Edit(h.acct, "eu-west-1", func(s *trailsim.State) {
			s.Events = append(s.Events, trailsim.Event{ID: "1", Name: "DeleteDetector", Source: "frauddetector.amazonaws.com", Time: time.Now(), ReadOnly: "false", Resources: []trailsim.EventResource{}, Record: record})
		})
		time.Sleep(10 * time.Minute)
		r := h.drift()
		for _, i := range r.Items {
			assert.Equal(t, drift.Never, i.Status)
		}
	})
}

// Alice deletes the adopted trail, whose name is not the spec's.
func TestDeletedAdoptedTrail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouseOf(t, "\nversion: 1\nhome_region: eu-west-1\nregions: {include: [eu-west-1]}\ncloudtrail: {}\n", false)
		sims3.Edit(h.acct, func(s *sims3.State) { s.Buckets["corp-logs"] = &sims3.Bucket{Region: "eu-west-1"} })
		trailsim.Edit(h.acct, "eu-west-1", func(s *trailsim.State) {
			s.Trails["corp"] = &trailsim.Trail{Bucket: "corp-logs", Global: true, MultiRegion: true, Validation: true, Logging: true}
		})
		p, err := h.engine.Plan(t.Context(), h.spec)
		require.NoError(t, err)
		_, err = h.engine.Apply(t.Context(), p, apply.Options{Approved: func(resource.ID) bool { return true }})
		require.NoError(t, err)
		time.Sleep(10 * time.Minute)
		_, err = awscloudtrail.NewFromConfig(h.as("AKIAALICE", "eu-west-1")).DeleteTrail(t.Context(), &awscloudtrail.DeleteTrailInput{Name: aws.String("corp")})
		require.NoError(t, err)
		time.Sleep(10 * time.Minute)
		for _, i := range h.drift().Items {
			if i.Address.Kind == "cloudtrail.trail" {
				require.Equal(t, drift.Gone, i.Status)
				assert.Equal(t, "DeleteTrail of corp", i.Fields[0].By.Call())
			}
		}
	})
}
