package resource

import (
	"context"
	"encoding/json"
	"errors"
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
// field at a path, "" if nothing; it may be nil. Ends is for a call that can end
// the resource though its name does not say so.
type Changer struct {
	Path, Event, Parameter string
	Names                  func(path string) string
	Ends                   bool
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

type typed[M any] struct {
	kind  *Type[M]
	id    ID
	path  string
	want  M
	needs []Ref
}

func (r *typed[M]) ID() ID         { return r.id }
func (r *typed[M]) Needs() []Ref   { return r.needs }
func (r *typed[M]) Settle() Settle { return r.kind.Settle }

func (r *typed[M]) at(section string) Resource {
	below := *r
	below.path = strings.TrimSuffix(section+"."+r.path, ".")
	return &below
}

func (r *typed[M]) Plan(ctx context.Context, env Env) Change {
	live, err := r.kind.Observe(ctx, env, r.id)
	var absent *AbsentError
	if errors.As(err, &absent) {
		live, err = nil, nil
	}
	var managed *ManagedError
	if err != nil && !errors.As(err, &managed) {
		return r.blocked(env, err)
	}
	c := Change{ID: r.id, Controls: r.kind.Doc.Controls, Path: r.path, Want: encode(r.want), Before: encode(live)}
	want, notes := r.adapted(live)
	d, fingerprint := r.delta(live, want)
	c.Fields, c.Fingerprint, c.After = d.Fields, fingerprint, encode(d.After)
	c.Notes = notes
	if absent != nil {
		c.Notes = absent.Notes
	}
	if live != nil && r.kind.Notes != nil {
		c.Notes = append(c.Notes, r.kind.Notes(*live)...)
	}
	if live != nil && r.kind.LiveName != nil {
		c.LiveName = r.kind.LiveName(r.id, *live)
	}
	if live != nil && r.kind.Busy != nil {
		c.Busy = r.kind.Busy(*live)
	}
	if managed != nil {
		c.Action, c.Owner, c.Reason, c.MeetsSpec = Managed, managed.Owner, managed.Reason, len(d.Fields) == 0
		return c
	}
	if err := r.leaveOut(ctx, env, &c, &d); err != nil {
		return r.blocked(env, err)
	}
	c.Action = d.Action
	if r.kind.Holds != nil {
		c.Holds = r.kind.Holds(d.After)
	}
	if d.Action.Changes() && r.kind.Risk != nil {
		c.Risks = r.kind.Risk(d)
	}
	return c
}

// blocked is the change of what could not be read: nothing of it is known.
func (r *typed[M]) blocked(env Env, err error) Change {
	return Change{ID: r.id, Action: Blocked, Reason: r.Explain(env, err), Err: err, Path: r.path, Controls: r.kind.Doc.Controls, Want: encode(r.want)}
}

func (r *typed[M]) Explain(env Env, err error) string {
	if r.kind.Bound != nil && r.kind.Bound(env, r.id) {
		return awsx.ExplainBound(err, r.id.Kind.Service())
	}
	return awsx.Explain(err)
}

// leaveOut takes out of a change that was found what is not to be made. If that
// is all of it, there is nothing to do.
func (r *typed[M]) leaveOut(ctx context.Context, env Env, c *Change, d *Delta[M]) error {
	if r.kind.LeaveOut == nil || !d.Action.Changes() {
		return nil
	}
	paths, notes, err := r.kind.LeaveOut(ctx, env, *d)
	if err != nil {
		return err
	}
	c.LeftOut, c.Notes = paths, append(c.Notes, notes...)
	d.Fields = without(d.Fields, paths)
	c.Fields, c.After = d.Fields, undone(c.After, c.Before, paths)
	if len(d.Fields) == 0 {
		d.Action, c.After = None, c.Before
	}
	return nil
}

// undone returns the model after a change with what is left out as it was before.
func undone(after, before json.RawMessage, paths []string) json.RawMessage {
	for _, path := range paths {
		after = restored(after, before, path)
	}
	return after
}

// restored returns an object with the member at a path, whose names may hold dots
// themselves, as it is in another one, or without it.
func restored(after, before json.RawMessage, path string) json.RawMessage {
	var is, was map[string]json.RawMessage
	if json.Unmarshal(after, &is) != nil || json.Unmarshal(before, &was) != nil {
		return after // no object: nothing is below it
	}
	for name, value := range is {
		rest, below := strings.CutPrefix(path, name+".")
		old, there := was[name]
		switch {
		case name == path && there:
			is[name] = old
		case name == path:
			delete(is, name)
		case below && there:
			is[name] = restored(value, old, rest)
		case below:
			is[name] = restored(value, json.RawMessage("null"), rest)
		}
	}
	return encode(is)
}

func without(fields []diff.Field, paths []string) []diff.Field {
	return slices.DeleteFunc(slices.Clone(fields), func(f diff.Field) bool { return slices.Contains(paths, f.Path) })
}

func (r *typed[M]) Compare(c Change) (Change, error) {
	var live *M
	if err := json.Unmarshal(c.Before, &live); err != nil {
		return Change{}, fmt.Errorf("%s: the live model does not decode: %w", r.id, err)
	}
	want, _ := r.adapted(live)
	d, fingerprint := r.delta(live, want)
	return Change{Fields: without(d.Fields, c.LeftOut), After: undone(encode(d.After), c.Before, c.LeftOut), Fingerprint: fingerprint}, nil
}

func (r *typed[M]) Moved(planned, now Change) []diff.Field {
	return r.look(now).Since(r.look(planned))
}

// look compares the live model that a change holds. One that does not decode is
// another version's: nothing that is known was there.
func (r *typed[M]) look(c Change) diff.Outcome[M] {
	var live *M
	if err := json.Unmarshal(c.Before, &live); err != nil {
		live = nil
	}
	want, _ := r.adapted(live)
	return diff.Compare(live, want)
}

func (r *typed[M]) Apply(ctx context.Context, env Env, c Change) error {
	d := Delta[M]{ID: c.ID, Action: c.Action, Fields: c.Fields}
	if err := json.Unmarshal(c.After, &d.After); err != nil {
		return fmt.Errorf("%s: the planned model does not decode: %w", c.ID, err)
	}
	if err := json.Unmarshal(c.Before, &d.Before); err != nil {
		return fmt.Errorf("%s: the live model does not decode: %w", c.ID, err)
	}
	return r.kind.Apply(ctx, env, d)
}

func (r *typed[M]) adapted(live *M) (M, []string) {
	if live == nil || r.kind.Adapt == nil {
		return r.want, nil
	}
	return r.kind.Adapt(*live, r.want)
}

func (r *typed[M]) delta(live *M, want M) (Delta[M], string) {
	out := diff.Compare(live, want)
	d := Delta[M]{ID: r.id, Action: Update, Before: live, After: out.Merged, Fields: out.Fields}
	switch {
	case live == nil:
		d.Action = Create
	case len(out.Fields) == 0:
		d.Action = None
	}
	return d, out.Fingerprint
}

// encode returns v as JSON; models are plain data, so it cannot fail.
func encode(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("resource: %T is not plain data: %v", v, err))
	}
	return data
}
