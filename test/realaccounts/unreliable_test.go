package realaccounts

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/engine"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/render"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/services"
	"github.com/kiso-cli/kiso/pkg/spec"
)

// bubble is an account and a run on it in a bubble of testing/synctest, where
// an hour of waiting takes no time.
type bubble struct {
	testing.TB
	*sandbox.Account
	progress bytes.Buffer
}

func newBubble(t testing.TB, o sandbox.Options) *bubble {
	if o.Regions == nil {
		o.Regions = three()
	}
	return &bubble{TB: t, Account: sandbox.New(o, services.Simulators()...)}
}

func (b *bubble) engine() (*engine.Engine, *spec.Spec) {
	b.Helper()
	s, err := engine.Decode(services.All(), "kiso.yaml", []byte(strings.ReplaceAll(everything, "HOME", "eu-west-1")))
	require.NoError(b, err)
	cfg := b.Config(s.HomeRegion)
	e, err := engine.Open(b.Context(), services.All(), "test", awsx.Options{Base: &cfg, Region: s.HomeRegion}, "")
	require.NoError(b, err)
	return e, s
}

func (b *bubble) plan() *plan.Plan {
	b.Helper()
	e, s := b.engine()
	p, err := e.Plan(b.Context(), s)
	require.NoError(b, err)
	return p
}

// run plans and applies.
func (b *bubble) run() *apply.Result {
	b.Helper()
	e, s := b.engine()
	p, err := e.Plan(b.Context(), s)
	require.NoError(b, err)
	for _, c := range p.Changes {
		require.NotEqual(b, "blocked", string(c.Action), "%s: %s", c.ID, c.Reason)
	}
	text := render.NewApplyText(&bytes.Buffer{}, &b.progress, false, false)
	result, err := e.Apply(b.Context(), p, apply.Options{Events: text.Event})
	require.NoError(b, err)
	return result
}

// settled checks that nothing is left to do.
func (b *bubble) settled() {
	b.Helper()
	summary := b.plan().Summary()
	assert.Zero(b, summary.Changes()+summary.Blocked)
}

// TestAStorm throws 60 throttles and 40 other faults at calls drawn by lot: one
// run gets through, leaves what a quiet one leaves, and does not take for ever.
func TestAStorm(t *testing.T) {
	for seed := range uint64(25) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				quiet := newBubble(t, sandbox.Options{})
				require.NoError(t, quiet.run().Err())
				calls := len(quiet.Calls())

				b := newBubble(t, sandbox.Options{})
				lot := rand.New(rand.NewPCG(seed, 1))
				for i := range 100 {
					f := sandbox.Fault{Skip: lot.IntN(calls), Times: 1, AfterEffect: lot.IntN(2) == 0}
					if i >= 60 {
						f.Kind = []sandbox.Kind{sandbox.InternalError, sandbox.CutConnection, sandbox.Hang}[lot.IntN(3)]
					}
					b.Inject(f)
				}
				start := time.Now()
				result := b.run()
				require.NoError(t, result.Err(), "%s", b.progress.String())
				assert.Less(t, time.Since(start), 5*time.Minute)
				t.Logf("took %s", time.Since(start))
				b.ClearFaults()
				b.settled()
				assert.Equal(t, essence(t, quiet.Account), essence(t, b.Account))
			})
		})
	}
}

// TestAWSIsSlow has reads and other services see writes late, both at once: one
// run waits that out, says so, and writes nothing twice.
func TestAWSIsSlow(t *testing.T) {
	for _, o := range []sandbox.Options{
		{Propagation: 40 * time.Second},
		{ReadLag: 40 * time.Second},
		{ReadLag: 40 * time.Second, Propagation: time.Minute},
	} {
		t.Run(fmt.Sprintf("reads %s, services %s", o.ReadLag, o.Propagation), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBubble(t, o)
				start := time.Now()
				require.NoError(t, b.run().Err(), "%s", &b.progress)
				assert.Less(t, time.Since(start), 5*time.Minute)
				assert.Contains(t, b.progress.String(), "Still creating...")
				written := map[string]int{}
				for _, c := range b.Writes() {
					if c.Effective {
						written[c.Region+" "+c.Operation+" "+string(c.Params)]++
					}
				}
				for what, times := range written {
					assert.Equal(t, 1, times, what)
				}
				time.Sleep(time.Minute)
				b.settled()
			})
		})
	}
}

// TestDroppedWrites has AWS accept a write and do nothing: that is found out,
// and the fields are named.
func TestDroppedWrites(t *testing.T) {
	for operation, want := range map[string][]string{
		"CreateDetector":           {"guardduty.detector/eu-west-1/detector", "status", "finding_publishing_frequency"},
		"StartLogging":             {"cloudtrail.trail/eu-west-1/kiso", "logging"},
		"PutBucketPolicy":          {"cloudtrail.bucket_policy/eu-west-1/kiso", "statements.AWSCloudTrailWrite20150319"},
		"PutConfigurationRecorder": {"config.recorder/us-east-1/recorder", "role_arn"},
		"PutRule":                  {"root_login_alarm.rule/us-east-1/kiso-root-login", "event_pattern"},
	} {
		t.Run(operation, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBubble(t, sandbox.Options{})
				b.Inject(sandbox.Fault{Operation: operation, Kind: sandbox.Drop})
				err := b.run().Err()
				require.Error(t, err)
				for _, words := range append(want, string(apply.Diverged), "AWS accepted the change, but", "run apply again") {
					assert.ErrorContains(t, err, words)
				}
				b.ClearFaults()
				require.NoError(t, b.run().Err())
				b.settled()
			})
		})
	}
}
