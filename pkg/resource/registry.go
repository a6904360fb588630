package resource

import "fmt"

// Registry finds a kind by its name.
type Registry map[Kind]KindInfo

// NewRegistry gathers the kinds of services. It panics on a kind that two
// services claim: that is a programming error.
func NewRegistry(services []*Service) Registry {
	registry := Registry{}
	for _, s := range services {
		for _, k := range s.Kinds {
			if _, taken := registry[k.Name()]; taken {
				panic("two services claim the kind " + string(k.Name()))
			}
			registry[k.Name()] = k
		}
	}
	return registry
}

// Decode makes the resource that a change is about.
func (r Registry) Decode(c Change) (Resource, error) {
	kind, ok := r[c.ID.Kind]
	if !ok {
		return nil, fmt.Errorf("%s: this kiso does not know the kind %q; use the kiso that made the plan", c.ID, c.ID.Kind)
	}
	return kind.Decode(c.ID, c.Want, c.Needs)
}
