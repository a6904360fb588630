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
	done  chan struct{}
	value any
	err   error
}

// New returns an empty Cache.
func New() *Cache { return &Cache{entries: map[Key]*entry{}} }

// Get returns the answer for k, calling load once however many callers ask at
// the same time. An error is given to those who waited for it, and then
// forgotten: a later Get tries again.
func Get[T any](ctx context.Context, c *Cache, k Key, load func(context.Context) (T, error)) (T, error) {
	c.mu.Lock()
	e, found := c.entries[k]
	if !found {
		e = &entry{done: make(chan struct{})}
		c.entries[k] = e
	}
	c.mu.Unlock()
	if !found {
		c.load(k, e, func() (any, error) { return load(ctx) })
	}
	select {
	case <-e.done:
	case <-ctx.Done():
		var zero T
		return zero, ctx.Err()
	}
	value, ok := e.value.(T)
	if !ok && e.err == nil {
		return value, fmt.Errorf("reads: %v was asked for with two types", k)
	}
	return value, e.err
}

func (c *Cache) load(k Key, e *entry, load func() (any, error)) {
	defer close(e.done)
	e.err = fmt.Errorf("reads: %v panicked", k) // what waiting callers see if load panics
	e.value, e.err = load()
	if e.err != nil {
		c.mu.Lock()
		delete(c.entries, k)
		c.mu.Unlock()
	}
}
