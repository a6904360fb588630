package render

import (
	"fmt"
	"strings"

	"github.com/kiso-cli/kiso/pkg/resource"
)

// group is one change, or the same change in several regions.
type group struct {
	resource.Change
	Regions []string
}

// address is the resource's, with the regions of a folded group as a star.
func (g group) address() string {
	if len(g.Regions) < 2 {
		return g.ID.String()
	}
	return fmt.Sprintf("%s/*/%s", g.ID.Kind, g.ID.Name)
}

// fold gathers the changes that a filter lets through, those alike but for the
// region into one group, in the order of the first of each.
func fold(changes []resource.Change, filter func(resource.Change) bool) []group {
	var groups []group
	index := map[string]int{}
	for _, c := range changes {
		if !filter(c) {
			continue
		}
		key := likeness(c)
		i, ok := index[key]
		if !ok {
			i = len(groups)
			index[key] = i
			groups = append(groups, group{Change: c})
		}
		groups[i].Regions = append(groups[i].Regions, string(c.ID.Scope))
	}
	return groups
}

// noteworthy says whether there is more to say of a change than what it does.
func noteworthy(c resource.Change) bool {
	return len(c.Risks)+len(c.Notes) > 0 && c.Action != resource.Blocked
}

// likeness is equal for changes that a reader would call the same.
func likeness(c resource.Change) string {
	return compactJSON([]any{
		c.ID.Kind, c.ID.Name, c.Action, c.Fields, c.Risks, c.Notes, reasonWithoutRegion(c), c.Owner, c.MeetsSpec,
	})
}

// reasonWithoutRegion makes the reasons of equal refusals in several regions equal.
func reasonWithoutRegion(c resource.Change) string {
	if c.ID.Scope == resource.Global {
		return c.Reason
	}
	return strings.ReplaceAll(c.Reason, string(c.ID.Scope), "REGION")
}
