package sandbox

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
)

// Kind is what a fault does to a call.
type Kind int

// The kinds of faults.
const (
	Throttle      Kind = iota // refused in the protocol's words for "too fast"
	InternalError             // a 500
	Deny                      // access denied, for Fault.Reason
	Custom                    // Fault.Code, Status and Message
	CutConnection             // the connection breaks, nothing is answered
	Hang                      // nothing is answered until the caller gives up
	Drop                      // a normal answer, but a write has no effect
	Hook                      // Fault.Do is called, then the call goes on
)

// Reasons for a denial, worded as IAM does (IAM user guide, "Troubleshoot access
// denied error messages").
const (
	NoIdentityPolicy        = "because no identity-based policy allows the %s action"
	DeniedByIdentityPolicy  = "with an explicit deny in an identity-based policy"
	DeniedBySCP             = "with an explicit deny in a service control policy"
	NoSCP                   = "because no service control policy allows the %s action"
	DeniedByBoundary        = "with an explicit deny in a permissions boundary"
	NoBoundary              = "because no permissions boundary allows the %s action"
	DeniedByResourcePolicy  = "with an explicit deny in a resource-based policy"
	DeniedBySessionPolicy   = "with an explicit deny in a session policy"
	DeniedByResourceControl = "with an explicit deny in a resource control policy"
)

// Fault is something that goes wrong with calls that match. Every pattern is a
// glob as in path.Match; an empty one matches everything.
type Fault struct {
	Service, Operation, Region string
	WritesOnly                 bool // leave reads alone

	Skip  int // let that many matching calls through first
	Times int // then strike so often; 0 means always

	Kind        Kind
	AfterEffect bool // strike when the operation has taken effect, not before

	Reason  string // of Deny; default NoIdentityPolicy
	Code    string // of Custom
	Status  int    // of Custom; default 400
	Message string // of Custom

	Do func(Call) // of Hook; called without any lock
}

// Injected is a fault at work.
type Injected struct {
	fault   Fault
	account *Account
	matched int
}

// Inject puts a fault to work. Of several that match a call the oldest strikes.
func (a *Account) Inject(f Fault) *Injected {
	for _, pattern := range []string{f.Service, f.Operation, f.Region} {
		if _, err := path.Match(pattern, ""); err != nil {
			panic("sandbox: bad pattern in fault: " + pattern)
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	i := &Injected{fault: f, account: a}
	a.faults = append(a.faults, i)
	return i
}

// ClearFaults ends all faults.
func (a *Account) ClearFaults() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.faults = nil
}

// Hits tells how many calls the fault has struck.
func (i *Injected) Hits() int {
	i.account.mu.Lock()
	defer i.account.mu.Unlock()
	hits := max(0, i.matched-i.fault.Skip)
	if i.fault.Times > 0 {
		hits = min(hits, i.fault.Times)
	}
	return hits
}

// strike finds the fault for a call. Every fault counts every call that it
// matches, so that Skip means the same whatever else is injected.
func (a *Account) strike(c Call) *Fault {
	var striking *Fault
	for _, i := range a.faults {
		if !i.fault.matches(c) {
			continue
		}
		i.matched++
		nth := i.matched - i.fault.Skip
		if striking == nil && nth > 0 && (i.fault.Times == 0 || nth <= i.fault.Times) {
			striking = &i.fault
		}
	}
	return striking
}

func (f Fault) matches(c Call) bool {
	return globs(f.Service, c.Service) && globs(f.Operation, c.Operation) && globs(f.Region, c.Region) &&
		(c.Write || !f.WritesOnly)
}

func globs(pattern, s string) bool {
	ok, _ := path.Match(pattern, s) // Inject has checked the pattern
	return ok || pattern == ""
}

// apply does what the fault does: an *APIError to answer, another error for no
// answer at all, nil to go on.
func (f Fault) apply(ctx context.Context, x *exchange) error {
	words := x.service.Protocol.vocabulary()
	switch f.Kind {
	case Throttle:
		return &words.throttled
	case InternalError:
		return &words.internal
	case Deny:
		words.denied.Message = f.denial(x)
		return &words.denied
	case Custom:
		return Error(f.Code, cmp.Or(f.Status, http.StatusBadRequest), f.Message)
	case CutConnection:
		return io.ErrUnexpectedEOF
	case Hang:
		<-ctx.Done()
		return ctx.Err()
	case Hook:
		f.Do(*x.call)
		return ctx.Err()
	}
	return nil
}

// denial words an access-denied message as AWS does.
func (f Fault) denial(x *exchange) string {
	a, action := x.account, x.call.Action
	a.mu.Lock()
	defer a.mu.Unlock()
	reason := cmp.Or(f.Reason, NoIdentityPolicy)
	if strings.Contains(reason, "%s") {
		reason = fmt.Sprintf(reason, action)
	}
	service, _, _ := strings.Cut(action, ":")
	resource := fmt.Sprintf("arn:%s:%s:%s:%s:*", a.options.Partition, service, x.call.Region, a.options.AccountID)
	return fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s %s", a.principal(x.key), action, resource, reason)
}
