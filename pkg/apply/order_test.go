package apply_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-multierror"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/resource"
)

func TestEachStepStartsAsSoonAsItsNeedsAreInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(nil)
		h.change = takes(map[string]time.Duration{"slow": 10 * time.Second, "quick": time.Second, "next": time.Second, "last": time.Second})
		changes := h.plan(t, map[string][]resource.Ref{
			"slow": nil, "quick": nil,
			"next": {resource.Needs(id("quick"))},
			"last": {resource.Needs(id("next")), resource.Needs(id("slow"))},
		})
		ended, start := map[string]time.Duration{}, time.Now()
		_, result := h.run(t, t.Context(), changes, apply.Options{Events: func(e apply.Event) {
			if e.Type == apply.Finished {
				ended[e.ID.Name] = time.Since(start)
			}
		}})
		require.NoError(t, result.Err())
		assert.Equal(t, 4, result.Count(apply.Applied))
		assert.Equal(t, 4, result.CountAction(resource.Create))
		assert.Equal(t, map[string]time.Duration{
			"quick": time.Second, "next": 2 * time.Second, "slow": 10 * time.Second, "last": 11 * time.Second,
		}, ended, "nobody waits for what it does not need")
	})
}

func TestWorkersBoundTheWritesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(nil)
		h.change = takes(map[string]time.Duration{"a": 1, "b": 1, "c": 1, "d": 1, "e": 1})
		changes := h.plan(t, map[string][]resource.Ref{"a": nil, "b": nil, "c": nil, "d": {resource.Needs(id("a"))}, "e": nil})
		_, result := h.run(t, t.Context(), changes, apply.Options{Workers: 2})
		require.NoError(t, result.Err())
		assert.Equal(t, 2, h.busiest)
	})
}

func TestWhatIsInPlaceIsNotWaitedFor(t *testing.T) {
	h := newHouse(map[string]lamp{"there": red})
	changes := h.plan(t, map[string][]resource.Ref{"there": nil, "new": {resource.Needs(id("there"))}})
	steps, result := h.run(t, t.Context(), changes, apply.Options{})
	require.NoError(t, result.Err())
	assert.Equal(t, map[string]apply.Outcome{"new": apply.Applied}, outcomes(steps))
}

func TestWhatRestsOnAFailureIsSkippedBecauseOfItsRoot(t *testing.T) {
	h := newHouse(nil)
	h.change = refuses("root", "AccessDenied")
	changes := h.plan(t, map[string][]resource.Ref{
		"root": nil, "child": {resource.Needs(id("root"))}, "leaf": {resource.Needs(id("child"))}, "apart": nil,
		"after": {resource.After(id("root"))}, "afterskipped": {resource.After(id("leaf"))},
	})
	steps, result := h.run(t, t.Context(), changes, apply.Options{})
	assert.Equal(t, map[string]apply.Outcome{
		"root": apply.Failed, "child": apply.Skipped, "leaf": apply.Skipped,
		"apart": apply.Applied, "after": apply.Applied, "afterskipped": apply.Applied,
	}, outcomes(steps))
	root := id("root")
	assert.Equal(t, &root, steps["leaf"].Because)
	assert.Equal(t, "needs house.lamp/global/child, which was not applied (because of house.lamp/global/root)", steps["leaf"].Reason)
	assert.NotContains(t, h.written, "child")

	var all *multierror.Error
	require.ErrorAs(t, result.Err(), &all)
	require.Len(t, all.Errors, 1, "only the root is an error")
	var step *apply.StepError
	require.ErrorAs(t, all.Errors[0], &step)
	assert.Equal(t, root, step.Step.ID)
	assert.Contains(t, step.Error(), "house.lamp/global/root: failed: ")
}

func TestAfterWaitsWhateverComesOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(nil)
		h.change = func(ctx context.Context, name string, _ int) error {
			if name == "first" {
				time.Sleep(time.Minute)
				return awsError("AccessDenied", "no")
			}
			return nil
		}
		changes := h.plan(t, map[string][]resource.Ref{"first": nil, "second": {resource.After(id("first"))}})
		h.run(t, t.Context(), changes, apply.Options{})
		assert.Equal(t, []string{"first", "second"}, h.written)
	})
}

func TestStopFinishesWhatRunsAndStartsNothingNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(nil)
		h.change = takes(map[string]time.Duration{"running": 10 * time.Second})
		changes := h.plan(t, map[string][]resource.Ref{"running": nil, "waiting": {resource.Needs(id("running"))}})
		stop := make(chan struct{})
		time.AfterFunc(5*time.Second, func() { close(stop) })
		steps, result := h.run(t, t.Context(), changes, apply.Options{Stop: stop})
		assert.Equal(t, map[string]apply.Outcome{"running": apply.Applied, "waiting": apply.NotStarted}, outcomes(steps))
		assert.Contains(t, steps["waiting"].Reason, "run apply again")
		assert.Error(t, result.Err(), "something is left to do")
		assert.Equal(t, []string{"running"}, h.written)
	})
}

func TestCancelEndsWhatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(nil)
		h.change = takes(map[string]time.Duration{"running": time.Hour})
		changes := h.plan(t, map[string][]resource.Ref{"running": nil, "next": {resource.Needs(id("running"))}, "later": {resource.After(id("running"))}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		steps, result := h.run(t, ctx, changes, apply.Options{})
		assert.Equal(t, time.Minute, time.Since(start))
		assert.Equal(t, map[string]apply.Outcome{"running": apply.Failed, "next": apply.Skipped, "later": apply.NotStarted}, outcomes(steps))
		assert.ErrorIs(t, result.Err(), context.DeadlineExceeded)
	})
}

func TestCancelEndsWaitingForAWS(t *testing.T) {
	for name, disturb := range map[string]func(*house){
		"before the write": func(h *house) { h.change = refuses("a", "TooDark") },
		"after the write":  func(h *house) { h.lost = true },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(nil)
				disturb(h)
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				start := time.Now()
				steps, _ := h.run(t, ctx, h.plan(t, map[string][]resource.Ref{"a": nil}), apply.Options{})
				assert.Equal(t, 10*time.Second, time.Since(start))
				assert.Equal(t, apply.Failed, steps["a"].Outcome)
				assert.ErrorIs(t, steps["a"].Err, context.DeadlineExceeded)
			})
		})
	}
}

// A call that takes long is no silence.
func TestAStepThatTakesLongSaysThatItGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(nil)
		h.change = takes(map[string]time.Duration{"a": 35 * time.Second})
		h.run(t, t.Context(), h.plan(t, map[string][]resource.Ref{"a": nil}), apply.Options{})
		var waits []time.Duration
		for _, e := range h.events {
			if e.Type == apply.Waiting {
				assert.Equal(t, "going on", e.Message)
				waits = append(waits, e.Elapsed)
			}
		}
		assert.Equal(t, []time.Duration{10 * time.Second, 20 * time.Second, 30 * time.Second}, waits)
		assert.Equal(t, apply.Finished, h.events[len(h.events)-1].Type)
	})
}

func TestEventsComeOneAtATimeAndInOrder(t *testing.T) {
	h := newHouse(nil)
	needs := map[string][]resource.Ref{}
	for i := range 40 {
		needs[string(rune('a'+i))] = nil
	}
	var inside atomic.Int32
	_, result := h.run(t, t.Context(), h.plan(t, needs), apply.Options{Events: func(apply.Event) {
		assert.EqualValues(t, 1, inside.Add(1))
		for range 10 {
			runtime.Gosched() // let others in, if they can
		}
		inside.Add(-1)
	}})
	require.NoError(t, result.Err())
	types := map[string][]apply.EventType{}
	for _, e := range h.events {
		types[e.ID.Name] = append(types[e.ID.Name], e.Type)
	}
	require.Len(t, types, 40)
	for name, sequence := range types {
		assert.Equal(t, []apply.EventType{apply.Started, apply.Finished}, sequence, name)
	}
}

func TestAPlanThatCannotBeRunWritesNothing(t *testing.T) {
	h := newHouse(nil)
	changes := h.plan(t, map[string][]resource.Ref{"a": nil, "b": {resource.Needs(id("a"))}})
	registry := resource.NewRegistry([]*resource.Service{{Kinds: []resource.KindInfo{h.kind}}})

	_, err := apply.Run(t.Context(), changes, apply.Options{})
	assert.ErrorContains(t, err, "does not know the kind")
	changes[0].Needs = []resource.Ref{resource.Needs(id("b"))}
	_, err = apply.Run(t.Context(), changes, apply.Options{Registry: registry})
	assert.ErrorContains(t, err, "dependency cycle")
	assert.Empty(t, h.written)
}

func TestAnEmptyPlanIsAGoodRun(t *testing.T) {
	h := newHouse(map[string]lamp{"a": red})
	steps, result := h.run(t, t.Context(), h.plan(t, map[string][]resource.Ref{"a": nil}), apply.Options{})
	assert.Empty(t, steps)
	assert.NoError(t, result.Err())
	assert.Empty(t, h.written)
}
