// Package apply carries out a plan: it starts each change as soon as what it
// needs is in place, compares before it writes, reads back what it wrote, and
// never stops at a failure. It knows no AWS API and no single service.
package apply

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kiso-cli/kiso/internal/graph"
	"github.com/kiso-cli/kiso/internal/heartbeat"
	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// Options says how to run.
type Options struct {
	Session  *awsx.Session
	Registry resource.Registry
	Regions  []string // that are managed
	// Workers bounds the changes under way at once; 0 is awsx.DefaultParallelism.
	Workers int
	// Exact is for a saved plan, which is a promise: it must ask for what it
	// shows, and any move of the live state makes a change stale.
	// Otherwise a change may shrink, as when another run is doing the same.
	Exact bool
	// Approved says whether an irreversible change may be made; nil approves none.
	Approved func(resource.ID) bool
	// Stop, when closed, starts nothing new; what runs is finished.
	Stop <-chan struct{}
	// Events is told what happens, one event at a time; may be nil.
	Events func(Event)
}

// Run carries out the creates and updates among changes. It always returns a
// result; the error is a plan that cannot be run at all, and nothing was
// written then.
func Run(ctx context.Context, changes []resource.Change, o Options) (*Result, error) {
	r, err := prepare(changes, o)
	if err != nil {
		return nil, err
	}
	defer r.heartbeat()()
	var wg sync.WaitGroup
	for _, s := range r.steps {
		wg.Go(func() { r.run(ctx, s) })
	}
	wg.Wait()
	return r.result(), nil
}

// Check looks whether each change would still do what was planned, and whether what
// it needs is still as it was, and returns a Stale step for each that is not. What
// is as wanted by now is none, nor is a change that cannot be looked at: Run says
// so of it. Check never writes.
func Check(ctx context.Context, changes []resource.Change, o Options) (*Result, error) {
	o.Exact = true
	r, err := prepare(changes, o)
	if err != nil {
		return nil, err
	}
	bases, err := r.bases(changes)
	if err != nil {
		return nil, err
	}
	env := r.env()
	result := &Result{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	look := func(s *step, judge func(now resource.Change) (Step, bool)) {
		wg.Go(func() {
			found, stale := judge(s.resource.Plan(ctx, env))
			if !stale {
				return
			}
			found.Outcome, found.ID, found.Action = Stale, s.change.ID, s.change.Action
			mu.Lock()
			defer mu.Unlock()
			result.Steps = append(result.Steps, found)
		})
	}
	for _, s := range r.steps {
		look(s, func(now resource.Change) (Step, bool) {
			found, _ := r.judge(s, now, false)
			return found, found.Outcome == Stale || found.Outcome == ManagedElsewhere
		})
	}
	for base, dependent := range bases {
		look(base, func(now resource.Change) (Step, bool) { return gone(dependent, now), now.Action != resource.None })
	}
	wg.Wait()
	result.sort()
	return result, nil
}

// bases returns what the steps need that was as wanted when they were planned, each
// with one that needs it.
func (r *runner) bases(changes []resource.Change) (map[*step]resource.ID, error) {
	dependents := map[string]resource.ID{}
	for _, s := range r.steps {
		for _, ref := range s.change.Needs {
			if id, known := dependents[ref.String()]; !ref.After && (!known || s.change.ID.Compare(id) < 0) {
				dependents[ref.String()] = s.change.ID
			}
		}
	}
	bases := map[*step]resource.ID{}
	for _, c := range changes {
		dependent, needed := dependents[c.ID.String()]
		if !needed || c.Action != resource.None {
			continue
		}
		res, err := r.Registry.Decode(c)
		if err != nil {
			return nil, err
		}
		bases[&step{resource: res, change: c}] = dependent
	}
	return bases, nil
}

// gone says of what a dependent needs how it is not as it was any more.
func gone(dependent resource.ID, now resource.Change) Step {
	switch now.Action {
	case resource.Blocked:
		return Step{Reason: fmt.Sprintf("%s needs it, and it cannot be read any more: %s", dependent, now.Reason)}
	case resource.Managed:
		return Step{Reason: fmt.Sprintf("%s needs it, and it is managed by %s now; plan again", dependent, now.Owner)}
	}
	return Step{Fields: now.Fields, Reason: fmt.Sprintf("%s needs it, and it is not as it was when that was planned (%s); plan again", dependent, paths(now.Fields))}
}

// notStarted is the outcome of a step that had written nothing when the run was
// interrupted.
var notStarted = Step{Outcome: NotStarted, Reason: "interrupted before it began; run apply again"}

type runner struct {
	Options
	offset  float64     // of Settle.Spread
	company atomic.Bool // something was created since the plan, which is not a saved one: another run is at work
	steps   map[string]*step
	slots   chan struct{}
	mu      sync.Mutex // events one at a time
}

// step is a change under way. outcome may be read once done is closed.
type step struct {
	resource resource.Resource
	change   resource.Change
	started  time.Time
	running  bool // from its first event to its last; guarded by runner.mu
	done     chan struct{}
	outcome  Step
}

func prepare(changes []resource.Change, o Options) (*runner, error) {
	if o.Workers == 0 {
		o.Workers = awsx.DefaultParallelism
	}
	if o.Approved == nil {
		o.Approved = func(resource.ID) bool { return false }
	}
	r := &runner{Options: o, offset: rand.Float64(), steps: map[string]*step{}, slots: make(chan struct{}, o.Workers)}
	for _, c := range changes {
		if !c.Action.Changes() {
			continue
		}
		res, err := o.Registry.Decode(c)
		if err == nil && o.Exact {
			err = checkShown(res, c)
		}
		if err != nil {
			return nil, err
		}
		r.steps[c.ID.String()] = &step{resource: res, change: c, done: make(chan struct{})}
	}
	return r, r.checkOrder()
}

// checkShown refuses a change that would do other than the plan shows: its file
// was edited, or another version of kiso compares in another way.
func checkShown(res resource.Resource, c resource.Change) error {
	found, err := res.Compare(c)
	if err != nil {
		return err
	}
	if text(found.Fields) != text(c.Fields) || text(found.After) != text(c.After) || found.Fingerprint != c.Fingerprint {
		return fmt.Errorf("%s: the plan does not ask for the change that it shows: it was edited, or made by another version of kiso; plan again", c.ID)
	}
	return nil
}

// checkOrder refuses a plan whose needs go round in a circle: a plan file may
// have been edited, and the steps would wait for each other for ever.
func (r *runner) checkOrder() error {
	edges := map[string][]string{}
	for address, s := range r.steps {
		edges[address] = nil
		for _, ref := range s.change.Needs {
			if _, ok := r.steps[ref.String()]; ok {
				edges[address] = append(edges[address], ref.String())
			}
		}
	}
	if _, errs := graph.Order(edges); len(errs) > 0 {
		return errs[0]
	}
	return nil
}

// run waits for what the step needs, then makes the change.
func (r *runner) run(ctx context.Context, s *step) {
	defer close(s.done)
	if blocker := r.await(s); blocker != nil {
		s.outcome = skipped(blocker)
		r.finish(s)
		return
	}
	r.slots <- struct{}{}
	defer func() { <-r.slots }()
	s.started = time.Now()
	if r.stopped(ctx) {
		s.outcome = notStarted
		r.finish(s)
		return
	}
	if !s.change.Irreversible() || r.Approved(s.change.ID) { // else it is looked at alone
		r.emit(s, true, Event{Type: Started, ID: s.change.ID, Action: s.change.Action})
	}
	s.outcome = r.execute(ctx, s)
	r.finish(s)
}

// heartbeat tells now and then which steps go on, while calls take long, as those
// that the SDK repeats do. The function that it returns ends that.
func (r *runner) heartbeat() (stop func()) {
	return heartbeat.Start(func() {
		for _, s := range r.steps {
			r.mu.Lock()
			if s.running {
				r.tell(s.waiting("going on"))
			}
			r.mu.Unlock()
		}
	})
}

// await returns the first need that did not end well, once all have ended.
func (r *runner) await(s *step) *step {
	var blocker *step
	for _, ref := range s.change.Needs {
		need, ok := r.steps[ref.String()]
		if !ok {
			continue
		}
		<-need.done
		if !ref.After && blocker == nil && !need.outcome.Outcome.Good() {
			blocker = need
		}
	}
	return blocker
}

func skipped(blocker *step) Step {
	root, why := blocker.change.ID, ""
	if blocker.outcome.Because != nil {
		root = *blocker.outcome.Because
		why = fmt.Sprintf(" (because of %s)", root)
	}
	if blocker.outcome.Outcome == ManagedElsewhere {
		return Step{Outcome: ManagedElsewhere, Because: &root, Reason: fmt.Sprintf("needs %s, which is managed elsewhere%s", blocker.change.ID, why)}
	}
	return Step{Outcome: Skipped, Because: &root, Reason: fmt.Sprintf("needs %s, which was not applied%s", blocker.change.ID, why)}
}

func (r *runner) stopped(ctx context.Context) bool {
	select {
	case <-r.Stop:
		return true
	case <-ctx.Done():
		return true
	default:
		return false
	}
}

func (r *runner) finish(s *step) {
	s.outcome.ID, s.outcome.Action = s.change.ID, s.change.Action
	if !s.started.IsZero() {
		s.outcome.Elapsed = time.Since(s.started)
	}
	r.emit(s, false, Event{
		Type: Finished, ID: s.change.ID, Action: s.change.Action,
		Elapsed: s.outcome.Elapsed, Outcome: s.outcome.Outcome, Message: s.outcome.Reason,
	})
}

// emit tells of a step, which is under way from then on or is not.
func (r *runner) emit(s *step, running bool, e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.running = running
	r.tell(e)
}

// tell is called with mu held.
func (r *runner) tell(e Event) {
	if r.Events != nil {
		r.Events(e)
	}
}

// env returns an environment that has read nothing yet: each look at the
// account is a new one.
func (r *runner) env() resource.Env {
	return resource.Env{Session: r.Session, Reads: reads.New(), Regions: r.Regions}
}

func (r *runner) result() *Result {
	result := &Result{}
	for _, s := range r.steps {
		result.Steps = append(result.Steps, s.outcome)
	}
	result.sort()
	return result
}
