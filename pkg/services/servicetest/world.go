package servicetest

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/engine"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/spec"
)

// world is one account in a bubble of its own, and the means to run on it.
type world struct {
	*testing.T
	suite *suite
	acct  *sandbox.Account
}

// in runs a scenario on an account with a saved state (nil: empty).
func (s *suite) in(t *testing.T, state []byte, options sandbox.Options, scenario func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		options.Regions = Regions()
		w := &world{T: t, suite: s, acct: sandbox.New(options, s.Simulators...)}
		w.restore(state)
		scenario(w)
		s.calls.add(w.acct.Calls())
	})
}

// parallel runs a scenario as a subtest beside others.
func (s *suite) parallel(t *testing.T, name string, state []byte, scenario func(w *world)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		s.in(t, state, sandbox.Options{}, scenario)
	})
}

func (w *world) restore(state []byte) {
	w.Helper()
	if state != nil {
		require.NoError(w, w.acct.Load(bytes.NewReader(state)))
	}
}

func (w *world) save() []byte {
	w.Helper()
	var b bytes.Buffer
	require.NoError(w, w.acct.Save(&b))
	return b.Bytes()
}

// engine signs in anew, as each run of the program does.
func (w *world) engine() *engine.Engine {
	w.Helper()
	cfg := w.acct.Config(Home)
	e, err := engine.Open(w.Context(), w.suite.sections, "test", awsx.Options{Base: &cfg, Region: Home}, w.acct.AccountID())
	require.NoError(w, err)
	return e
}

func (w *world) spec() *spec.Spec {
	w.Helper()
	var head strings.Builder
	fmt.Fprintf(&head, "version: 1\nhome_region: %s\ntags:\n", Home)
	for k, v := range Tags {
		fmt.Fprintf(&head, "  %s: %s\n", k, v)
	}
	decoded, err := spec.Decode("kiso.yaml", []byte(head.String()+w.suite.Spec), engine.Sections(w.suite.sections))
	require.NoError(w, err)
	return decoded
}

// plan plans, which never writes.
func (w *world) plan() *plan.Plan {
	w.Helper()
	before := w.acct.Writes()
	p, err := w.engine().Plan(w.Context(), w.spec())
	require.NoError(w, err)
	require.Len(w, w.acct.Writes(), len(before), "planning writes nothing")
	return p
}

func (w *world) apply(p *plan.Plan) *apply.Result {
	w.Helper()
	return w.applyUntil(w.Context(), p)
}

func (w *world) applyUntil(ctx context.Context, p *plan.Plan) *apply.Result {
	w.Helper()
	result, err := w.engine().Apply(ctx, p, apply.Options{Approved: func(resource.ID) bool { return true }})
	require.NoError(w, err)
	return result
}

// run plans and applies, and all must end well.
func (w *world) run() {
	w.Helper()
	p := w.plan()
	require.Empty(w, blocked(p), "the plan is complete")
	w.good(w.apply(p))
}

func (w *world) good(result *apply.Result) {
	w.Helper()
	require.NoError(w, result.Err())
	require.Zero(w, result.Count(apply.Skipped))
}

// inSync requires that the plan is complete and empty.
func (w *world) inSync() {
	w.Helper()
	for _, c := range w.plan().Changes {
		require.Equal(w, resource.None, c.Action, "%s is not in sync: %s%s", c.ID, describe(c), c.Reason)
	}
}

// looksLike requires the account to be as a saved one, but for points in time.
func (w *world) looksLike(state []byte) {
	w.Helper()
	other := sandbox.New(sandbox.Options{Regions: Regions()}, w.suite.Simulators...)
	require.NoError(w, other.Load(bytes.NewReader(state)))
	require.Equal(w, w.suite.essence(w.T, other), w.suite.essence(w.T, w.acct))
}

func blocked(p *plan.Plan) []string {
	var lines []string
	for _, c := range p.Changes {
		if c.Action == resource.Blocked {
			lines = append(lines, c.ID.String()+": "+c.Reason)
		}
	}
	return lines
}

// describe says what a change is about to do.
func describe(c resource.Change) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s ", c.Action)
	for _, f := range c.Fields {
		fmt.Fprintf(&b, "%s: %v -> %v; ", f.Path, f.Before, f.After)
	}
	return b.String()
}
