package resource

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kiso-cli/kiso/internal/diff"
	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/awsx"
)

// Env is what Observe and Apply may use: the account, a cache of reads, and which
// regions of the account are managed; no other is called but where a resource is
// found to live.
type Env struct {
	*awsx.Session
	Reads   *reads.Cache
	Regions []string
}

// Type is what a service author writes: one per kind. M is one struct for the
// wanted and the live model; see package diff for its tags. Model members that
// may be empty are tagged omitzero, never omitempty, which would lose "make
// this list empty" from a saved plan.
type Type[M any] struct {
	Kind Kind
	Doc  Doc

	// Observe reads the live model: nil where there is nothing. It cannot see
	// the wanted one. With a *ManagedError it returns what it saw and who
	// decides about it, with an *AbsentError that there is nothing, and what is
	// worth knowing before it is made; any other error means "could not read".
	Observe func(ctx context.Context, env Env, id ID) (*M, error)

	// Adapt fits the wanted model to what the live one shows to be possible in
	// its place (a feature that a region does not offer), and says what it left
	// out. It is pure, and is asked only where there is a live model. May be nil.
	Adapt func(live, want M) (M, []string)

	// LeaveOut names those of a change's fields that are not to be made in its place
	// (a region does not offer them, nothing would use them), and what to say of
	// that. It may read, and is asked only where something differs, for what is not
	// worth reading otherwise. May be nil.
	LeaveOut func(ctx context.Context, env Env, d Delta[M]) (paths, notes []string, err error)

	// Apply writes what d says. It has no loop and no sleep, and is safe to
	// repeat from any point between its calls.
	Apply func(ctx context.Context, env Env, d Delta[M]) error

	// Risk names what cannot be undone. May be nil.
	Risk func(d Delta[M]) []Risk

	// Notes says what the user should know of a live model though it is no
	// difference: a pending subscription, a failing delivery. May be nil.
	Notes func(live M) []string

	// Busy says what AWS is still doing to a live model that is as wanted, "" if
	// nothing. After a write it is waited for, no longer than Settle.VerifyFor,
	// and no failure if it goes on. May be nil.
	Busy func(live M) string

	// Bound says whether a resource is where it is whatever regions the spec names.
	// May be nil: then it goes with its region.
	Bound func(env Env, id ID) bool

	// LiveName says what a live resource is called, and "" if its address says so. May
	// be nil: then its address says all.
	LiveName func(id ID, live M) string

	// Holds names what a resource has for itself alone, such as a bucket whose
	// settings would not fit another service's. Of several that hold the same the
	// first by its id has it. May be nil.
	Holds func(m M) string
	// Trace finds the calls that changed a resource; live is nil if it is gone.
	// May be nil: then any call in the resource's region is meant.
	Trace func(id ID, live *M) Trace

	Settle Settle
}

// Doc is what a kind says of itself; policies and documentation are made of it.
type Doc struct {
	Summary  string
	Controls []string     // CIS and FSBP ids, as Security Hub writes them
	Reads    []Permission // what Observe may call
	Writes   []Permission // what Apply may call
	Changers []Changer    // which calls can take it away from the spec
	// Irreversible names what Risk may say of a change, a sentence each.
	Irreversible []string
}

// Changer is an API call that changes a resource, by the name that CloudTrail
// records. Path is the field (and those below) that it changes, "" for any or
// for the resource's existence; Parameter, if set, must be among the call's.
// Names says what that parameter must mention for the call to have changed the
// field at a path, "" if nothing; it may be nil. Within: it must mention one of the
// names of the resource's Trace. Ends is for a call that can end the resource
// though its name does not say so, and Vague for one that does not say which of
// several it changed.
type Changer struct {
	Path, Event, Parameter string
	Names                  func(path string) string
	Within, Ends, Vague    bool
}

// Below is the Names of a call that names those items of the field at prefix that it
// changes.
func Below(prefix string) func(path string) string {
	return func(path string) string {
		if item, found := strings.CutPrefix(path, prefix+"."); found {
			return item
		}
		return ""
	}
}

// Exactly is the Names of a call that must mention one name.
func Exactly(name string) func(path string) string { return func(string) string { return name } }

// Trace says where CloudTrail records the calls that change a resource, and by
// which names they mention it: one of Names, or anything if there are none.
type Trace struct {
	Region string
	Names  []string
}

// Permission is an IAM action. Resource is an ARN with the placeholders
// {partition}, {region}, {account_id} and {home_region}, or "" for "*".
// Condition is a StringEquals on it, with the same placeholders.
type Permission struct {
	Action    string
	Resource  string
	Condition map[string]string
	// Anywhere: the call may go to another region than the resource's, as it does
	// for a bucket that lives elsewhere.
	Anywhere bool
	// For is the action of the call that leads to it, where none is named after
	// it (a call with tags wants TagResource, one with a role PassRole) or where
	// only that call's refusal does.
	For string
}

// Settle says how the executor waits for AWS to come round.
type Settle struct {
	// RetryOn: errors that mean "a dependency has not propagated yet".
	RetryOn []Transient
	// RetryFor bounds the retries of Apply; 0 is DefaultRetryFor.
	RetryFor time.Duration
	// Spread bounds a random pause before the first look at what is to be created,
	// for a write that is noticed if two runs make it: they do not come together.
	// Where a run sees that another is at work, the pause is several times longer.
	Spread time.Duration
	// VerifyFor bounds the wait for reads to show what was written; 0 is DefaultVerifyFor.
	VerifyFor time.Duration
}

// Bounds of waiting that a kind may override.
const (
	DefaultRetryFor  = 2 * time.Minute
	DefaultVerifyFor = 90 * time.Second
)

// Transient is an AWS error code, and words in its message that tell it from
// the same code's other uses; "" is any message.
type Transient struct{ Code, Message string }

// Passing says whether err is one of the list.
func Passing(list []Transient, err error) bool {
	return slices.ContainsFunc(list, func(t Transient) bool {
		return awsx.IsCode(err, t.Code) && strings.Contains(awsx.ErrorMessage(err), t.Message)
	})
}

// Delta is what Apply receives.
type Delta[M any] struct {
	ID     ID
	Action Action
	Before *M // nil on Create
	After  M  // safe for calls that replace everything
	Fields []diff.Field
}

// Has says whether a managed field at path, or below it, differs.
func (d Delta[M]) Has(path string) bool {
	for _, f := range d.Fields {
		if f.Path == path || len(f.Path) > len(path) && f.Path[:len(path)] == path && f.Path[len(path)] == '.' {
			return true
		}
	}
	return false
}

// Paths returns those of all fields that differ.
func (d Delta[M]) Paths() []string {
	paths := make([]string, len(d.Fields))
	for i, f := range d.Fields {
		paths[i] = f.Path
	}
	return paths
}

// Always is the Bound of what the spec's regions have no say in.
func Always(Env, ID) bool { return true }

// ManagedError says that somebody else decides about a resource.
type ManagedError struct{ Owner, Reason string }

func (e *ManagedError) Error() string { return "managed by " + e.Owner + ": " + e.Reason }

// ManagedBy returns the error for a resource that owner decides about.
func ManagedBy(owner, reason string) error { return &ManagedError{Owner: owner, Reason: reason} }

// AbsentError says that there is nothing, and what is worth knowing of that.
type AbsentError struct{ Notes []string }

func (e *AbsentError) Error() string { return "there is none; " + strings.Join(e.Notes, "; ") }

// Absent returns the error for a resource that is not there, with notes.
func Absent(notes ...string) error { return &AbsentError{Notes: notes} }

// PendingError says that AWS is not ready for a change yet: the executor looks
// again later. With Unsure, AWS did not say whether it made what was missing: that
// is looked for a while before it is made again.
type PendingError struct {
	Reason string
	Unsure bool
}

func (e *PendingError) Error() string { return e.Reason }

// Pending returns the error for a change that AWS is not ready for yet.
func Pending(reason string) error { return &PendingError{Reason: reason} }

// Unsure returns the error for a creation that is noticed if it is made twice, and of
// which AWS did not say whether it was made.
func Unsure(reason string) error { return &PendingError{Reason: reason, Unsure: true} }

// MadeError says that a change failed after it had created what was missing: a look
// that does not show it yet is no reason to create it again.
type MadeError struct{ Err error }

func (e *MadeError) Error() string { return e.Err.Error() }

// Unwrap returns what the change failed with.
func (e *MadeError) Unwrap() error { return e.Err }

// Made returns the error for a change that failed with err after it had created
// what was missing.
func Made(err error) error { return &MadeError{Err: err} }

// Resource is one declared resource: a type with an id and a wanted model.
type Resource interface {
	ID() ID
	Needs() []Ref
	Settle() Settle
	// Plan observes the resource and says what is to be done. It reads only.
	Plan(ctx context.Context, env Env) Change
	// Compare returns the Fields, After and Fingerprint that Plan finds where the live
	// model is as a change holds it, and it leaves out what the change does.
	Compare(c Change) (Change, error)
	// Moved returns the managed fields whose live values are others in now than
	// they were in planned; both are of this resource.
	Moved(planned, now Change) []diff.Field
	// Explain says why a call for the resource failed, and what to do about it.
	Explain(env Env, err error) string
	// Apply makes a change that Plan found.
	Apply(ctx context.Context, env Env, c Change) error

	at(section string) Resource
}

// KindInfo is a type without its model.
type KindInfo interface {
	Name() Kind
	Documentation() Doc
	// Decode makes a resource of what a saved plan holds.
	Decode(id ID, want json.RawMessage, needs []Ref) (Resource, error)
	// Model returns a zero model, for documentation.
	Model() any
	// Trace finds the calls that changed the resource of a change.
	TraceOf(c Change) Trace
}

// New declares a resource. path is the part of the section that asks for it.
func (t *Type[M]) New(scope Scope, name, path string, want M, needs ...Ref) Resource {
	return &typed[M]{kind: t, id: t.ID(scope, name), path: path, want: want, needs: needs}
}

// At puts a resource's path below section: what Expand declares is relative.
func At(r Resource, section string) Resource { return r.at(section) }

// ID returns the id of a resource of this type.
func (t *Type[M]) ID(scope Scope, name string) ID { return ID{Kind: t.Kind, Scope: scope, Name: name} }

// Name returns the kind.
func (t *Type[M]) Name() Kind { return t.Kind }

// Documentation returns the kind's Doc.
func (t *Type[M]) Documentation() Doc { return t.Doc }

// Model returns a zero model.
func (t *Type[M]) Model() any { return *new(M) }

// Decode makes a resource of what a saved plan holds.
func (t *Type[M]) Decode(id ID, want json.RawMessage, needs []Ref) (Resource, error) {
	r := &typed[M]{kind: t, id: id, needs: needs}
	if err := json.Unmarshal(want, &r.want); err != nil {
		return nil, fmt.Errorf("%s: the wanted model does not decode: %w", id, err)
	}
	return r, nil
}

// TraceOf finds the calls that changed the resource of a change.
func (t *Type[M]) TraceOf(c Change) Trace {
	if t.Trace == nil {
		return Trace{Region: string(c.ID.Scope)}
	}
	var live *M
	if err := json.Unmarshal(c.Before, &live); err != nil {
		live = nil // a model of another version: the id must do
	}
	return t.Trace(c.ID, live)
}
