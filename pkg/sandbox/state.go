package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// The state of an account is one JSON document per service and region, kept in
// versions. A call works on decoded copies; a write that succeeds appends new
// versions. Undoing, lagging, dropping, saving and comparing all follow from that.

// key names the state of a service in a region, or Global.
type key struct{ service, region string }

func (k key) String() string { return k.service + "/" + k.region }

// version is a state since a point in time.
type version struct {
	since time.Time
	data  json.RawMessage
}

type store map[key][]version

// current returns the newest version, nil if the state was never written.
func (s store) current(k key) json.RawMessage {
	if versions := s[k]; len(versions) > 0 {
		return versions[len(versions)-1].data
	}
	return nil
}

// before returns the version that was current at t.
func (s store) before(k key, t time.Time) json.RawMessage {
	var data json.RawMessage
	for _, v := range s[k] {
		if v.since.After(t) {
			break
		}
		data = v.data
	}
	return data
}

// put appends a version and forgets those that were over before the horizon.
func (s store) put(k key, now, horizon time.Time, data json.RawMessage) {
	versions := append(s[k], version{now, data})
	for len(versions) > 1 && !versions[1].since.After(horizon) {
		versions = versions[1:]
	}
	s[k] = versions
}

// transaction is the view of one call on the state.
type transaction struct {
	account *Account
	now     time.Time
	lag     time.Duration // of what the call sees of its own service
	loaded  map[key]any   // decoded states, to be kept if the call succeeds
}

func (a *Account) begin(lag time.Duration) *transaction {
	return &transaction{account: a, now: a.options.Clock(), lag: lag, loaded: map[key]any{}}
}

func (t *transaction) data(k key, lag time.Duration) json.RawMessage {
	if lag > 0 {
		return t.account.states.before(k, t.now.Add(-lag))
	}
	return t.account.states.current(k)
}

// commit keeps what the call did and reports whether that changed anything.
func (t *transaction) commit() (changed bool) {
	a := t.account
	horizon := t.now.Add(-max(a.options.ReadLag, a.options.Propagation))
	for k, state := range t.loaded {
		data := mustMarshal(state)
		if before := a.states.current(k); bytes.Equal(data, before) || (before == nil && string(data) == "{}") {
			continue
		}
		a.states.put(k, t.now, horizon, data)
		changed = true
	}
	return changed
}

// State returns the state of the request's service in the request's region (or
// of the whole account for a Global simulator). T is a plain struct that survives
// encoding/json and whose zero value is a service that was never touched; give
// every field omitempty or omitzero. A handler of a Write may change it in place.
func State[T any](r *Request) *T {
	region := r.Region
	if s := r.tx.account.services[r.Service]; s != nil && s.Global {
		region = Global
	}
	return In[T](r, r.Service, region)
}

// In returns the state of any service and region, seen and kept like State.
func In[T any](r *Request, service, region string) *T {
	k := key{service, region}
	if state, ok := r.tx.loaded[k]; ok {
		return state.(*T)
	}
	state := decodeState[T](k, r.tx.data(k, r.tx.lag))
	r.tx.loaded[k] = state
	return state
}

// Peek returns a copy of the state of another service as this one sees it, which
// is older by Options.Propagation. Changes to it are not kept.
func Peek[T any](r *Request, service, region string) *T {
	k := key{service, region}
	return decodeState[T](k, r.tx.data(k, r.tx.account.options.Propagation))
}

func decodeState[T any](k key, data json.RawMessage) *T {
	state := new(T)
	if data == nil {
		return state
	}
	if err := json.Unmarshal(data, state); err != nil {
		panic(fmt.Sprintf("sandbox: the state of %s is not a %T: %v", k, *state, err))
	}
	return state
}

// Get returns a copy of the state of a service in a region (or Global), for tests.
func Get[T any](a *Account, service, region string) T {
	a.mu.Lock()
	defer a.mu.Unlock()
	k := key{service, region}
	return *decodeState[T](k, a.states.current(k))
}

// Edit changes the state of a service in a region (or Global) behind the back of
// the API, for tests that tamper. It is seen at once, whatever the lag, and is not
// logged as a call.
func Edit[T any](a *Account, service, region string, change func(*T)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k := key{service, region}
	state := decodeState[T](k, a.states.current(k))
	change(state)
	a.states[k] = []version{{data: mustMarshal(state)}}
	if err := a.persist(); err != nil {
		panic(err)
	}
}

// Snapshot returns the state of the whole account as JSON, equal for equal
// states: an object by "service/region". States that were never written, and
// what the core remembers for itself, are not in it.
func (a *Account) Snapshot() []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	states := a.current()
	for name := range states {
		if name == (key{coreService, Global}).String() {
			delete(states, name)
		}
	}
	data, err := json.MarshalIndent(states, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("sandbox: the state cannot be written: %v", err))
	}
	return data
}

// current returns the newest version of every state by name.
func (a *Account) current() map[string]json.RawMessage {
	states := map[string]json.RawMessage{}
	for k := range a.states {
		if data := a.states.current(k); string(data) != "{}" {
			states[k.String()] = data
		}
	}
	return states
}
