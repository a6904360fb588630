package render

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kiso-cli/kiso/internal/event"
	"github.com/kiso-cli/kiso/pkg/drift"
	"github.com/kiso-cli/kiso/pkg/plan"
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
	t.managed(r.Plan, plan.Unmet)
	for _, g := range foldItems(r.Items) {
		t.item(g)
	}
	t.line("")
	off := len(r.Items)
	switch {
	case off > 0:
		t.line("%s", t.bold(fmt.Sprintf("Drift: %s, %d in sync.", counted(r), summary.InSync)))
	case summary.Blocked == 0:
		t.line("%s", t.bold("No drift.")+" "+matches(r.Plan, source))
		t.line("In sync: %d. Managed elsewhere: %d.", summary.InSync, summary.Managed)
	}
	if summary.Blocked > 0 {
		t.line("%s %s blocked (see above): what is there was not seen", t.alarm("Error:"), count(summary.Blocked, "resource"))
	}
	if off > 0 {
		t.line("\nTo put it right, run:\n    %s", next)
	}
}

// counted says how many items have each status.
func counted(r *drift.Report) string {
	text := fmt.Sprintf("%d drifted, %d deleted, %d never bootstrapped", r.Count(drift.Drifted), r.Count(drift.Gone), r.Count(drift.Never))
	if n := r.Count(drift.Missing); n > 0 {
		text += fmt.Sprintf(", %d missing (since when is not known)", n)
	}
	return text
}

var statusWords = map[drift.Status]string{
	drift.Drifted: "drifted",
	drift.Gone:    "was deleted",
	drift.Never:   "is not there, and no deletion is on record",
	drift.Missing: "is not there; the history that would say since when could not be read",
}

// explained says what a status means, in a line of its own.
var explained = map[drift.Status]string{
	drift.Never: "never bootstrapped, gone for more than 90 days, or only for minutes",
}

func (t *Text) item(g itemGroup) {
	t.line("\n  # %s %s", g.address(), statusWords[g.Status])
	if text := explained[g.Status]; text != "" {
		t.line("  #   %s", text)
	}
	t.named(g.group, "  #   ")
	t.regions(g.group, "  #   ")
	for i, f := range g.Item.Fields {
		if f.Path != "" {
			t.departure(f)
		}
		for _, line := range g.calls[i].text(f) {
			t.line("      %s", line)
		}
	}
}

// calls are those that made the same change in several regions, the oldest first.
type calls []event.Event

// departure shows a field as the spec wants it and as it is, which stands below its
// path if it does not fit one line.
func (t *Text) departure(f drift.Field) {
	line := fmt.Sprintf("%s: %s -> %s", f.Path, compactJSON(f.Spec), compactJSON(f.Live))
	if len(line) <= width-len("  ~ ") {
		t.line("  %s %s", t.update("~"), printable(line))
		return
	}
	t.line("  %s %s: in the spec (-), and in the account (+)", t.update("~"), printable(f.Path))
	t.block(f.Spec, t.alarm("-"), "  ")
	t.block(f.Live, t.create("+"), "  ")
}

// nobody says why no call is named for a change.
func nobody(f drift.Field) string {
	if f.Unread {
		return "whom is not known: the history could not be read"
	}
	return "nobody on record (older than 90 days, too recent, or AWS itself)"
}

// text tells who made a change.
func (c calls) text(f drift.Field) []string {
	if len(c) == 0 {
		return []string{"by   " + nobody(f)}
	}
	e := c[0]
	who := e.Actor
	if e.AccessKey != "" {
		who += " (key " + e.AccessKey + ")"
	}
	return []string{
		"by   " + who,
		"call " + strings.TrimSuffix(e.Source, ".amazonaws.com") + ":" + e.Call() + " at " + c.when(),
		"from " + e.SourceIP + ", " + c.ids(func(id string) string { return id }),
	}
}

// when is the time of a call, or of the first and the last.
func (c calls) when() string {
	first, last := c[0].Time.Format(time.RFC3339), c[len(c)-1].Time.Format(time.RFC3339)
	if first == last {
		return first
	}
	return first + " to " + last
}

// ids names the event of a call, or of the first and the last.
func (c calls) ids(mark func(string) string) string {
	if len(c) == 1 {
		return "event " + mark(c[0].ID)
	}
	return "events " + mark(c[0].ID) + " to " + mark(c[len(c)-1].ID)
}

// itemGroup is one item, or the same in several regions by the same call of the
// same caller. calls are those of each of its fields.
type itemGroup struct {
	group
	drift.Item
	calls []calls
}

func foldItems(items []drift.Item) []itemGroup {
	var groups []itemGroup
	index := map[string]int{}
	for _, item := range items {
		key := alike(item)
		i, ok := index[key]
		if !ok {
			i = len(groups)
			index[key] = i
			g := itemGroup{Item: item, calls: make([]calls, len(item.Fields))}
			g.group.ID, g.group.LiveName = item.Address, item.LiveName
			groups = append(groups, g)
		}
		groups[i].add(item)
	}
	return groups
}

func (g *itemGroup) add(item drift.Item) {
	g.Regions = append(g.Regions, string(item.Region))
	for i, f := range item.Fields {
		if f.By != nil {
			g.calls[i] = append(g.calls[i], *f.By)
			slices.SortStableFunc(g.calls[i], func(a, b event.Event) int { return a.Time.Compare(b.Time) })
		}
	}
}

// alike is equal for items that a reader would call the same: the moment and the
// event's id are each region's own.
func alike(item drift.Item) string {
	parts := []any{item.Address.Kind, item.Address.Name, item.LiveName, item.Status}
	for _, f := range item.Fields {
		parts = append(parts, f.Path, f.Spec, f.Live, f.Unread)
		if e := f.By; e != nil {
			parts = append(parts, e.Call(), e.Source, e.Actor, e.AccessKey, e.SourceIP)
		}
	}
	return compactJSON(parts)
}
