package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/spec"
)

// regionChoice is what the account's regions and the spec's filter make together.
type regionChoice struct {
	managed []string
	blocked []resource.Change // wanted by name, and not there
	notes   []string
}

// regions decides which regions are managed, before any of them is called: a
// region that is off answers like one with bad credentials.
func (e *Engine) regions(ctx context.Context, s *spec.Spec) (*regionChoice, error) {
	live, err := e.Session.Regions(ctx)
	if err != nil {
		return e.namedRegions(s, err)
	}
	choice := &regionChoice{}
	wanted := s.Regions.Include
	var passing []string
	enabled := map[string]bool{}
	status := map[string]string{}
	for _, r := range e.ofPartition(live) {
		enabled[r.Name], status[r.Name] = r.Enabled, r.Status
		if r.Enabled && wanted == nil && !slices.Contains(s.Regions.Exclude, r.Name) {
			choice.managed = append(choice.managed, r.Name)
		}
		if r.Status == "ENABLING" || r.Status == "DISABLING" {
			passing = append(passing, r.Name+" is "+r.Status)
		}
	}
	for _, name := range wanted {
		if enabled[name] {
			choice.managed = append(choice.managed, name)
			continue
		}
		choice.blocked = append(choice.blocked, notEnabled(name, status[name]))
	}
	if len(passing) > 0 {
		choice.notes = append(choice.notes, "regions on their way are left out, run again when they have arrived: "+strings.Join(passing, ", "))
	}
	slices.Sort(choice.managed)
	if !enabled[s.HomeRegion] {
		at := s.Position("home_region")
		return nil, fmt.Errorf("%s:%d:%d: home_region: %q is not enabled in account %s: enable it (aws account enable-region) or choose another",
			s.File, at.Line, at.Column, s.HomeRegion, e.Session.Identity.AccountID)
	}
	return choice, nil
}

// ofPartition leaves out the regions of other partitions, which emulators list.
func (e *Engine) ofPartition(regions []awsx.Region) []awsx.Region {
	return slices.DeleteFunc(slices.Clone(regions), func(r awsx.Region) bool {
		partition := spec.PartitionOf(r.Name)
		return partition != "" && partition != e.Session.Identity.Partition
	})
}

// namedRegions does without the account's list where the spec names its regions.
func (e *Engine) namedRegions(s *spec.Spec, cause error) (*regionChoice, error) {
	if s.Regions.Include == nil {
		return nil, cause
	}
	return &regionChoice{
		managed: slices.Sorted(slices.Values(s.Regions.Include)),
		notes:   []string{"the regions of the spec are taken as they are: " + cause.Error()},
	}, nil
}

func notEnabled(region, status string) resource.Change {
	reason := "the region is not enabled for this account"
	if status != "" {
		reason += " (" + status + ")"
	}
	todo := "enable it (aws account enable-region) or take it out of regions.include"
	if status == "ENABLING" {
		todo = "run again when it is, which can take hours"
	}
	return resource.Change{
		ID:     resource.ID{Kind: "account.region", Scope: resource.Scope(region), Name: region},
		Action: resource.Blocked, Reason: reason + "; " + todo,
		Path: "regions.include",
	}
}
