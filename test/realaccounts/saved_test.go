package realaccounts

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/cli"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/config"
	"github.com/kiso-cli/kiso/pkg/sandbox/guardduty"
	"github.com/kiso-cli/kiso/pkg/sandbox/securityhub"
)

const standardsOnRecorder = "version: 1\nhome_region: HOME\nregions: {include: [eu-west-1]}\nconfig: {}\n"

// save plans into a file.
func (w *world) save() string {
	w.Helper()
	file := filepath.Join(w.TempDir(), "plan.json")
	require.Equal(w, 0, w.kiso("plan", "-f", w.spec, "--out", file).code)
	return file
}

// A standard that finds no recorder never heals by itself: a saved plan that rests
// on a recorder is stale when that has been stopped.
func TestASavedPlanRestsOnWhatWasThere(t *testing.T) {
	w := newWorld(t, sandbox.Options{})
	w.write(standardsOnRecorder)
	require.Equal(t, 0, w.apply().code)
	w.write(standardsOnRecorder + "securityhub: {}\n")
	plan := w.save()
	record := func(on bool) {
		config.Edit(w.Account, "eu-west-1", func(s *config.State) { s.Recorder.Recording = on })
	}
	record(false)
	before := len(w.Writes())
	r := w.kiso("apply", plan)
	assert.Equal(t, 1, r.code)
	assert.Contains(t, r.err, "plan.json is stale, nothing was changed; plan again")
	assert.Contains(t, r.err, "config.recording/eu-west-1/recording: securityhub.standards/eu-west-1/standards needs it, and it is not as it was when that was planned (recording); plan again")
	assert.Len(t, w.Writes(), before)
	record(true)
	assert.Equal(t, 0, w.kiso("apply", plan).code)
}

// Where Control Tower's recorder stands still, no standard is enabled that would
// stay incomplete for ever.
func TestStandardsWaitForTheRecorderOfOthers(t *testing.T) {
	w := newWorld(t, sandbox.Options{})
	w.write(standardsOnRecorder + "securityhub: {}\n")
	record := func(on bool) {
		config.Edit(w.Account, "eu-west-1", func(s *config.State) {
			s.Recorder = &config.Recorder{Name: "aws-controltower-BaselineConfigRecorder", RoleARN: "arn:aws:iam::123456789012:role/aws-controltower-ConfigRecorderRole", Group: config.Group{Strategy: "ALL_SUPPORTED_RESOURCE_TYPES"}, Recording: on}
			s.Channel = &config.Channel{Name: "aws-controltower-BaselineConfigDeliveryChannel", Bucket: "aws-controltower-logs-999988887777-eu-west-1"}
		})
	}
	record(false)
	r := w.apply()
	assert.Equal(t, 0, r.code)
	assert.Contains(t, strings.Join(strings.Fields(r.out), " "), "needs config.recording/eu-west-1/recording, which AWS Control Tower manages otherwise")
	assert.NotNil(t, securityhub.Get(w.Account, "eu-west-1").Hub)
	assert.Empty(t, securityhub.Get(w.Account, "eu-west-1").Hub.Standards)
	record(true)
	assert.Equal(t, 0, w.apply().code)
	assert.NotEmpty(t, securityhub.Get(w.Account, "eu-west-1").Hub.Standards)
}

// What cannot be read has not moved: the rest of a saved plan is carried out.
func TestASavedPlanAndAClosedDoor(t *testing.T) {
	w := newWorld(t, sandbox.Options{})
	plan := w.save()
	w.Inject(sandbox.Fault{Service: "guardduty", Region: "eu-north-1", Kind: sandbox.Deny, Reason: sandbox.DeniedBySCP})
	r := w.kiso("apply", plan)
	assert.Equal(t, 1, r.code)
	assert.NotContains(t, r.err, "stale")
	assert.Contains(t, strings.Join(strings.Fields(r.out), " "), "x guardduty.detector/eu-north-1/detector: failed")
	assert.Contains(t, r.out, "Error: 1 not applied, 0 blocked (see above).\nClear what stands in the way and run apply again: it goes on from here.")
	w.ClearFaults()
	assert.Equal(t, 0, w.kiso("apply", plan).code)
	assert.NotNil(t, guardduty.Get(w.Account, "eu-north-1").Detector)
}

// An interrupt while a saved plan is compared is one, and no stale plan.
func TestInterruptedBeforeASavedPlan(t *testing.T) {
	w := newWorld(t, sandbox.Options{})
	plan := w.save()
	stop := make(chan struct{})
	w.Inject(sandbox.Fault{Service: "guardduty", Kind: sandbox.Hook, Times: 1, Do: func(sandbox.Call) {
		close(stop)
		time.Sleep(10 * time.Millisecond) // the interrupt is noticed meanwhile
	}})
	var errs bytes.Buffer
	streams := cli.IO{In: strings.NewReader(""), Out: &bytes.Buffer{}, Err: &errs, Env: os.Getenv}
	assert.Equal(t, 130, cli.Run(t.Context(), stop, []string{"kiso", "apply", plan}, streams, "test"))
	assert.Contains(t, errs.String(), "Error: the account was not compared with "+plan+" to the end, nothing was changed")
	assert.NotContains(t, errs.String(), "stale")
	assert.Empty(t, w.Writes())
}
