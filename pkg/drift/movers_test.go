package drift_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsguardduty "github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// stale plans while the trail does not log, lets people act, and looks what of
// the plan does not hold any more.
func (h *house) stale(act func()) []apply.Step {
	h.t.Helper()
	h.stopLogging("AKIAALICE")
	h.updateDetector("AKIAALICE", "us-east-1", func(i *awsguardduty.UpdateDetectorInput) { i.Enable = aws.Bool(false) })
	time.Sleep(time.Minute)
	p, err := h.engine.Plan(h.t.Context(), h.spec)
	require.NoError(h.t, err)
	require.Equal(h.t, 2, p.Summary().Changes())
	time.Sleep(time.Minute)
	act()
	h.acct.ResetCalls()
	stale, err := h.engine.Stale(h.t.Context(), p)
	require.NoError(h.t, err)
	assert.Empty(h.t, h.acct.Writes())
	return stale.Steps
}

func TestWhoMovedWhatWasPlannedIsNamed(t *testing.T) {
	in(t, true, func(h *house) {
		steps := h.stale(func() {
			h.updateDetector("AKIABOB", "us-east-1", func(i *awsguardduty.UpdateDetectorInput) { i.FindingPublishingFrequency = "ONE_HOUR" })
		})
		require.Len(t, steps, 1, "the trail is as it was planned")
		assert.Equal(t, "the live state moved since the plan (finding_publishing_frequency); plan again", steps[0].Reason)
		require.Len(t, steps[0].Movers, 1)
		assert.Equal(t, "AKIABOB", steps[0].Movers[0].AccessKey)
		assert.Contains(t, steps[0].Movers[0].String(), "arn:aws:iam::123456789012:user/bob with UpdateDetector at 2")
	})
}

func TestEveryMoveOfWhatIsManagedIsNamed(t *testing.T) {
	in(t, true, func(h *house) {
		h.updateDetector("AKIAALICE", "us-east-1", func(i *awsguardduty.UpdateDetectorInput) { i.FindingPublishingFrequency = "ONE_HOUR" })
		steps := h.stale(func() {
			h.updateDetector("AKIABOB", "us-east-1", func(i *awsguardduty.UpdateDetectorInput) { i.FindingPublishingFrequency = "SIX_HOURS" })
		})
		require.Len(t, steps, 1)
		assert.Contains(t, steps[0].Reason, "(finding_publishing_frequency)")
		assert.Len(t, steps[0].Movers, 1)
	})
}

func TestMoversThatAreNotOnRecordAreLeftOut(t *testing.T) {
	in(t, true, func(h *house) {
		steps := h.stale(func() {
			h.updateDetector("AKIABOB", "us-east-1", func(i *awsguardduty.UpdateDetectorInput) { i.FindingPublishingFrequency = "ONE_HOUR" })
			h.acct.Inject(sandbox.Fault{Kind: sandbox.Deny, Service: "cloudtrail", Operation: "LookupEvents"})
		})
		require.Len(t, steps, 1)
		assert.Equal(t, apply.Stale, steps[0].Outcome)
		assert.Empty(t, steps[0].Movers)
	})
}
