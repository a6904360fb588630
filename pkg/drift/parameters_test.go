package drift_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awscloudtrail "github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox/events"
)

func (h *house) updateTrail(key string, input awscloudtrail.UpdateTrailInput) {
	input.Name = aws.String("kiso")
	_, err := awscloudtrail.NewFromConfig(h.as(key, "eu-west-1")).UpdateTrail(h.t.Context(), &input)
	require.NoError(h.t, err)
}

// UpdateTrail changes what it names: who used it for something else, later, is not
// who did it.
func TestAnUpdateOfATrailIsToBlameForWhatItNames(t *testing.T) {
	validation := func(on bool) awscloudtrail.UpdateTrailInput {
		return awscloudtrail.UpdateTrailInput{EnableLogFileValidation: aws.Bool(on)}
	}
	everywhere := awscloudtrail.UpdateTrailInput{IsMultiRegionTrail: aws.Bool(true), IncludeGlobalServiceEvents: aws.Bool(true)}
	for path, c := range map[string]struct {
		alice func(*house)
		bob   awscloudtrail.UpdateTrailInput
	}{
		"logging": {func(h *house) { h.stopLogging("AKIAALICE") }, validation(true)},
		"management_events": {func(h *house) {
			_, err := awscloudtrail.NewFromConfig(h.as("AKIAALICE", "eu-west-1")).PutEventSelectors(h.t.Context(), &awscloudtrail.PutEventSelectorsInput{
				TrailName: aws.String("kiso"), EventSelectors: []cttypes.EventSelector{{ReadWriteType: "WriteOnly", IncludeManagementEvents: aws.Bool(true)}},
			})
			require.NoError(h.t, err)
		}, validation(true)},
		"log_file_validation": {func(h *house) { h.updateTrail("AKIAALICE", validation(false)) }, everywhere},
	} {
		in(t, true, func(h *house) {
			c.alice(h)
			time.Sleep(10 * time.Minute)
			h.updateTrail("AKIABOB", c.bob)
			time.Sleep(10 * time.Minute)
			assert.Equal(t, map[string]string{"drifted cloudtrail.trail/eu-west-1/kiso " + path: "AKIAALICE"}, culprits(h.drift()))
		})
	}
}

// A target that was adopted had an id of its own, which nobody knows once it is gone.
func TestATargetOfAnotherIDThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouseOf(t, alarmSpec, true)
		events.Edit(h.acct, "us-east-1", func(s *events.State) { s.Rules[alarm].Targets[0].ID = "Id1234" })
		_, err := eventbridge.NewFromConfig(h.as("AKIAALICE", "us-east-1")).RemoveTargets(t.Context(), &eventbridge.RemoveTargetsInput{Rule: aws.String(alarm), Ids: []string{"Id1234"}})
		require.NoError(t, err)
		time.Sleep(10 * time.Minute)
		assert.Equal(t, map[string]string{"deleted root_login_alarm.target/us-east-1/kiso-root-login ": "AKIAALICE"}, culprits(h.drift()))
	})
}

// A rule may have targets of several people.
func TestWhoeverIsAtWorkBesideIsNotBlamed(t *testing.T) {
	rule, bobs := aws.String(alarm), aws.String("bobs")
	target := ebtypes.Target{Id: bobs, Arn: aws.String("arn:aws:sqs:us-east-1:123456789012:bobs")}
	for _, did := range []func(*house, *eventbridge.Client, *eventbridge.Client){
		func(h *house, alice, bob *eventbridge.Client) {
			ours := ebtypes.Target{Id: rule, Arn: aws.String(topic), InputTransformer: &ebtypes.InputTransformer{
				InputPathsMap: map[string]string{"account": "$.account"}, InputTemplate: aws.String(`"all is well <account>"`),
			}}
			_, err := alice.PutTargets(h.t.Context(), &eventbridge.PutTargetsInput{Rule: rule, Targets: []ebtypes.Target{ours}})
			require.NoError(h.t, err)
			time.Sleep(10 * time.Minute)
			_, err = bob.PutTargets(h.t.Context(), &eventbridge.PutTargetsInput{Rule: rule, Targets: []ebtypes.Target{target}})
			require.NoError(h.t, err)
		},
		func(h *house, alice, bob *eventbridge.Client) {
			_, err := bob.PutTargets(h.t.Context(), &eventbridge.PutTargetsInput{Rule: rule, Targets: []ebtypes.Target{target}})
			require.NoError(h.t, err)
			_, err = alice.RemoveTargets(h.t.Context(), &eventbridge.RemoveTargetsInput{Rule: rule, Ids: []string{*rule}})
			require.NoError(h.t, err)
			time.Sleep(10 * time.Minute)
			_, err = bob.RemoveTargets(h.t.Context(), &eventbridge.RemoveTargetsInput{Rule: rule, Ids: []string{*bobs}})
			require.NoError(h.t, err)
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := newHouseOf(t, alarmSpec, true)
			as := func(key string) *eventbridge.Client { return eventbridge.NewFromConfig(h.as(key, "us-east-1")) }
			did(h, as("AKIAALICE"), as("AKIABOB"))
			time.Sleep(10 * time.Minute)
			h.blames("AKIAALICE")
		})
	}
}
