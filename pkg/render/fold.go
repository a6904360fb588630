package render

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/internal/diff"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// group is one change, or the same change in several regions.
type group struct {
	resource.Change
	Regions []string
}

// anyRegion stands in a folded group for the name of each of its regions.
const anyRegion = "{region}"

// address is the resource's, with the regions of a folded group as a star.
func (g group) address() string {
	if len(g.Regions) < 2 {
		return g.ID.String()
	}
	return fmt.Sprintf("%s/*/%s", g.ID.Kind, g.ID.Name)
}

// named says what is called otherwise in the account than the address says, or nothing.
func (g group) named() string { return resource.Called(g.LiveName) }

// fold gathers the changes that a filter lets through, those alike but for the
// region into one group, in the order of the first of each. Those that differ by
// their own region's name alone, in an ARN, say, are alike too: the group has
// anyRegion in its place.
func fold(changes []resource.Change, filter func(resource.Change) bool) []group {
	var groups []group
	for _, c := range changes {
		if filter(c) {
			groups = append(groups, group{Change: c, Regions: []string{string(c.ID.Scope)}})
		}
	}
	groups = merge(groups, func(c resource.Change) resource.Change { return c }, func(group) bool { return true })
	return merge(groups, regionless, func(g group) bool { return len(g.Regions) == 1 && g.ID.Scope != resource.Global })
}

// foldBare folds changes without what remarks says of them.
func foldBare(changes []resource.Change, filter func(resource.Change) bool) []group {
	bare := slices.Clone(changes)
	for i := range bare {
		bare[i].Risks, bare[i].Notes = nil, nil
	}
	return fold(bare, filter)
}

// merge joins those of the candidates that are alike when seen in a certain way,
// and shows what it has joined in that way.
func merge(groups []group, seen func(resource.Change) resource.Change, candidate func(group) bool) []group {
	var merged []group
	index := map[string]int{}
	for _, g := range groups {
		if !candidate(g) {
			merged = append(merged, g)
			continue
		}
		key := likeness(seen(g.Change))
		i, found := index[key]
		if !found {
			index[key] = len(merged)
			merged = append(merged, g)
			continue
		}
		merged[i].Change = seen(merged[i].Change)
		merged[i].Regions = append(merged[i].Regions, g.Regions...)
	}
	return merged
}

// regionless is a change with its region's name taken out of what is shown of it.
func regionless(c resource.Change) resource.Change {
	strip := func(text string) string { return strings.ReplaceAll(text, string(c.ID.Scope), anyRegion) }
	c.Reason, c.LiveName = strip(c.Reason), strip(c.LiveName)
	c.Fields, c.Risks, c.Notes = slices.Clone(c.Fields), slices.Clone(c.Risks), slices.Clone(c.Notes)
	for i, f := range c.Fields {
		c.Fields[i] = diff.Field{Path: strip(f.Path), Before: stripped(f.Before, strip), After: stripped(f.After, strip)}
	}
	for i := range c.Risks {
		c.Risks[i].Text = strip(c.Risks[i].Text)
	}
	for i := range c.Notes {
		c.Notes[i] = strip(c.Notes[i])
	}
	return c
}

// stripped applies strip to the text of a value, which is plain data.
func stripped(v any, strip func(string) string) any {
	if text, isText := v.(string); isText {
		return strip(text)
	}
	compact := compactJSON(v)
	if strip(compact) == compact {
		return v
	}
	return json.RawMessage(strip(compact)) // keeps the order of members
}

// blockedByReason returns what is blocked, that for the same reason in the same
// regions together: credentials that have ended, say, block everything.
func blockedByReason(p *plan.Plan) [][]group {
	var reasons [][]group
	index := map[string]int{}
	for _, g := range foldBare(p.Changes, func(c resource.Change) bool { return c.Action == resource.Blocked }) {
		key := g.Reason + g.inRegions() // an address names a single region itself
		i, found := index[key]
		if !found {
			i = len(reasons)
			index[key] = i
			reasons = append(reasons, nil)
		}
		reasons[i] = append(reasons[i], g)
	}
	return reasons
}

// remarks returns what there is to say of changes besides what they do: each risk
// and each note a group of its own, so that the same one is said once for all its
// regions, whatever else differs in them.
func remarks(changes []resource.Change) []group {
	var all []resource.Change
	for _, c := range changes {
		if c.Action == resource.Blocked {
			continue
		}
		for _, risk := range c.Risks {
			all = append(all, resource.Change{ID: c.ID, LiveName: c.LiveName, Risks: []resource.Risk{risk}})
		}
		for _, note := range c.Notes {
			all = append(all, resource.Change{ID: c.ID, LiveName: c.LiveName, Notes: []string{note}})
		}
	}
	return fold(all, func(resource.Change) bool { return true })
}

// matches is the sentence on an account where nothing is to be done.
func matches(p *plan.Plan, source string) string {
	unmet := 0
	for _, c := range p.Changes {
		if plan.Unmet(c) {
			unmet++
		}
	}
	if unmet == 0 {
		return fmt.Sprintf("The account matches %s.", source)
	}
	return fmt.Sprintf("The account matches %s but for %s that others manage (see \"Managed elsewhere\").", source, count(unmet, "resource"))
}

// isManaged says whether somebody else decides about a resource.
func isManaged(c resource.Change) bool { return c.Action == resource.Managed }

// likeness is equal for changes that a reader would call the same.
func likeness(c resource.Change) string {
	return compactJSON([]any{c.ID.Kind, c.ID.Name, c.LiveName, c.Action, c.Fields, c.Risks, c.Notes, c.Reason, c.Owner, c.MeetsSpec})
}
