package apply_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/internal/diff"
	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/resource"
)

var one = map[string][]resource.Ref{"a": nil}

// only plans and applies one lamp in a bubble.
func only(t *testing.T, h *house, o apply.Options) (step apply.Step, took time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		changes := h.plan(t, one)
		start := time.Now()
		steps, _ := h.run(t, t.Context(), changes, o)
		step, took = steps["a"], time.Since(start)
	})
	return step, took
}

func TestAWriteIsReadBack(t *testing.T) {
	h := newHouse(map[string]lamp{"a": {Colour: "blue", Tags: map[string]string{"team": "blue"}}})
	step, took := only(t, h, apply.Options{})
	assert.Equal(t, apply.Applied, step.Outcome)
	assert.Equal(t, resource.Update, step.Action)
	assert.Zero(t, took)
	assert.Equal(t, lamp{Colour: "red", Level: 3, Tags: map[string]string{"team": "blue"}}, h.lamps["a"])
}

func TestDeclaredErrorsAreRetriedWithinABound(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		bound time.Duration
	}{
		"a code":                      {awsError("TooDark", "wait"), resource.DefaultRetryFor},
		"a code with its message":     {awsError("NotNow", "it is settling"), resource.DefaultRetryFor},
		"pending":                     {resource.Pending("not ready"), resource.DefaultRetryFor},
		"a kind with its own bound":   {awsError("TooDark", "wait"), 10 * time.Minute},
		"an undeclared code":          {awsError("TooBright", "no"), 0},
		"a code with another message": {awsError("NotNow", "never"), 0},
		"no error of AWS":             {errors.New("TooDark"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(nil)
			if c.bound != resource.DefaultRetryFor {
				h.kind.Settle.RetryFor = c.bound
			}
			h.change = func(context.Context, string, int) error { return c.err }
			step, took := only(t, h, apply.Options{})
			assert.Equal(t, apply.Failed, step.Outcome)
			assert.ErrorIs(t, step.Err, c.err)
			if c.bound == 0 {
				assert.Len(t, h.written, 1)
				assert.Zero(t, took)
				return
			}
			assert.GreaterOrEqual(t, took, c.bound)
			assert.Less(t, took, c.bound+10*time.Second)
			assert.Contains(t, step.Reason, "still so after "+c.bound.String())
			assert.Greater(t, len(h.written), 10)
			assert.Equal(t, apply.Waiting, h.events[1].Type)
			assert.NotEmpty(t, h.events[1].Message)
		})
	}
}

func TestAPassingErrorPasses(t *testing.T) {
	h := newHouse(nil)
	h.change = func(_ context.Context, _ string, n int) error {
		if n < 4 {
			return awsError("TooDark", "wait")
		}
		return nil
	}
	step, took := only(t, h, apply.Options{})
	assert.Equal(t, apply.Applied, step.Outcome)
	assert.Len(t, h.written, 4)
	assert.Less(t, took, 10*time.Second)
}

func TestARetryLooksBeforeItWritesAgain(t *testing.T) {
	h := newHouse(nil)
	h.done = func(context.Context, string, int) error { return awsError("TooDark", "the answer was lost") }
	step, _ := only(t, h, apply.Options{Exact: true})
	assert.Equal(t, apply.Applied, step.Outcome)
	assert.Len(t, h.written, 1, "what is in place is not made twice")
}

// What was created and cannot be seen yet is waited for, not created again.
func TestWhatWasMadeIsNotMadeAgain(t *testing.T) {
	h := newHouse(nil)
	looks := 0
	h.seen = func(name string) (*lamp, error) {
		if looks++; looks < 6 {
			return nil, nil
		}
		return h.get(name), nil
	}
	h.done = func(_ context.Context, name string, n int) error {
		if n > 1 {
			return nil
		}
		h.lamps[name] = lamp{Colour: "blue"}
		return resource.Made(awsError("TooDark", "cannot be painted yet"))
	}
	step, _ := only(t, h, apply.Options{Exact: true})
	assert.Equal(t, apply.Applied, step.Outcome)
	assert.Equal(t, red, h.lamps["a"])
	assert.Len(t, h.written, 2, "created once, then painted")
}

// What AWS said it created and never shows is told so, and not created over and over.
func TestWhatWasMadeAndNeverShowsIsDiverged(t *testing.T) {
	h := newHouse(nil)
	h.lost = true
	h.done = func(context.Context, string, int) error { return resource.Made(awsError("TooDark", "there is none")) }
	step, took := only(t, h, apply.Options{})
	assert.Equal(t, apply.Diverged, step.Outcome, step.Reason)
	assert.Len(t, h.written, 1)
	assert.NotEmpty(t, step.Fields)
	assert.Contains(t, step.Reason, "reads still show none, and so no colour, level")
	assert.Less(t, took, resource.DefaultRetryFor+10*time.Second)
}

// Where nobody knows whether it was made, it is looked for before it is made again.
func TestWhatWasPerhapsMadeIsLookedFor(t *testing.T) {
	for name, c := range map[string]struct {
		happened bool
		writes   int
	}{"made": {true, 1}, "not made": {false, 2}} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(nil)
			h.change = func(_ context.Context, name string, n int) error {
				if n > 1 {
					return nil
				}
				if c.happened {
					time.AfterFunc(15*time.Second, func() { h.put(name, red) }) // reads lag
				}
				return resource.Unsure("the answer was lost")
			}
			step, took := only(t, h, apply.Options{Exact: true})
			assert.Equal(t, apply.Applied, step.Outcome, step.Reason)
			assert.Len(t, h.written, c.writes)
			assert.GreaterOrEqual(t, took, 15*time.Second)
		})
	}
}

func TestAHalfMadeChangeIsFinished(t *testing.T) {
	h := newHouse(nil)
	h.change = func(_ context.Context, name string, n int) error {
		if n == 1 {
			h.lamps[name] = lamp{Colour: "blue"}
			return awsError("TooDark", "wait")
		}
		return nil
	}
	step, _ := only(t, h, apply.Options{Exact: true})
	assert.Equal(t, apply.Applied, step.Outcome, "what this run did itself does not make it stale")
	assert.Equal(t, red, h.lamps["a"])
}

func TestReadsMayLagBehindTheWrite(t *testing.T) {
	h := newHouse(nil)
	var since time.Time
	h.done = func(context.Context, string, int) error { since = time.Now(); return nil }
	h.seen = func(name string) (*lamp, error) {
		if since.IsZero() || time.Since(since) < 40*time.Second {
			return nil, nil
		}
		return h.get(name), nil
	}
	step, took := only(t, h, apply.Options{})
	assert.Equal(t, apply.Applied, step.Outcome)
	assert.Len(t, h.written, 1, "it is not written again")
	assert.GreaterOrEqual(t, took, 40*time.Second)
	assert.Equal(t, "written; waiting for reads to show colour, level", h.events[1].Message)
}

// TestAWSIsBusyWithTheChange has a lamp that is as wanted and still warming up.
func TestAWSIsBusyWithTheChange(t *testing.T) {
	for name, c := range map[string]struct{ warm, took time.Duration }{
		"for a minute":          {time.Minute, time.Minute},
		"for longer than waits": {time.Hour, resource.DefaultVerifyFor},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(nil)
			var since time.Time
			h.done = func(context.Context, string, int) error { since = time.Now(); return nil }
			h.kind.Busy = func(lamp) string {
				if time.Since(since) < c.warm {
					return "the lamp to be warm"
				}
				return ""
			}
			step, took := only(t, h, apply.Options{})
			assert.Equal(t, apply.Applied, step.Outcome)
			assert.GreaterOrEqual(t, took, c.took)
			assert.Less(t, took, c.took+10*time.Second)
			assert.Equal(t, "written; waiting for the lamp to be warm", h.events[1].Message)
			assert.Equal(t, c.warm == time.Hour, step.Reason != "", "what it still waits for is said")
		})
	}
}

func TestAnAcceptedWriteThatDoesNotShowIsDiverged(t *testing.T) {
	for name, bound := range map[string]time.Duration{"default": 0, "own": 5 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(map[string]lamp{"a": {Colour: "red", Level: 1}})
			h.lost, h.kind.Settle.VerifyFor = true, bound
			step, took := only(t, h, apply.Options{})
			if bound == 0 {
				bound = resource.DefaultVerifyFor
			}
			assert.Equal(t, apply.Diverged, step.Outcome)
			assert.Equal(t, []diff.Field{{Path: "level", Before: 1, After: 3}}, step.Fields)
			assert.Contains(t, step.Reason, bound.String()+" later reads still show another value of level")
			assert.GreaterOrEqual(t, took, bound)
			assert.Less(t, took, bound+10*time.Second)
			assert.Len(t, h.written, 1)
		})
	}
}

func TestReadBackThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		live    *lamp
		err     error
		outcome apply.Outcome
		reason  string
		within  time.Duration
	}{
		"not readable":            {nil, errors.New("the fuse is out"), apply.Failed, "written, but it could not be read back: the fuse is out", 2 * time.Minute},
		"managed by somebody now": {&lamp{}, resource.ManagedBy("the landlord", "theirs"), apply.Diverged, "written, but it is managed by the landlord: theirs", 2 * time.Minute},
		"managed as wanted":       {&red, resource.ManagedBy("the landlord", "theirs"), apply.Applied, "", time.Second},
		"not allowed to look":     {nil, awsError("AccessDenied", "no"), apply.Failed, "written, but it could not be read back: denied: no", 30 * time.Second},
		"signed out": {nil, awsError("ExpiredToken", "late"), apply.Failed,
			"written, but it could not be read back: refused the credentials: they have expired; sign in again and run again", time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(nil)
			h.seen = func(string) (*lamp, error) {
				if len(h.written) == 0 {
					return nil, nil
				}
				return c.live, c.err
			}
			step, took := only(t, h, apply.Options{})
			assert.Equal(t, c.outcome, step.Outcome)
			assert.Equal(t, c.reason, strings.Join(strings.Fields(step.Reason), " "))
			assert.Less(t, took, c.within)
		})
	}
}

func TestIrreversibleStepsAreApprovedByName(t *testing.T) {
	risky := func() *house {
		h := newHouse(nil)
		h.kind.Risk = func(d resource.Delta[lamp]) []resource.Risk {
			return []resource.Risk{{Kind: "cost", Text: "it burns"}, {Kind: resource.Irreversible, Text: "it cannot be put out"}}
		}
		return h
	}
	h := risky()
	steps, result := h.run(t, t.Context(), h.plan(t, map[string][]resource.Ref{"a": nil, "b": {resource.Needs(id("a"))}}), apply.Options{})
	assert.Equal(t, map[string]apply.Outcome{"a": apply.NotApproved, "b": apply.Skipped}, outcomes(steps))
	assert.Equal(t, "it cannot be put out; approve it with --allow-irreversible=house.lamp/global/a", steps["a"].Reason)
	assert.Error(t, result.Err())
	assert.Empty(t, h.written)
	for _, e := range h.events {
		assert.NotEqual(t, apply.Started, e.Type, "what is not approved is not begun")
	}

	h = risky()
	steps, _ = h.run(t, t.Context(), h.plan(t, map[string][]resource.Ref{"a": nil, "b": nil}), apply.Options{
		Approved: func(r resource.ID) bool { return r == id("a") },
	})
	assert.Equal(t, map[string]apply.Outcome{"a": apply.Applied, "b": apply.NotApproved}, outcomes(steps))
	assert.Equal(t, []string{"a"}, h.written)
}

func TestWhatIsAsWantedByNowIsConverged(t *testing.T) {
	for _, exact := range []bool{false, true} {
		h := newHouse(nil)
		changes := h.plan(t, one)
		h.lamps["a"] = red
		steps, result := h.run(t, t.Context(), changes, apply.Options{Exact: exact})
		assert.Equal(t, apply.Converged, steps["a"].Outcome)
		assert.NoError(t, result.Err())
		assert.Empty(t, h.written)
	}
}

// TestTheLiveStateMoved plans for one live state and applies to another.
func TestTheLiveStateMoved(t *testing.T) {
	dim := lamp{Colour: "red", Level: 1}
	for name, c := range map[string]struct {
		planned, now lamp
		exact, rough apply.Outcome
		moved        []diff.Field
	}{
		"less is left to do": {
			lamp{Colour: "blue", Level: 1}, dim, apply.Stale, apply.Applied,
			[]diff.Field{{Path: "colour", Before: "blue", After: "red"}},
		},
		"another way to the same end": {
			lamp{Colour: "red", Level: 2}, dim, apply.Stale, apply.Applied,
			[]diff.Field{{Path: "level", Before: 2, After: 1}},
		},
		"more is to be done": {
			dim, lamp{Colour: "blue", Level: 1}, apply.Stale, apply.Stale,
			[]diff.Field{{Path: "colour", Before: "red", After: "blue"}},
		},
		"what is not managed": {
			dim, lamp{Colour: "red", Level: 1, Tags: map[string]string{"team": "blue"}}, apply.Applied, apply.Applied, nil,
		},
	} {
		for exact, want := range map[bool]apply.Outcome{true: c.exact, false: c.rough} {
			t.Run(name, func(t *testing.T) {
				h := newHouse(map[string]lamp{"a": c.planned})
				changes := h.plan(t, one)
				h.lamps["a"] = c.now
				steps, result := h.run(t, t.Context(), changes, apply.Options{Exact: exact})
				step := steps["a"]
				assert.Equal(t, want, step.Outcome)
				if want != apply.Stale {
					return
				}
				assert.Error(t, result.Err())
				assert.Equal(t, c.moved, step.Fields)
				assert.Contains(t, step.Reason, "the live state moved since the plan ("+c.moved[0].Path+"); plan again")
				assert.Empty(t, h.written)
			})
		}
	}
}

func TestWhatCanNoLongerBeReadOrChanged(t *testing.T) {
	h := newHouse(nil)
	changes := h.plan(t, one)
	h.seen = func(string) (*lamp, error) { return nil, errors.New("the fuse is out") }
	steps, _ := h.run(t, t.Context(), changes, apply.Options{})
	assert.Equal(t, apply.Failed, steps["a"].Outcome)
	assert.Equal(t, "the fuse is out", steps["a"].Reason)

	h.seen = func(string) (*lamp, error) { return &lamp{}, resource.ManagedBy("the landlord", "theirs") }
	for _, exact := range []bool{false, true} {
		steps, result := h.run(t, t.Context(), changes, apply.Options{Exact: exact})
		assert.Equal(t, apply.ManagedElsewhere, steps["a"].Outcome)
		assert.Equal(t, "it is managed by the landlord now: theirs", steps["a"].Reason)
		assert.NoError(t, result.Err())
		assert.Empty(t, h.written)
	}
}

// Who decides may show only on the write. That is no error, and what needs the
// resource is left to them too.
func TestAWriteThatSomebodyElseDecidesAbout(t *testing.T) {
	h := newHouse(nil)
	h.change = func(_ context.Context, name string, _ int) error {
		return fmt.Errorf("switch: %w", resource.ManagedBy("the landlord", "theirs"))
	}
	steps, result := h.run(t, t.Context(), h.plan(t, map[string][]resource.Ref{
		"a": nil, "b": {resource.Needs(id("a"))}, "c": {resource.Needs(id("b"))},
	}), apply.Options{})
	assert.NoError(t, result.Err())
	assert.Zero(t, result.Bad())
	assert.Equal(t, "switch: managed by the landlord: theirs", steps["a"].Reason)
	assert.Equal(t, "needs house.lamp/global/a, which is managed elsewhere", steps["b"].Reason)
	assert.Equal(t, "needs house.lamp/global/b, which is managed elsewhere (because of house.lamp/global/a)", steps["c"].Reason)
	for _, step := range steps {
		assert.Equal(t, apply.ManagedElsewhere, step.Outcome)
	}
	assert.Equal(t, []string{"a"}, h.written)
}

// A look may be refused for a passing reason, as for a bucket that was made a
// moment ago. It is no write that was tried: who moves the state then makes the
// step stale.
func TestALookThatIsRefusedForAPassingReasonIsRepeated(t *testing.T) {
	for want, live := range map[apply.Outcome]lamp{apply.Applied: {Colour: "blue"}, apply.Stale: {Colour: "green"}} {
		h := newHouse(map[string]lamp{"a": {Colour: "blue"}})
		synctest.Test(t, func(t *testing.T) {
			changes := h.plan(t, one)
			looks := 0
			h.seen = func(name string) (*lamp, error) {
				if looks++; looks < 4 {
					return nil, awsError("TooDark", "wait")
				}
				h.lamps[name], h.seen = live, nil
				return &live, nil
			}
			steps, _ := h.run(t, t.Context(), changes, apply.Options{Exact: true})
			assert.Equal(t, want, steps["a"].Outcome, steps["a"].Reason)
		})
	}
}

// An interrupt while a step waits, and has written nothing, is as one before it.
func TestAStepThatWaitsIsNotBegunAfterAnInterrupt(t *testing.T) {
	h := newHouse(nil)
	synctest.Test(t, func(t *testing.T) {
		changes, stop := h.plan(t, one), make(chan struct{})
		h.seen = func(string) (*lamp, error) {
			close(stop)
			h.seen = nil
			return nil, awsError("TooDark", "wait")
		}
		steps, _ := h.run(t, t.Context(), changes, apply.Options{Stop: stop})
		assert.Equal(t, apply.NotStarted, steps["a"].Outcome)
		assert.Empty(t, h.written)
	})
}

// saved returns the change as a plan file gives it back: values are what JSON
// decodes to.
func saved(t *testing.T, c resource.Change) resource.Change {
	t.Helper()
	data, err := json.Marshal(c.Fields)
	require.NoError(t, err)
	c.Fields = nil
	require.NoError(t, json.Unmarshal(data, &c.Fields))
	return c
}

// TestASavedPlanIsAPromise edits one part of a saved change and leaves the rest:
// reviewers saw something else than would be done.
func TestASavedPlanIsAPromise(t *testing.T) {
	for name, edit := range map[string]func(*resource.Change){
		"wanted": func(c *resource.Change) { c.Want = json.RawMessage(`{"colour":"red","level":9}`) },
		"live":   func(c *resource.Change) { c.Before = json.RawMessage(`{"colour":"red","level":2}`) },
		"shown":  func(c *resource.Change) { c.Fields = nil },
		"after":  func(c *resource.Change) { c.After = json.RawMessage(`{"colour":"red","level":9}`) },
		"print":  func(c *resource.Change) { c.Fingerprint = "sha256:00" },
		"broken": func(c *resource.Change) { c.Before = json.RawMessage(`[]`) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(map[string]lamp{"a": {Colour: "red", Level: 1}})
			change := saved(t, h.plan(t, one)[0])
			edit(&change)
			o := apply.Options{Exact: true, Registry: resource.NewRegistry([]*resource.Service{{Kinds: []resource.KindInfo{h.kind}}})}
			_, err := apply.Run(t.Context(), []resource.Change{change}, o)
			assert.ErrorContains(t, err, "house.lamp/global/a: the ")
			_, err = apply.Check(t.Context(), []resource.Change{change}, o)
			assert.Error(t, err)
			assert.Empty(t, h.written)
		})
	}
}

// What a plan leaves out it does not show: a saved one does not make it, though it
// may be possible by now.
func TestASavedPlanDoesNotMakeWhatItLeftOut(t *testing.T) {
	h := newHouse(map[string]lamp{"a": {Colour: "blue", Level: 1}})
	h.kind.LeaveOut = func(context.Context, resource.Env, resource.Delta[lamp]) ([]string, []string, error) {
		return []string{"level"}, nil, nil
	}
	changes := h.plan(t, one)
	h.kind.LeaveOut = nil
	for _, exact := range []bool{true, false} {
		steps, _ := h.run(t, t.Context(), changes, apply.Options{Exact: exact})
		assert.Equal(t, apply.Stale, steps["a"].Outcome)
		assert.Equal(t, []diff.Field{{Path: "level", Before: 1, After: 3}}, steps["a"].Fields)
		assert.Empty(t, h.written)
	}
}

// TestSavedValuesCompareWithLiveOnes has values whose members JSON sorts.
func TestSavedValuesCompareWithLiveOnes(t *testing.T) {
	h := newHouse(map[string]lamp{"a": {Colour: "red", Level: 3, Plug: &plug{"F", false}}})
	r := h.kind.New(resource.Global, "a", "", lamp{Colour: "red", Level: 3, Plug: &plug{"F", true}})
	planned := saved(t, r.Plan(t.Context(), resource.Env{}))

	h.lamps["a"] = lamp{Colour: "blue", Level: 3, Plug: &plug{"F", false}}
	moved := r.Moved(planned, r.Plan(t.Context(), resource.Env{}))
	assert.Equal(t, []diff.Field{{Path: "colour", Before: "red", After: "blue"}}, moved, "the plug has not moved")

	h.lamps["a"] = lamp{Colour: "red", Level: 3, Plug: &plug{"F", false}}
	steps, _ := h.run(t, t.Context(), []resource.Change{planned}, apply.Options{Exact: true})
	assert.Equal(t, apply.Applied, steps["a"].Outcome, steps["a"].Reason)
	assert.True(t, h.lamps["a"].Plug.Earth)
}

// What cannot be read is left to the run, which says so of the step; what a change
// rests on must be there as it was.
func TestCheckNamesWhatWouldNotDoAsPlanned(t *testing.T) {
	h := newHouse(map[string]lamp{"moved": {Colour: "red", Level: 1}, "still": {Colour: "red", Level: 1}, "fixed": {Colour: "red", Level: 1}, "switch": red, "fuse": red, "idle": red})
	h.kind.Risk = func(resource.Delta[lamp]) []resource.Risk { return []resource.Risk{{Kind: resource.Irreversible}} }
	changes := h.plan(t, map[string][]resource.Ref{
		"moved": nil, "still": {resource.Needs(id("switch")), resource.Needs(id("fuse")), resource.After(id("idle"))}, "fixed": nil, "unread": nil, "owned": nil,
		"switch": nil, "fuse": nil, "idle": nil,
	})
	for i := range changes {
		changes[i] = saved(t, changes[i])
	}
	h.lamps["moved"] = lamp{Colour: "red", Level: 2}
	h.lamps["fixed"] = red
	h.lamps["switch"], h.lamps["idle"] = lamp{Colour: "red", Level: 1}, lamp{}
	h.seen = func(name string) (*lamp, error) {
		switch name {
		case "unread", "fuse":
			return nil, errors.New("no light")
		case "owned":
			return nil, resource.ManagedBy("the landlord", "theirs")
		}
		return h.get(name), nil
	}
	registry := resource.NewRegistry([]*resource.Service{{Kinds: []resource.KindInfo{h.kind}}})
	result, err := apply.Check(t.Context(), changes, apply.Options{Registry: registry})
	require.NoError(t, err)
	steps := byName(result)
	assert.Equal(t, map[string]apply.Outcome{"moved": apply.Stale, "owned": apply.Stale, "switch": apply.Stale, "fuse": apply.Stale}, outcomes(steps))
	assert.Equal(t, []diff.Field{{Path: "level", Before: 1, After: 2}}, steps["moved"].Fields)
	assert.Equal(t, "house.lamp/global/still needs it, and it is not as it was when that was planned (level); plan again", steps["switch"].Reason)
	assert.Equal(t, "house.lamp/global/still needs it, and it cannot be read any more: no light", steps["fuse"].Reason)
	assert.Empty(t, h.written)
}

// A write that is noticed if two runs make it comes after a random pause, which
// is longer once the run has seen that somebody else creates what it meant to.
func TestRunsKeepApart(t *testing.T) {
	pauses := func(company bool) (all []time.Duration) {
		for range 40 {
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(nil)
				changes := h.plan(t, map[string][]resource.Ref{"first": nil, "second": {resource.Needs(id("first"))}})
				if company {
					h.lamps["first"] = red
				}
				h.kind.Settle.Spread = time.Second
				began := time.Now()
				steps, _ := h.run(t, t.Context(), changes, apply.Options{})
				assert.Equal(t, apply.Applied, steps["second"].Outcome)
				all = append(all, time.Since(began)/2) // one pause each
			})
		}
		return all
	}
	assert.LessOrEqual(t, slices.Max(pauses(false)), time.Second)
	long := pauses(true)
	assert.Greater(t, slices.Max(long), time.Second)
	assert.LessOrEqual(t, slices.Max(long), 4*time.Second)
}
