package drift

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/kiso-cli/kiso/internal/event"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// Movers returns, for each of moved, the calls since a time that can have moved
// its fields. It is empty for what is not on record, or not yet: CloudTrail
// takes minutes to record a call, and may refuse to be asked.
func Movers(ctx context.Context, session *awsx.Session, registry resource.Registry, since time.Time, moved []resource.Change) [][]event.Event {
	h := newHistory(session)
	movers := make([][]event.Event, len(moved))
	var wg sync.WaitGroup
	for i, c := range moved {
		wg.Go(func() { movers[i] = h.movers(ctx, registry, since, c) })
	}
	wg.Wait()
	return movers
}

func (h *history) movers(ctx context.Context, registry resource.Registry, since time.Time, c resource.Change) []event.Event {
	kind, known := registry[c.ID.Kind]
	if !known {
		return nil
	}
	search := h.search(kind, c, func(e event.Event) bool { return !e.Time.Before(since) })
	var found []event.Event
	for _, f := range c.Fields {
		by, _ := h.find(ctx, search, f.Path)
		if by != nil && !slices.ContainsFunc(found, func(e event.Event) bool { return e.ID == by.ID }) {
			found = append(found, *by)
		}
	}
	return found
}
