package servicetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// eachWrite disturbs one write of the first apply at a time, before and after
// its effect. The next run finishes, and the account is then as if nothing had
// happened: nothing is missing and nothing is there twice.
func (s *suite) eachWrite(t *testing.T) {
	nth, seen := map[string]int{}, map[string]bool{}
	for _, c := range s.writes {
		at := placeOf(c)
		fault := sandbox.Fault{Service: c.Service, Operation: c.Operation, Region: c.Region, Skip: nth[at]}
		nth[at]++
		like := fmt.Sprintf("%s %d", operationOf(c), nth[at])
		again := seen[like] // in another region, where only the crash is tried
		seen[like] = true
		for when, after := range map[string]bool{"before": false, "after": true} {
			fault.AfterEffect = after
			s.parallel(t, like+" "+c.Region+" "+when, s.nothing, func(w *world) {
				w.killed(fault)
				if !again {
					w.outage(fault)
					w.hiccup(fault)
				}
			})
		}
	}
}

// killed ends the program at the write: nothing that it sends later arrives.
func (w *world) killed(at sandbox.Fault) {
	w.Helper()
	ctx, kill := context.WithCancel(w.Context())
	defer kill()
	at.Kind, at.Times, at.Do = sandbox.Hook, 1, func(sandbox.Call) { kill() }
	struck := w.acct.Inject(at)
	w.applyUntil(ctx, w.suite.empty)
	require.Equal(w, 1, struck.Hits(), "the write was reached")
	w.recovers()
}

// outage refuses the write for longer than anybody tries.
func (w *world) outage(at sandbox.Fault) {
	w.Helper()
	w.restore(w.suite.nothing)
	at.Kind = sandbox.InternalError
	struck := w.acct.Inject(at)
	result := w.apply(w.suite.empty)
	require.NotZero(w, struck.Hits(), "the write was reached")
	if !at.AfterEffect {
		require.Error(w, result.Err())
	}
	w.recovers()
}

// hiccup cuts the connection once: the same run gets over it.
func (w *world) hiccup(at sandbox.Fault) {
	w.Helper()
	w.restore(w.suite.nothing)
	at.Kind, at.Times = sandbox.CutConnection, 1
	w.acct.Inject(at)
	w.good(w.apply(w.suite.empty))
	w.looksLike(w.suite.applied)
}

func (w *world) recovers() {
	w.Helper()
	w.acct.ClearFaults()
	w.run()
	w.looksLike(w.suite.applied)
}

// eachRead denies one read operation at a time, in one region.
func (s *suite) eachRead(t *testing.T) {
	for _, c := range distinct(s.reads(t, s.lived), operationOf) {
		s.parallel(t, c.Action+" in place", s.lived, func(w *world) {
			before := w.plan().Changes
			w.acct.Inject(denial(c))
			w.closed(before, w.plan().Changes, c)
		})
	}
	for _, c := range distinct(s.reads(t, s.nothing), operationOf) {
		s.parallel(t, c.Action+" in an empty account", s.nothing, func(w *world) {
			w.acct.Inject(denial(c))
			p := w.plan()
			w.closed(s.empty.Changes, p.Changes, c)
			w.good(w.apply(p))
			w.acct.ClearFaults()
			w.run()
			w.looksLike(s.applied)
		})
	}
}

func denial(c sandbox.Call) sandbox.Fault {
	return sandbox.Fault{Kind: sandbox.Deny, Service: c.Service, Operation: c.Operation, Region: c.Region}
}

// reads returns the service's own reads of a plan.
func (s *suite) reads(t *testing.T, of state) []sandbox.Call {
	t.Helper()
	var calls []sandbox.Call
	s.in(t, of, sandbox.Options{}, func(w *world) {
		w.plan()
		calls = s.declared(w.acct.Calls(), reading)
	})
	return calls
}

// closed requires that a denied read blocks something, with the action as the
// reason, and that the rest is planned as it was before.
func (w *world) closed(before, now []resource.Change, c sandbox.Call) {
	w.Helper()
	require.Len(w, now, len(before))
	shut := map[resource.ID]bool{}
	for i, change := range now {
		require.Equal(w, before[i].ID, change.ID)
		if change.Action != resource.Blocked {
			require.Equal(w, before[i].Action, change.Action, "%s: %s%s", change.ID, describe(change), change.Reason)
			continue
		}
		shut[change.ID] = true
		require.Contains(w, strings.ToLower(change.Reason), strings.ToLower(c.Action), "%s says what was denied", change.ID)
		require.Contains(w, change.Reason, "; ", "%s says what to do", change.ID)
	}
	require.NotEmpty(w, shut, "something is blocked by it")
	for _, change := range before {
		restsOnShut := func(r resource.Ref) bool { return !r.After && shut[r.ID] }
		if change.Action.Changes() && slices.ContainsFunc(change.Needs, restsOnShut) {
			require.True(w, shut[change.ID], "%s rests on something that could not be read", change.ID)
		}
	}
}

// lag lets reads, and other services, see writes late.
func (s *suite) lag(t *testing.T) {
	const late = 40 * time.Second
	options := sandbox.Options{ReadLag: late, Propagation: late}
	s.in(t, s.nothing, options, func(w *world) {
		w.run()
		w.looksLike(s.applied)
		time.Sleep(late)
		w.inSync()
		w.looksLike(s.applied)
	})
	s.in(t, s.lived, options, func(w *world) {
		s.tamperAll(w.acct)
		w.run()
		time.Sleep(late)
		w.inSync()
		w.looksLike(s.lived)
	})
}

func operationOf(c sandbox.Call) string { return c.Service + " " + c.Operation }

func placeOf(c sandbox.Call) string { return operationOf(c) + " " + c.Region }

// distinct returns the first call of each name, in order.
func distinct(calls []sandbox.Call, name func(sandbox.Call) string) []sandbox.Call {
	seen := map[string]bool{}
	var first []sandbox.Call
	for _, c := range calls {
		if n := name(c); !seen[n] {
			seen[n] = true
			first = append(first, c)
		}
	}
	slices.SortFunc(first, func(a, b sandbox.Call) int { return strings.Compare(name(a), name(b)) })
	return first
}
