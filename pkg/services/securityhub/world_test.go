package securityhub_test

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/config"
	"github.com/kiso-cli/kiso/pkg/sandbox/iam"
	sim "github.com/kiso-cli/kiso/pkg/sandbox/securityhub"
	"github.com/kiso-cli/kiso/pkg/sandbox/sts"
	"github.com/kiso-cli/kiso/pkg/services/securityhub"
)

const (
	home   = "ap-northeast-1"
	other  = "eu-west-1"
	fsbp   = "aws-foundational-security-best-practices/v/1.0.0"
	cis120 = "cis-aws-foundations-benchmark/v/1.2.0"
	nist   = "nist-800-53/v/5.0.0"
)

// world is a simulated account in which AWS Config records, and the section of a
// spec for it.
type world struct {
	t       *testing.T
	acct    *sandbox.Account
	session *awsx.Session
	section *securityhub.Section
	input   resource.Input

	mu     sync.Mutex
	waited []string // what apply said that it waited for
}

// in runs test in a world of its own where time costs nothing.
func in(t *testing.T, o sandbox.Options, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(newWorld(t, o)) })
}

func newWorld(t *testing.T, o sandbox.Options) *world {
	t.Helper()
	w := &world{t: t, acct: sandbox.New(o, sim.New(), config.New(), iam.New(), sts.New()), section: securityhub.Service.New().(*securityhub.Section)}
	regions := o.Regions
	if regions == nil {
		regions = sandbox.DefaultRegions(w.acct.Partition())
	}
	for _, region := range slices.Sorted(maps.Keys(regions)) {
		if regions[region] == sandbox.Disabled {
			continue
		}
		w.input.Regions = append(w.input.Regions, region)
		config.Edit(w.acct, region, func(s *config.State) { s.Recorder = &config.Recorder{Name: "default", Recording: true} })
	}
	w.input.HomeRegion = w.input.Regions[0]
	if w.acct.Partition() == "aws" {
		w.input.HomeRegion = home
	}
	cfg := w.acct.Config(w.input.HomeRegion)
	session, err := awsx.Open(t.Context(), awsx.Options{Region: w.input.HomeRegion, Base: &cfg})
	require.NoError(t, err)
	w.session = session
	w.input.Identity, w.input.Partition = session.Identity, session.Partition()
	w.input.Tags = map[string]string{"managed-by": "kiso"}
	w.acct.ResetCalls()
	return w
}

func (w *world) standards(names ...securityhub.Standard) { w.section.Standards = names }

func (w *world) expand() *resource.Declaration {
	d := &resource.Declaration{}
	w.section.Expand(w.input, d)
	return d
}

// plan makes a plan, and makes sure that this writes nothing.
func (w *world) plan() []resource.Change {
	w.t.Helper()
	before := len(w.acct.Writes())
	d := w.expand()
	require.Empty(w.t, d.Refusals)
	changes, err := plan.Build(w.t.Context(), resource.Env{Session: w.session, Reads: reads.New(), Regions: w.input.Regions}, d.Resources)
	require.NoError(w.t, err)
	require.Len(w.t, w.acct.Writes(), before, "a plan writes nothing")
	return changes
}

func (w *world) apply(changes []resource.Change) *apply.Result {
	w.t.Helper()
	return w.run(changes, apply.Options{})
}

func (w *world) run(changes []resource.Change, o apply.Options) *apply.Result {
	w.t.Helper()
	o.Session, o.Registry, o.Regions = w.session, resource.NewRegistry([]*resource.Service{securityhub.Service}), w.input.Regions
	o.Events = func(e apply.Event) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if e.Type == apply.Waiting {
			w.waited = append(w.waited, e.ID.String()+": "+e.Message)
		}
	}
	result, err := apply.Run(w.t.Context(), changes, o)
	require.NoError(w.t, err)
	return result
}

// settle plans and applies, which must go well, and forgets the calls.
func (w *world) settle() {
	w.t.Helper()
	require.NoError(w.t, w.apply(w.plan()).Err())
	w.inSync()
	w.acct.ResetCalls()
}

// inSync makes sure that a plan is empty and that applying it writes nothing.
func (w *world) inSync() {
	w.t.Helper()
	before := len(w.acct.Writes())
	changes := w.plan()
	assert.Empty(w.t, changed(changes))
	require.NoError(w.t, w.apply(changes).Err())
	assert.Len(w.t, w.acct.Writes(), before)
}

// changed maps the addresses that a plan would change to the paths that differ.
func changed(changes []resource.Change) map[string][]string {
	found := map[string][]string{}
	for _, c := range changes {
		if c.Action.Changes() {
			paths := []string{}
			for _, f := range c.Fields {
				paths = append(paths, f.Path)
			}
			found[c.ID.String()] = paths
		}
	}
	return found
}

func find(t *testing.T, changes []resource.Change, address string) resource.Change {
	t.Helper()
	for _, c := range changes {
		if c.ID.String() == address {
			return c
		}
	}
	require.Fail(t, "not in the plan", address)
	return resource.Change{}
}

func step(t *testing.T, result *apply.Result, address string) apply.Step {
	t.Helper()
	for _, s := range result.Steps {
		if s.ID.String() == address {
			return s
		}
	}
	require.Fail(t, "not in the result", address)
	return apply.Step{}
}

// subscribed returns the names of a region's standards.
func (w *world) subscribed(region string) []string {
	hub := sim.Get(w.acct, region).Hub
	if hub == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(hub.Standards))
}

func params(t *testing.T, c sandbox.Call) map[string]any {
	t.Helper()
	var p map[string]any
	require.NoError(t, json.Unmarshal(c.Params, &p))
	return p
}
