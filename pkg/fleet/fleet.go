// Package fleet does for many accounts what package engine does for one, a
// bounded number at a time, and keeps of each no more than a line.
package fleet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/engine"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/spec"
)

// Mode is what is done to each account.
type Mode string

const (
	Plan  Mode = "plan"
	Drift Mode = "drift"
	Apply Mode = "apply"
)

// Outcome is what came of one account.
type Outcome string

const (
	InSync     Outcome = "in_sync"
	Changes    Outcome = "changes"    // plan and drift: there is something to do
	Applied    Outcome = "applied"    // apply: all of it was done that nobody else decides about
	Incomplete Outcome = "incomplete" // something could not be read or applied
	Failed     Outcome = "failed"     // the account could not be opened or planned at all
	NotStarted Outcome = "not_started"
)

// Result is the line of one account.
type Result struct {
	AccountID  string       `json:"account_id"`
	Name       string       `json:"name,omitzero"`
	Mode       Mode         `json:"mode"`
	SpecDigest string       `json:"spec_digest"`
	Outcome    Outcome      `json:"outcome"`
	Summary    plan.Summary `json:"summary"`
	// Likeness is equal for accounts whose plans differ in nothing but the account.
	Likeness string   `json:"likeness,omitzero"`
	Added    int      `json:"added"`
	Changed  int      `json:"changed"`
	Problems []string `json:"problems"`
	Drift    []string `json:"drift"` // drift: what was drifted and by whom, a line each
	// Managed is what turned out to be somebody else's to decide, a line each.
	Managed []string `json:"managed_elsewhere,omitzero"`
	Seconds float64  `json:"seconds"`
	At      string   `json:"at"` // when it ended, RFC 3339
}

// Good says whether nothing went wrong.
func (r Result) Good() bool {
	return r.Outcome == InSync || r.Outcome == Changes || r.Outcome == Applied
}

// Options says what to do to which accounts.
type Options struct {
	Accounts    []awsx.Account
	Mode        Mode
	Spec        *spec.Spec
	Concurrency int // accounts at once
	// Open signs in to one account.
	Open func(ctx context.Context, a awsx.Account) (*engine.Engine, error)
	// Approved says whether an irreversible change may be made; nil approves none.
	Approved func(resource.ID) bool
	// Stop, when closed, starts no further account and, in one under way, nothing new.
	Stop <-chan struct{}
	// Done gets each account's line, one at a time, as it ends.
	Done func(Result)
}

// Run does it. What fails in one account does not stop the others.
func Run(ctx context.Context, o Options) {
	queue := make(chan awsx.Account)
	go func() {
		defer close(queue)
		for _, a := range o.Accounts {
			queue <- a
		}
	}()
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range max(1, o.Concurrency) {
		wg.Go(func() {
			for a := range queue {
				r := o.Account(ctx, a)
				mu.Lock()
				o.Done(r)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

// Account does one account from sign-in to its line.
func (o Options) Account(ctx context.Context, a awsx.Account) Result {
	r := Result{AccountID: a.ID, Name: a.Name, Mode: o.Mode, SpecDigest: o.Spec.Digest(), Problems: []string{}, Drift: []string{}}
	start := time.Now()
	if o.stopped(ctx) {
		r.Outcome = NotStarted
		r.Problems = append(r.Problems, "interrupted before it began; run again")
	} else {
		o.work(ctx, a, &r)
	}
	r.Seconds = time.Since(start).Seconds()
	r.At = time.Now().UTC().Format(time.RFC3339)
	return r
}

func (o Options) stopped(ctx context.Context) bool {
	select {
	case <-o.Stop:
		return true
	default:
		return ctx.Err() != nil
	}
}

func (o Options) work(ctx context.Context, a awsx.Account, r *Result) {
	e, err := o.Open(ctx, a)
	if err != nil {
		r.fail(err)
		return
	}
	if got := e.Session.Identity.AccountID; got != a.ID {
		r.fail(fmt.Errorf("the credentials for account %s are for %s; nothing was read or changed", a.ID, got))
		return
	}
	p, err := e.Plan(ctx, o.Spec)
	if err != nil {
		r.fail(err)
		return
	}
	r.Summary, r.Likeness = p.Summary(), likeness(p)
	for _, c := range p.Changes {
		if c.Action == resource.Blocked {
			r.Problems = append(r.Problems, c.ID.String()+": "+c.Reason)
		}
	}
	switch o.Mode {
	case Apply:
		o.apply(ctx, e, p, r)
	case Drift:
		r.drifted(e.Drift(ctx, p).Lines())
	}
	r.conclude()
}

func (o Options) apply(ctx context.Context, e *engine.Engine, p *plan.Plan, r *Result) {
	result, err := e.Apply(ctx, p, apply.Options{Approved: o.Approved, Stop: o.Stop})
	if err != nil {
		r.Problems = append(r.Problems, err.Error())
		return
	}
	r.Added, r.Changed = result.CountAction(resource.Create), result.CountAction(resource.Update)
	for _, step := range result.Steps {
		line := fmt.Sprintf("%s: %s: %s", step.ID, step.Outcome, step.Reason)
		switch {
		case step.Outcome.Bad():
			r.Problems = append(r.Problems, line)
		case step.Outcome == apply.ManagedElsewhere:
			r.Managed = append(r.Managed, line)
		}
	}
}

func (r *Result) fail(err error) {
	r.Outcome = Failed
	r.Problems = append(r.Problems, awsx.Explain(err))
}

func (r *Result) drifted(lines []string) { r.Drift = append(r.Drift, lines...) }

func (r *Result) conclude() {
	switch {
	case len(r.Problems) > 0:
		r.Outcome = Incomplete
	case r.Summary.Changes() == 0:
		r.Outcome = InSync
	case r.Mode == Apply:
		r.Outcome = Applied
	default:
		r.Outcome = Changes
	}
}

// likeness hashes what the plan would do, with the account's id taken out.
func likeness(p *plan.Plan) string {
	hash := sha256.New()
	for _, c := range p.Changes {
		if c.Action == resource.None {
			continue
		}
		line, err := json.Marshal([]any{c.ID, c.Action, c.Fields, c.Reason, c.Owner})
		if err != nil {
			panic(fmt.Sprintf("fleet: a change is not plain data: %v", err))
		}
		hash.Write([]byte(strings.ReplaceAll(string(line), p.AccountID, "ACCOUNT")))
	}
	return hex.EncodeToString(hash.Sum(nil))[:12]
}
