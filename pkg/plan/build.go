// Package plan finds out what an account lacks. Build reads and compares;
// Encode and Decode turn a plan into the document that is saved and rendered.
// It never writes to an account and does not know the AWS SDK.
package plan

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/kiso-cli/kiso/internal/graph"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// Build observes every declared resource, all at once, and says what is to be
// done about each: the changes come sorted by id. The error is a defect of the
// declarations (a need that nobody declares, a cycle, the same id twice); that
// something could not be read is no error but a Blocked change.
func Build(ctx context.Context, env resource.Env, declared []resource.Resource) ([]resource.Change, error) {
	order, needs, err := arrange(declared)
	if err != nil {
		return nil, err
	}
	changes := make(map[string]*resource.Change, len(declared))
	for _, r := range declared {
		changes[r.ID().String()] = &resource.Change{}
	}
	var wg sync.WaitGroup
	for _, r := range declared {
		wg.Go(func() { *changes[r.ID().String()] = r.Plan(ctx, env) })
	}
	wg.Wait()
	refuseDoubles(changes)
	result := make([]resource.Change, 0, len(declared))
	roots := map[string]*resource.Change{}
	for _, address := range order {
		c := changes[address]
		c.Needs = needs[address]
		block(c, changes, roots)
		result = append(result, *c)
	}
	sortChanges(result)
	return result, nil
}

// refuseDoubles blocks a change of what another has for itself alone: two owners
// would undo each other's settings for ever.
func refuseDoubles(changes map[string]*resource.Change) {
	holders := map[string]*resource.Change{}
	for _, c := range slices.SortedFunc(maps.Values(changes), func(a, b *resource.Change) int { return a.ID.Compare(b.ID) }) {
		holder, taken := holders[c.Holds]
		switch {
		case c.Holds == "":
		case !taken:
			holders[c.Holds] = c
		default:
			reason := fmt.Sprintf("%s is that of %s in this account, and their settings exclude each other: name another one in the spec", c.Holds, holder.ID)
			*c = resource.Change{ID: c.ID, Action: resource.Blocked, Reason: reason, Path: c.Path}
		}
	}
}

func sortChanges(changes []resource.Change) {
	slices.SortFunc(changes, func(a, b resource.Change) int { return a.ID.Compare(b.ID) })
}

// arrange orders the declared resources and keeps of their needs the declared ones.
func arrange(declared []resource.Resource) (order []string, needs map[string][]resource.Ref, err error) {
	needs = make(map[string][]resource.Ref, len(declared))
	for _, r := range declared {
		address := r.ID().String()
		if _, twice := needs[address]; twice {
			return nil, nil, fmt.Errorf("%s is declared twice", address)
		}
		needs[address] = []resource.Ref{}
	}
	edges := make(map[string][]string, len(declared))
	for _, r := range declared {
		address := r.ID().String()
		edges[address] = nil
		for _, ref := range r.Needs() {
			if _, there := needs[ref.String()]; !there && ref.Optional {
				continue
			}
			needs[address] = append(needs[address], ref)
			edges[address] = append(edges[address], ref.String())
		}
	}
	order, errs := graph.Order(edges)
	if len(errs) > 0 {
		return nil, nil, fmt.Errorf("the declared resources do not fit together: %w", errors.Join(errs...))
	}
	return order, needs, nil
}

// block marks a change that rests on something that could not be read, and
// notes in roots what that is. What is in sync has been read, and stays in sync.
func block(c *resource.Change, changes, roots map[string]*resource.Change) {
	if !c.Action.Changes() {
		return
	}
	for _, ref := range c.Needs {
		need := changes[ref.String()]
		if ref.AsWanted && Unmet(*need) {
			c.Action, c.Owner, c.Risks = resource.Managed, need.Owner, nil
			c.Reason = fmt.Sprintf("needs %s, which %s manages otherwise: %s", ref.ID, need.Owner, need.Reason)
			return
		}
		if ref.After || need.Action != resource.Blocked {
			continue
		}
		through, root := "", roots[ref.String()]
		if root == nil {
			root = need
		} else {
			through = fmt.Sprintf("which needs %s, ", root.ID)
		}
		roots[c.ID.String()] = root
		reason := fmt.Sprintf("needs %s, %swhich is blocked: %s", ref.ID, through, root.Reason)
		*c = resource.Change{ID: c.ID, Action: resource.Blocked, Reason: reason, Path: c.Path}
		return
	}
}
