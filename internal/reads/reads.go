// Package reads memoises the read calls of one observation of an account, so
// that resources which rest on the same call share one request. It knows
// nothing of AWS: a call is named by four strings.
//
// A Cache is never invalidated. Whoever needs a newer view (each step of an
// apply, each read-back) starts with a new one.
package reads

import (
	"context"
	"fmt"
	"sync"
)

// Key names one read: the service and region it goes to, the call, and what
// tells it from other uses of that call (a bucket name, a detector id).
type Key struct{ Service, Region, Call, Arg string }

// Cache holds the answers of one observation. The zero value is not usable;
// see New. It is safe for concurrent use.
type Cache struct {
	mu      sync.Mutex
	entries map[Key]*entry
}

type entry struct {
	done      chan struct{}
	value     any
	err       error
	abandoned bool // whoever was loading gave up: that is no answer for others
}

// New returns an empty Cache.
func New() *Cache { return &Cache{entries: map[Key]*entry{}} }

// Get returns the answer for k, calling load once however many callers ask at
// the same time. An error is given to those who waited for it, and then
// forgotten: a later Get tries again. When the context of the caller whose load
// is under way ends, one of those who wait takes over.
func Get[T any](ctx context.Context, c *Cache, k Key, load func(context.Context) (T, error)) (T, error) {
	for {
		e, found := c.entry(k)
		if !found {
			c.load(ctx, k, e, func() (any, error) { return load(ctx) })
		}
		select {
		case <-e.done:
		case <-ctx.Done():
			var zero T
			return zero, ctx.Err()
		}
		if e.abandoned && ctx.Err() == nil {
			continue
		}
		value, ok := e.value.(T)
		if !ok && e.err == nil {
			return value, fmt.Errorf("reads: %v was asked for with two types", k)
		}
		return value, e.err
	}
}

// entry returns the entry of k, and whether somebody else is loading it.
func (c *Cache) entry(k Key) (e *entry, found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, found = c.entries[k]
	if !found {
		e = &entry{done: make(chan struct{})}
		c.entries[k] = e
	}
	return e, found
}

func (c *Cache) load(ctx context.Context, k Key, e *entry, load func() (any, error)) {
	defer close(e.done)
	e.err = fmt.Errorf("reads: %v panicked", k) // what waiting callers see if load panics
	e.value, e.err = load()
	if e.err != nil {
		e.abandoned = ctx.Err() != nil
		c.mu.Lock()
		delete(c.entries, k)
		c.mu.Unlock()
	}
}
