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

// state is an account at one time.
type state struct {
	saved   []byte
	essence string
}

// in runs a scenario on an account in a state; the zero state is empty.
func (s *suite) in(t *testing.T, from state, options sandbox.Options, scenario func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		options.Regions = Regions()
		w := &world{T: t, suite: s, acct: sandbox.New(options, s.Simulators...)}
		w.restore(from)
		scenario(w)
		s.calls.add(w.acct.Calls())
	})
}

// parallel runs a scenario as a subtest beside others.
func (s *suite) parallel(t *testing.T, name string, from state, scenario func(w *world)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		s.in(t, from, sandbox.Options{}, scenario)
	})
}

func (w *world) restore(to state) {
	w.Helper()
	if to.saved != nil {
		require.NoError(w, w.acct.Load(bytes.NewReader(to.saved)))
	}
}

func (w *world) save() state {
	w.Helper()
	var b bytes.Buffer
	require.NoError(w, w.acct.Save(&b))
	return state{b.Bytes(), w.suite.essence(w.T, w.acct)}
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

// looksLike requires the account to be as it was in a state, but for points in
// time. Where that was in sync, this is too.
func (w *world) looksLike(then state) {
	w.Helper()
	if now := w.suite.essence(w.T, w.acct); now != then.essence { // comparing for a report is slow
		require.Equal(w, then.essence, now)
	}
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
