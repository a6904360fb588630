package render

import (
	"fmt"
	"io"
	"slices"

	"github.com/kiso-cli/kiso/pkg/drift"
	"github.com/kiso-cli/kiso/pkg/plan"
)

// DriftMarkdown writes a report of drift as a comment or an issue's body.
func DriftMarkdown(w io.Writer, r *drift.Report, source string) error {
	m := &markdown{limit: MarkdownLimit}
	summary := r.Plan.Summary()
	m.line("<!-- kiso:drift account=%s -->", alphanumeric(r.Plan.AccountID))
	m.line("## kiso drift: account %s\n", prose(r.Plan.AccountID))
	if len(r.Items) == 0 && summary.Blocked == 0 {
		m.line("**No drift.** %s", matches(r.Plan, code(source)))
	} else {
		m.line("**%s.**", counted(r))
	}
	m.line("In sync: %d. Managed elsewhere: %d. Blocked: %d.", summary.InSync, summary.Managed, summary.Blocked)
	if summary.Blocked > 0 {
		m.line("\n> [!CAUTION]\n> The account was not read whole: %s blocked, see below.", count(summary.Blocked, "resource"))
	}
	var notes []string
	for _, note := range slices.Concat(r.Plan.Notes, r.Notes) {
		notes = append(notes, "- Note: "+prose(note)+"\n")
	}
	if len(notes) > 0 {
		m.line("")
		m.items(notes)
	}
	m.blocked(r.Plan)
	m.managed(r.Plan, plan.Unmet)
	var items []string
	for _, g := range foldItems(r.Items) {
		items = append(items, g.markdown())
	}
	m.section("What left the spec", items)
	_, err := io.WriteString(w, m.String())
	return err
}

func (g itemGroup) markdown() string {
	text := fmt.Sprintf("- %s%s %s\n", code(g.address()), g.inRegions(), g.status())
	for i, f := range g.Item.Fields {
		if f.Path != "" {
			text += fmt.Sprintf("  - %s: %s in the spec, %s live\n", code(f.Path), code(compactJSON(f.Spec)), code(compactJSON(f.Live)))
		}
		text += "    - " + g.calls[i].markdown(f) + "\n"
	}
	return text
}

func (g itemGroup) status() string {
	if text := explained[g.Status]; text != "" {
		return statusWords[g.Status] + " (" + text + ")"
	}
	return statusWords[g.Status]
}

func (c calls) markdown(f drift.Field) string {
	if len(c) == 0 {
		return "by " + nobody(f)
	}
	e := c[0]
	who := code(e.Actor)
	if e.AccessKey != "" {
		who += " with key " + code(e.AccessKey)
	}
	return fmt.Sprintf("by %s: %s at %s from %s, %s", who, code(e.Call()), c.when(), code(e.SourceIP), c.ids(code))
}
