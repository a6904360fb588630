package apply

import (
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/go-multierror"

	"github.com/kiso-cli/kiso/internal/diff"
	"github.com/kiso-cli/kiso/internal/event"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// Outcome is what came of one step.
type Outcome string

const (
	Applied     Outcome = "applied"      // written, and read back as wanted
	Converged   Outcome = "converged"    // already as wanted: nothing was written
	Diverged    Outcome = "diverged"     // AWS accepted it, and reads show something else
	Stale       Outcome = "stale"        // the live state moved since the plan: nothing was written
	Failed      Outcome = "failed"       // AWS refused it
	NotApproved Outcome = "not_approved" // irreversible, and nobody approved it: nothing was written
	Skipped     Outcome = "skipped"      // what it needs was not applied
	NotStarted  Outcome = "not_started"  // interrupted before it began
	// ManagedElsewhere is where somebody else decides about it, or about what it needs, as
	// only the write (or a last look before it) showed. No error, as in a plan.
	ManagedElsewhere Outcome = "managed_elsewhere"
)

// Good says whether the resource is as wanted.
func (o Outcome) Good() bool { return o == Applied || o == Converged }

// Bad says whether the resource is not as wanted though it is this account's to
// change.
func (o Outcome) Bad() bool { return !o.Good() && o != ManagedElsewhere }

// Step is the outcome of one change.
type Step struct {
	ID      resource.ID
	Action  resource.Action
	Outcome Outcome
	Reason  string        // why not, and what to do next
	Because *resource.ID  // of a skipped step: the root cause
	Notes   []string      // what the user should know of the resource as it is now
	Fields  []diff.Field  // of a diverged or stale step: what is not as expected
	Movers  []event.Event // of a stale step: the calls that moved it, as far as they are on record
	Elapsed time.Duration
	Err     error // of a failed step: the cause
}

// Result is the outcome of a run: one step a change, sorted by id.
type Result struct{ Steps []Step }

func (r *Result) sort() {
	slices.SortFunc(r.Steps, func(a, b Step) int { return a.ID.Compare(b.ID) })
}

// Bad returns how many steps ended badly.
func (r *Result) Bad() int {
	n := 0
	for _, s := range r.Steps {
		if s.Outcome.Bad() {
			n++
		}
	}
	return n
}

// Count returns how many steps ended so.
func (r *Result) Count(outcomes ...Outcome) int {
	n := 0
	for _, s := range r.Steps {
		if slices.Contains(outcomes, s.Outcome) {
			n++
		}
	}
	return n
}

// CountAction returns how many steps of an action were applied. Those that were
// as wanted before anything was written are not counted.
func (r *Result) CountAction(a resource.Action) int {
	n := 0
	for _, s := range r.Steps {
		if s.Action == a && s.Outcome == Applied {
			n++
		}
	}
	return n
}

// StepError is a step that did not end well, as an error.
type StepError struct{ Step Step }

func (e *StepError) Error() string {
	return fmt.Sprintf("%s: %s: %s", e.Step.ID, e.Step.Outcome, e.Step.Reason)
}

// Unwrap returns the cause.
func (e *StepError) Unwrap() error { return e.Step.Err }

// Err returns the root causes as a *multierror.Error of *StepError; nil if
// nothing went wrong. A skipped step is no error: its cause is.
func (r *Result) Err() error {
	var all *multierror.Error
	for _, s := range r.Steps {
		if s.Outcome.Bad() && s.Outcome != Skipped {
			all = multierror.Append(all, &StepError{Step: s})
		}
	}
	return all.ErrorOrNil()
}
