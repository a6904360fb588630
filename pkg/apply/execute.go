package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/kiso-cli/kiso/internal/diff"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// execute makes one change: look, compare with the plan, write, look again. A
// write that failed for a passing reason is repeated from a new look, so that
// a half-made change is finished and not made twice; a look that is refused for
// such a reason is repeated too.
func (r *runner) execute(ctx context.Context, s *step) Step {
	bound := orDefault(s.resource.Settle().RetryFor, resource.DefaultRetryFor)
	spread := s.resource.Settle().Spread
	if s.change.Action == resource.Create && r.spread(ctx, s, spread) != nil {
		return r.failed(s, ctx.Err())
	}
	deadline := time.Now().Add(bound)
	var so past
	for attempt := 0; ; attempt++ {
		if waited := attempt > 0 || spread > 0; waited && !so.tried && r.stopped(ctx) {
			return notStarted
		}
		env := r.env()
		now := s.resource.Plan(ctx, env)
		err := now.Err
		if err == nil {
			err = so.unseen(now)
		}
		if !transient(s.resource.Settle(), err) {
			if outcome, over := r.judge(s, now, so.tried); over {
				return outcome
			}
			if err = s.resource.Apply(ctx, env, now); err == nil {
				return r.verify(ctx, s)
			}
			so.add(err)
		}
		switch late := time.Now().After(deadline); {
		case !transient(s.resource.Settle(), err):
			return r.failed(s, err)
		case late && so.made && now.Action == resource.Create:
			return diverged(now, bound)
		case late:
			return Step{Outcome: Failed, Err: err, Reason: fmt.Sprintf("%s (still so after %s; run apply again later)", s.resource.Explain(env, err), bound)}
		}
		r.waiting(s, awsx.Explain(err))
		if sleep(ctx, attempt) != nil {
			return r.failed(s, ctx.Err())
		}
	}
}

// past is what a step has done so far.
type past struct {
	tried  bool  // something was written, or may have been
	made   bool  // what was missing was created
	unsure error // of a creation that may have happened
	since  time.Time
}

// add takes up how a change failed.
func (p *past) add(err error) {
	p.tried, p.made = true, p.made || isMade(err)
	if isUnsure(err) {
		p.unsure, p.since = err, time.Now()
	}
}

// unseen is why what a look does not show is not created all the same; nil if it is.
func (p *past) unseen(now resource.Change) error {
	switch {
	case now.Action != resource.Create:
		return nil
	case p.made:
		return resource.Pending("it was made, and reads do not show it yet")
	case p.unsure != nil && time.Since(p.since) < unsureFor:
		return p.unsure
	}
	return nil
}

// unsureFor is how long reads may take to show what was perhaps made.
const unsureFor = 20 * time.Second

// crowded is how many times longer the pause is where another run is at work.
const crowded = 6

// spread pauses so that two runs do not reach a write together. The offset is
// one for the whole run, so that it meets another's at most once.
func (r *runner) spread(ctx context.Context, s *step, bound time.Duration) error {
	part := time.Duration(float64(bound) * r.offset)
	if err := pause(ctx, part); err != nil || bound == 0 || !r.company.Load() {
		return err
	}
	r.waiting(s, "another run is at work here: keeping out of its way")
	return pause(ctx, crowded*part)
}

// judge says whether a look at the account ends the step before a write.
func (r *runner) judge(s *step, now resource.Change, again bool) (Step, bool) {
	switch {
	case now.Action == resource.Blocked:
		return Step{Outcome: Failed, Reason: now.Reason, Err: errors.New(now.Reason)}, true
	case now.Action == resource.Managed:
		return Step{Outcome: ManagedElsewhere, Reason: fmt.Sprintf("it is managed by %s now: %s", now.Owner, now.Reason)}, true
	case now.Action == resource.None && again:
		return Step{Outcome: Applied, Notes: now.Notes}, true
	case now.Action == resource.None:
		if s.change.Action == resource.Create && len(now.LeftOut) == 0 && !r.Exact {
			r.company.Store(true)
		}
		return Step{Outcome: Converged, Notes: now.Notes}, true
	case !again && !r.asPlanned(s.change, now):
		fields := append(s.resource.Moved(s.change, now), possible(s.change, now)...)
		return Step{Outcome: Stale, Fields: fields, Reason: "the live state moved since the plan" + inBrackets(paths(fields)) + "; plan again"}, true
	case now.Irreversible() && !r.Approved(s.change.ID):
		reason := fmt.Sprintf("%s; approve it with --allow-irreversible=%s", now.Irrevocable(), s.change.ID)
		return Step{Outcome: NotApproved, Reason: reason}, true
	default:
		return Step{}, false
	}
}

// asPlanned says whether what is to be done now is what the plan showed.
func (r *runner) asPlanned(planned, now resource.Change) bool {
	if planned.Fingerprint == now.Fingerprint && possible(planned, now) == nil {
		return true
	}
	return !r.Exact && shrunk(planned, now)
}

// possible returns the fields of now that the plan left out: it did not show them.
func possible(planned, now resource.Change) (fields []diff.Field) {
	for _, f := range now.Fields {
		if slices.Contains(planned.LeftOut, f.Path) {
			fields = append(fields, f)
		}
	}
	return fields
}

// shrunk says whether now writes nothing that planned did not show.
func shrunk(planned, now resource.Change) bool {
	shown := map[string]string{}
	for _, f := range planned.Fields {
		shown[f.Path] = text(f.After)
	}
	for _, f := range now.Fields {
		if after, ok := shown[f.Path]; !ok || after != text(f.After) {
			return false
		}
	}
	return true
}

// denialsPass bounds the wait for a read that is denied: a denial may be of the
// moment, as of what was just made, but then it is short.
const denialsPass = 20 * time.Second

// verify reads back until the account shows what was written, or for too long.
func (r *runner) verify(ctx context.Context, s *step) Step {
	bound := orDefault(s.resource.Settle().VerifyFor, resource.DefaultVerifyFor)
	began := time.Now()
	for attempt := 0; ; attempt++ {
		now := s.resource.Plan(ctx, r.env())
		waited := time.Since(began)
		over := waited > bound || awsx.Over(now.Err) || awsx.Denied(now.Err) && waited > denialsPass
		switch {
		case now.Action == resource.None && now.Busy == "":
			return Step{Outcome: Applied, Notes: now.Notes}
		case now.Action == resource.None && over:
			return Step{Outcome: Applied, Reason: fmt.Sprintf("it is in force; the wait for %s has ended, and AWS goes on", now.Busy), Notes: now.Notes}
		case now.Action == resource.Managed && now.MeetsSpec:
			return Step{Outcome: Applied, Notes: append(now.Notes, "it is managed by "+now.Owner+" from now on: "+now.Reason)}
		case over:
			return diverged(now, bound)
		}
		r.waiting(s, "written; waiting for "+outstanding(now))
		if sleep(ctx, attempt) != nil {
			return r.failed(s, ctx.Err())
		}
	}
}

func diverged(now resource.Change, bound time.Duration) Step {
	switch now.Action {
	case resource.Blocked:
		return Step{Outcome: Failed, Err: errors.New(now.Reason), Reason: "written, but it could not be read back: " + now.Reason}
	case resource.Managed:
		return Step{Outcome: Diverged, Reason: fmt.Sprintf("written, but it is managed by %s: %s", now.Owner, now.Reason)}
	case resource.Create:
		return Step{Outcome: Diverged, Fields: now.Fields, Reason: fmt.Sprintf(
			"AWS accepted the change, but %s later reads still show none, and so no %s; look for what removes it (an organization policy, another tool), then run apply again", bound, paths(now.Fields))}
	}
	return Step{Outcome: Diverged, Fields: now.Fields, Reason: fmt.Sprintf(
		"AWS accepted the change, but %s later reads still show another value of %s; look for what sets it back (an organization policy, another tool), then run apply again", bound, paths(now.Fields))}
}

// failed says how a step ended that AWS refused.
func (r *runner) failed(s *step, err error) Step {
	outcome := Failed
	var managed *resource.ManagedError
	if errors.As(err, &managed) {
		outcome = ManagedElsewhere
	}
	return Step{Outcome: outcome, Err: err, Reason: s.resource.Explain(r.env(), err)}
}

// transient says whether the kind declared the error as one that passes.
func transient(settle resource.Settle, err error) bool {
	var pending *resource.PendingError
	return resource.Passing(settle.RetryOn, err) || errors.As(err, &pending)
}

func isUnsure(err error) bool {
	var pending *resource.PendingError
	return errors.As(err, &pending) && pending.Unsure
}

func isMade(err error) bool {
	var made *resource.MadeError
	return errors.As(err, &made)
}

func (r *runner) waiting(s *step, message string) { r.emit(s, true, s.waiting(message)) }

func (s *step) waiting(message string) Event {
	return Event{Type: Waiting, ID: s.change.ID, Action: s.change.Action, Elapsed: time.Since(s.started), Message: message}
}

func outstanding(c resource.Change) string {
	switch c.Action {
	case resource.None:
		return c.Busy
	case resource.Blocked:
		return "a read that is not refused: " + c.Reason
	default:
		return "reads to show " + paths(c.Fields)
	}
}

func inBrackets(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

func paths(fields []diff.Field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Path
	}
	return strings.Join(names, ", ")
}

const (
	firstPause = 500 * time.Millisecond
	longPause  = 5 * time.Second
)

// sleep pauses for longer with each attempt, with jitter, or until ctx ends.
func sleep(ctx context.Context, attempt int) error {
	d := min(firstPause<<min(attempt, 10), longPause)
	return pause(ctx, d+rand.N(d/4))
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// text makes a value of a saved plan and one just read comparable: the members
// of objects are in the order of their names in both.
func text(v any) string {
	var plain any
	data, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(data, &plain)
	}
	if err == nil {
		data, err = json.Marshal(plain)
	}
	if err != nil {
		panic(fmt.Sprintf("apply: %T is not plain data: %v", v, err))
	}
	return string(data)
}
