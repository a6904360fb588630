package resource

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/internal/diff"
	"github.com/kiso-cli/kiso/pkg/awsx"
)

// typed is a resource of a type: what a plan and an executor do with it.
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
