package drift

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/kiso-cli/kiso/internal/event"
	"github.com/kiso-cli/kiso/pkg/awsx"
)

// history reads the event history, each question once, one question at a time
// in each region.
type history struct {
	session *awsx.Session
	mu      sync.Mutex
	regions map[string]*regionHistory
}

type regionHistory struct {
	turn   chan struct{}            // holds one: whoever takes it may ask
	events map[string][]event.Event // by event name
	err    error                    // the first refusal ends the asking
	older  map[string]bool          // names with records that were not looked at
	vain   map[string]bool          // those of them that were searched in vain
}

func newHistory(session *awsx.Session) *history {
	return &history{session: session, regions: map[string]*regionHistory{}}
}

// events returns what is on record, newest first. Where it cannot be read, notes
// tell so too.
func (h *history) events(ctx context.Context, region, name string) ([]event.Event, error) {
	r := h.region(region)
	<-r.turn
	defer func() { r.turn <- struct{}{} }()
	if events, asked := r.events[name]; asked || r.err != nil {
		return events, r.err
	}
	events, older, err := h.session.LookupEvents(ctx, region, name)
	if err != nil {
		r.err = err
		return nil, err
	}
	slices.SortStableFunc(events, func(a, b event.Event) int { return b.Time.Compare(a.Time) })
	r.events[name], r.older[name] = events, older
	return events, nil
}

// inVain notes a search for calls that found none, and says whether there are
// older ones that were not looked at.
func (h *history) inVain(region string, names []string) (older bool) {
	r := h.region(region)
	<-r.turn
	defer func() { r.turn <- struct{}{} }()
	for _, name := range names {
		if r.older[name] {
			r.vain[name], older = true, true
		}
	}
	return older
}

func (h *history) region(name string) *regionHistory {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, ok := h.regions[name]
	if !ok {
		r = &regionHistory{turn: make(chan struct{}, 1), events: map[string][]event.Event{}, older: map[string]bool{}, vain: map[string]bool{}}
		r.turn <- struct{}{}
		h.regions[name] = r
	}
	return r
}

// notes says in which regions the history could not be read, or not far enough.
func (h *history) notes() []string {
	var notes []string
	for _, name := range slices.Sorted(maps.Keys(h.regions)) {
		for _, call := range slices.Sorted(maps.Keys(h.regions[name].vain)) {
			notes = append(notes, fmt.Sprintf("only the newest %d calls of %s in %s were looked at: who is not named may have made an older one", awsx.LookupMost, call, name))
		}
		if err := h.regions[name].err; err != nil {
			notes = append(notes, fmt.Sprintf("who changed what in %s is not known: %s", name, awsx.Explain(err)))
		}
	}
	return notes
}
