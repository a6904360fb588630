package servicetest

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// emptyAccount plans where nothing is: everything is to be made.
func (s *suite) emptyAccount(t *testing.T) {
	s.in(t, state{}, sandbox.Options{}, func(w *world) {
		p := w.plan()
		own := 0
		for _, c := range p.Changes {
			require.True(w, c.Action.Changes(), "%s: %s %s", c.ID, c.Action, c.Reason)
			if s.own(c.ID) {
				own++
			}
		}
		require.NotZero(w, own)
	})
}

// applyThenEmpty applies once: all is in place then, and a second apply has
// nothing to write.
func (s *suite) applyThenEmpty(t *testing.T) {
	s.in(t, state{}, sandbox.Options{}, func(w *world) {
		p := w.plan()
		result := w.apply(p)
		w.good(result)
		require.Equal(w, p.Summary().Changes(), result.Count(apply.Applied))
		w.inSync()
		before := len(w.acct.Writes())
		w.run()
		require.Len(w, w.acct.Writes(), before)
	})
}

// prepare finds out what the other rows rest on.
func (s *suite) prepare(t *testing.T) {
	t.Helper()
	s.in(t, state{}, sandbox.Options{}, func(w *world) {
		s.nothing = w.save()
		s.empty = w.plan()
		w.good(w.apply(s.empty))
		s.applied, s.writes = w.save(), s.declared(w.acct.Writes(), writing)
		if s.Foreign != nil {
			s.Foreign(w.acct)
			w.inSync()
		}
		s.lived = w.save()
	})
	s.drifts = s.findDrifts(t)
}

// planFile takes plans of all sorts through their file and back. Time stands
// still, so a second plan of the same account is the same to the byte.
func (s *suite) planFile(t *testing.T) {
	for name, disturb := range map[string]func(*sandbox.Account){
		"in sync": func(*sandbox.Account) {},
		"drifted": s.tamperAll,
		"blocked": func(a *sandbox.Account) { a.Inject(sandbox.Fault{Kind: sandbox.Deny, Region: Home, Skip: 3}) },
	} {
		s.parallel(t, name, s.lived, func(w *world) {
			disturb(w.acct)
			p := w.plan()
			w.roundTrips(p)
			if name != "blocked" { // the fault may have met either plan
				w.plansTheSame(p)
			}
		})
	}
	s.parallel(t, "empty account", s.nothing, func(w *world) {
		p := w.plan()
		w.plansTheSame(p)
		decoded := w.roundTrips(p)
		result, err := w.engine().Apply(w.Context(), decoded, apply.Options{Exact: true, Approved: func(resource.ID) bool { return true }})
		require.NoError(w, err)
		w.good(result)
		w.inSync()
		w.looksLike(s.applied)
	})
}

// roundTrips returns a plan as its file has it.
func (w *world) roundTrips(p *plan.Plan) *plan.Plan {
	w.Helper()
	first := encoded(w, p)
	decoded, err := plan.Decode(bytes.NewReader(first))
	require.NoError(w, err)
	require.Equal(w, string(first), string(encoded(w, decoded)))
	return decoded
}

func (w *world) plansTheSame(p *plan.Plan) {
	w.Helper()
	require.Equal(w, string(encoded(w, p)), string(encoded(w, w.plan())), "two plans of one account")
}

func encoded(w *world, p *plan.Plan) []byte {
	w.Helper()
	var b bytes.Buffer
	require.NoError(w, p.Encode(&b))
	return b.Bytes()
}
