package policy

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/spec"
)

// ForAll is the scope of every kind of the services, whatever a spec names.
func ForAll(services []*resource.Service, partition string) Scope {
	s := Scope{Partition: partition}
	for _, service := range services {
		for _, kind := range service.Kinds {
			s.Needs = append(s.Needs, Need{Kind: kind})
		}
	}
	return s
}

// ForSpec is the scope of the kinds that a spec asks for: in the regions that it
// includes by name, else in any.
func ForSpec(services []*resource.Service, s *spec.Spec) Scope {
	partition := spec.PartitionOf(s.HomeRegion)
	in := resource.Input{
		// What is declared does not depend on which account it is.
		Identity:   awsx.Identity{AccountID: cmp.Or(s.AccountID, "123456789012"), Partition: partition},
		Partition:  awsx.PartitionOf(partition, s.HomeRegion),
		HomeRegion: s.HomeRegion, Regions: s.Regions.Include, Tags: s.Tags,
	}
	if in.Regions == nil {
		in.Regions = []string{s.HomeRegion}
	}
	n := newNeeds(services)
	for _, service := range services {
		section, present := s.Sections[service.Name]
		if !present {
			continue
		}
		d := &resource.Declaration{}
		section.(resource.Section).Expand(in, d)
		for _, r := range d.Resources {
			n.add(r.ID())
		}
	}
	if s.Regions.Include == nil {
		n.anywhere()
	}
	return Scope{Needs: n.sorted(), Partition: partition, AccountID: s.AccountID, Home: s.HomeRegion}
}

// ForPlan is the scope of a saved plan: for Apply what it changes, and what that
// rests on to look at, for Plan all that it looked at, where it did so. The error
// is a kind that is not known.
func ForPlan(services []*resource.Service, p *plan.Plan, role Role) (Scope, error) {
	n, looks := newNeeds(services), newNeeds(services)
	for _, c := range p.Changes {
		if role == Apply && !c.Action.Changes() {
			continue
		}
		if known := n.add(c.ID); !known && c.Action.Changes() {
			return Scope{}, fmt.Errorf("%s: this kiso does not know the kind %q; use the kiso that made the plan", c.ID, c.ID.Kind)
		}
		for _, ref := range c.Needs {
			if !ref.After {
				looks.add(ref.ID)
			}
		}
	}
	return Scope{Needs: n.sorted(), Looks: looks.sorted(), Partition: p.Partition, AccountID: p.AccountID, Home: p.HomeRegion, Saved: true}, nil
}

// needs gathers where each kind is needed.
type needs struct {
	registry resource.Registry
	all      map[resource.Kind]*Need
}

func newNeeds(services []*resource.Service) *needs {
	return &needs{registry: resource.NewRegistry(services), all: map[resource.Kind]*Need{}}
}

// add says whether the kind of an id is known, and notes its region if it is.
// What an account has once may be asked for in any region.
func (n *needs) add(id resource.ID) bool {
	kind, known := n.registry[id.Kind]
	if !known {
		return false
	}
	need := n.all[id.Kind]
	if need == nil {
		need = &Need{Kind: kind, Regions: []string{}}
		n.all[id.Kind] = need
	}
	switch {
	case id.Scope == resource.Global:
		need.Regions = nil
	case need.Regions != nil && !slices.Contains(need.Regions, string(id.Scope)):
		need.Regions = append(need.Regions, string(id.Scope))
	}
	return true
}

func (n *needs) anywhere() {
	for _, need := range n.all {
		need.Regions = nil
	}
}

// sorted returns the needs by kind, their regions sorted.
func (n *needs) sorted() []Need {
	var list []Need
	for _, need := range n.all {
		slices.Sort(need.Regions)
		list = append(list, *need)
	}
	slices.SortFunc(list, func(a, b Need) int { return cmp.Compare(a.Kind.Name(), b.Kind.Name()) })
	return list
}
