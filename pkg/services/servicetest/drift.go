package servicetest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/internal/diff"
	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
)

type field = diff.Field

// drift is one way in which the account can come off the spec.
type drift struct {
	id     resource.ID
	path   string // "" is the resource itself: it is taken away
	tamper Tamper
}

func (d drift) String() string { return strings.TrimSuffix(d.id.String()+" "+d.path, " ") }

// findDrifts pairs the leaves of the plan of an empty account with the case's
// functions; what has no partner fails the test.
func (s *suite) findDrifts(t *testing.T) []drift {
	t.Helper()
	var drifts []drift
	var missing []string
	used := map[string]bool{}
	for _, c := range s.empty.Changes {
		if !s.own(c.ID) {
			continue
		}
		leaves := s.leaves(t, c)
		for _, path := range leaves {
			if s.entry(c.ID, path) == "" {
				missing = append(missing, drift{id: c.ID, path: path}.String())
			}
		}
		for _, path := range s.paths(c.ID) {
			key := s.entry(c.ID, path)
			if path != "" && !slices.ContainsFunc(leaves, func(leaf string) bool { return below(leaf, path) }) {
				continue
			}
			used[key] = true
			if tamper := s.Drift[key]; tamper != nil {
				drifts = append(drifts, drift{c.ID, path, tamper})
			}
		}
	}
	require.Empty(t, missing, "leaves without a function in Drift")
	for key := range s.Drift {
		require.True(t, used[key], "the entry %q in Drift is of no leaf", key)
	}
	require.NotEmpty(t, drifts)
	return drifts
}

// entry returns the key in Drift for a path of a resource; "" if there is none.
func (s *suite) entry(id resource.ID, path string) string {
	for _, key := range slices.Sorted(maps.Keys(s.Drift)) {
		address, of, _ := strings.Cut(key, " ")
		if of == path && globs(address, id.String()) {
			return key
		}
	}
	return ""
}

// paths returns the paths that Drift has for a resource.
func (s *suite) paths(id resource.ID) []string {
	paths := map[string]bool{}
	for key := range s.Drift {
		if address, path, _ := strings.Cut(key, " "); globs(address, id.String()) {
			paths[path] = true
		}
	}
	return slices.Sorted(maps.Keys(paths))
}

func globs(pattern, text string) bool {
	expression := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*")
	return regexp.MustCompile("^" + expression + "$").MatchString(text)
}

// leafDrifts are those that leave everything in its place, so that they can be
// made together: of a leaf and what it is part of, only the leaf.
func (s *suite) leafDrifts() []drift {
	var leaves []drift
	for _, d := range s.drifts {
		within := func(o drift) bool { return o.id == d.id && o.path != d.path && below(o.path, d.path) }
		if d.path != "" && !slices.ContainsFunc(s.drifts, within) {
			leaves = append(leaves, d)
		}
	}
	return leaves
}

// samples are leaf drifts of one region each, the home region if it has them.
func (s *suite) samples() []drift {
	var samples []drift
	seen := map[string]bool{}
	leaves := s.leafDrifts()
	slices.SortStableFunc(leaves, func(a, b drift) int { return abroad(a) - abroad(b) })
	for _, d := range leaves {
		if like := fmt.Sprintf("%s/%s %s", d.id.Kind, d.id.Name, d.path); !seen[like] {
			seen[like] = true
			samples = append(samples, d)
		}
	}
	return samples
}

func abroad(d drift) int {
	if d.id.Scope == Home {
		return 0
	}
	return 1
}

func (s *suite) tamperAll(acct *sandbox.Account) {
	for _, d := range s.leafDrifts() {
		d.tamper(acct, d.id)
	}
}

// eachLeaf tampers with one leaf at a time: the plan names that one and no
// other, apply repairs it, and nothing else has changed then.
func (s *suite) eachLeaf(t *testing.T) {
	for _, d := range s.drifts {
		s.parallel(t, d.String(), s.lived, func(w *world) {
			d.tamper(w.acct, d.id)
			p := w.plan()
			w.names(p, d)
			w.good(w.apply(p))
			if d.path == "" { // what is made again has another generated id
				w.inSync()
				return
			}
			w.looksLike(s.lived)
		})
	}
}

// names requires the plan to show exactly a drift. Where a resource was taken
// away, those that rest on it may have gone with it.
func (w *world) names(p *plan.Plan, d drift) {
	w.Helper()
	gone := map[resource.ID]bool{}
	for _, c := range p.Changes {
		switch {
		case c.ID == d.id && d.path == "":
			require.Equal(w, resource.Create, c.Action, "%s was taken away", c.ID)
		case c.ID == d.id:
			require.Equal(w, resource.Update, c.Action, "%s was tampered with", c.ID)
			require.Equal(w, []string{d.path}, paths(c.Fields), describe(c))
		case d.path == "" && c.Action == resource.Create && rests(c, d.id, gone):
			gone[c.ID] = true
		default:
			require.Equal(w, resource.None, c.Action, "%s was left alone: %s%s", c.ID, describe(c), c.Reason)
		}
	}
}

// rests says whether a change needs a resource, or one that went with it.
func rests(c resource.Change, on resource.ID, gone map[resource.ID]bool) bool {
	return slices.ContainsFunc(c.Needs, func(r resource.Ref) bool { return r.ID == on || gone[r.ID] })
}

func paths(fields []field) []string {
	var list []string
	for _, f := range fields {
		list = append(list, f.Path)
	}
	return list
}

// stricterSurvives tampers with one leaf in an account that is better than the
// spec elsewhere: what is better stays, and so does what is foreign.
func (s *suite) stricterSurvives(t *testing.T) {
	if s.Stricter == nil {
		t.Skip("nothing of this service can be stricter than its spec")
	}
	var stricter state
	s.in(t, s.lived, sandbox.Options{}, func(w *world) {
		s.Stricter(w.acct)
		stricter = w.save()
		require.NotEqual(w, s.lived.essence, stricter.essence, "Stricter changes something")
		w.inSync()
	})
	for _, d := range s.leafDrifts() {
		s.parallel(t, d.String(), s.lived, func(w *world) {
			d.tamper(w.acct, d.id)
			s.Stricter(w.acct) // where it is about the same leaf, nothing is left to repair
			w.good(w.apply(w.plan()))
			w.looksLike(stricter)
		})
	}
}

// pagesAndForeign goes from nothing to a repair of everything at once, with
// lists that come in pieces and backwards.
func (s *suite) pagesAndForeign(t *testing.T) {
	s.in(t, s.nothing, sandbox.Options{PageSize: 1, Reversed: true, EmptyFirst: true}, func(w *world) {
		w.run()
		w.inSync()
		w.looksLike(s.applied)
		if s.Foreign != nil {
			s.Foreign(w.acct)
			w.inSync()
		}
		s.tamperAll(w.acct)
		w.run()
		w.inSync()
		w.looksLike(s.lived)
	})
}

// droppedWrites loses writes that AWS accepts: the result says so, and names
// the field.
func (s *suite) droppedWrites(t *testing.T) {
	for _, c := range distinct(s.writes, operationOf) {
		s.parallel(t, "creation without "+c.Service+" "+c.Operation, s.nothing, func(w *world) {
			w.acct.Inject(sandbox.Fault{Kind: sandbox.Drop, Service: c.Service, Operation: c.Operation})
			result := w.apply(s.empty)
			if result.Err() == nil { // a write that makes no difference
				w.looksLike(s.applied)
				return
			}
			require.NotZero(w, result.Count(apply.Diverged))
			require.Zero(w, result.Count(apply.Failed), "%v", result.Err())
		})
	}
	for _, d := range s.samples() {
		s.parallel(t, d.String(), s.lived, func(w *world) {
			d.tamper(w.acct, d.id)
			w.acct.Inject(sandbox.Fault{Kind: sandbox.Drop, WritesOnly: true})
			w.lost(w.apply(w.plan()), d)
		})
	}
}

// lost requires that the one step of a repair ended badly and says of what.
func (w *world) lost(result *apply.Result, d drift) {
	w.Helper()
	require.Error(w, result.Err())
	require.Len(w, result.Steps, 1)
	step := result.Steps[0]
	require.Equal(w, d.id, step.ID)
	require.Equal(w, apply.Diverged, step.Outcome, step.Reason)
	require.Equal(w, []string{d.path}, paths(step.Fields))
	require.Contains(w, step.Reason, d.path, fmt.Sprintf("%s: the reason names the field", d))
}
