package render

import (
	"fmt"
	"strings"
	"time"

	"github.com/kiso-cli/kiso/internal/event"
	"github.com/kiso-cli/kiso/pkg/drift"
)

// Drift prints what left the spec and who did it; next is the command that puts
// it right.
func (t *Text) Drift(r *drift.Report, source, next string) {
	summary := r.Plan.Summary()
	t.line("%s (%s), home region %s, %s", t.bold("Account "+r.Plan.AccountID), r.Plan.Partition,
		r.Plan.HomeRegion, count(len(r.Plan.Regions), "region"))
	for _, note := range r.Notes {
		t.warn("", note)
	}
	t.warnings(r.Plan)
	t.blocked(r.Plan)
	for _, g := range foldItems(r.Items) {
		t.item(g)
	}
	t.line("")
	off := len(r.Items)
	switch {
	case off > 0:
		t.line("%s", t.bold(fmt.Sprintf("Drift: %d drifted, %d deleted, %d never bootstrapped, %d in sync.",
			r.Count(drift.Drifted), r.Count(drift.Gone), r.Count(drift.Never), summary.InSync)))
	case summary.Blocked == 0:
		t.line("%s", t.bold("No drift.")+fmt.Sprintf(" The account matches %s: %d in sync, %d managed elsewhere.", source, summary.InSync, summary.Managed))
	}
	if summary.Blocked > 0 {
		t.line("%s %s blocked (see above): what is there was not seen", t.alarm("Error:"), count(summary.Blocked, "resource"))
	}
	if off > 0 {
		t.line("\nTo put it right, run:\n    %s", next)
	}
}

var statusWords = map[drift.Status]string{
	drift.Drifted: "drifted",
	drift.Gone:    "was deleted",
	drift.Never:   "was never there (not bootstrapped, or longer than 90 days ago)",
}

func (t *Text) item(g itemGroup) {
	t.line("\n  # %s %s", g.address(), statusWords[g.Status])
	t.regions(g.group, "  #   ")
	for _, f := range g.Item.Fields {
		if f.Path != "" {
			t.line("  %s %s: %s -> %s", t.update("~"), f.Path, compactJSON(f.Spec), compactJSON(f.Live))
		}
		for _, line := range culprit(f.By) {
			t.line("      %s", line)
		}
	}
}

// culprit tells who made a change.
func culprit(e *event.Event) []string {
	if e == nil {
		return []string{"by   not recorded (older than 90 days, too recent, or AWS itself)"}
	}
	who := e.Actor
	if e.AccessKey != "" {
		who += " (key " + e.AccessKey + ")"
	}
	return []string{
		"by   " + who,
		"call " + strings.TrimSuffix(e.Source, ".amazonaws.com") + ":" + e.Name + " at " + e.Time.Format(time.RFC3339),
		"from " + e.SourceIP + ", event " + e.ID,
	}
}

// itemGroup is one item, or the same in several regions by the same call.
type itemGroup struct {
	group
	drift.Item
}

func foldItems(items []drift.Item) []itemGroup {
	var groups []itemGroup
	index := map[string]int{}
	for _, item := range items {
		key := compactJSON([]any{item.Address.Kind, item.Address.Name, item.Status, item.Fields})
		i, ok := index[key]
		if !ok {
			i = len(groups)
			index[key] = i
			g := itemGroup{Item: item}
			g.group.ID = item.Address
			groups = append(groups, g)
		}
		groups[i].Regions = append(groups[i].Regions, string(item.Region))
	}
	return groups
}
