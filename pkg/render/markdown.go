package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// MarkdownLimit is how long the markdown gets: a GitHub comment holds 65,536
// characters, and bytes are never fewer than those.
const MarkdownLimit = 65_000

// writeMarkdown writes the plan as a comment: what cannot be undone and what is
// missing first, then each region's state, and the changes last, in as much
// detail as fits.
func writeMarkdown(w io.Writer, p *plan.Plan, c Context) error {
	limit := c.Limit
	if limit == 0 {
		limit = MarkdownLimit
	}
	footer := markdownFooter(p, c)
	m := &markdown{limit: limit - len(footer)}
	m.head(p, c)
	m.warnings(p)
	m.matrix(p)
	m.blocked(p)
	m.managed(p, isManaged)
	m.changes(p)
	_, err := io.WriteString(w, m.String()+footer)
	return err
}

// markdown gathers a document that must not grow beyond a limit.
type markdown struct {
	strings.Builder
	limit int
}

func (m *markdown) line(format string, args ...any) { fmt.Fprintf(m, format+"\n", args...) }

// share is what a section that is not the last may take of what is left.
func (m *markdown) share() int { return (m.limit - m.Len()) / 2 }

// items writes those that fit into a section's share, and how many do not.
func (m *markdown) items(items []string) {
	budget := m.share()
	for i, item := range items {
		if budget -= len(item); budget < 0 {
			m.line("\n_%d more do not fit here._", len(items)-i)
			return
		}
		m.WriteString(item)
	}
}

func (m *markdown) head(p *plan.Plan, c Context) {
	summary := p.Summary()
	m.line("<!-- kiso:plan account=%s -->", alphanumeric(p.AccountID))
	m.line("## kiso plan: account %s\n", prose(p.AccountID))
	if summary.Changes() > 0 || summary.Blocked > 0 {
		m.line("**Plan: %d to add, %d to change, 0 to destroy.**", summary.Create, summary.Update)
	} else {
		m.line("**No changes.** %s", matches(p, code(c.Source)))
	}
	m.line("In sync: %d. Managed elsewhere: %d. Blocked: %d.", summary.InSync, summary.Managed, summary.Blocked)
	if summary.Blocked > 0 {
		m.line("\n> [!CAUTION]\n> The plan is incomplete: %s blocked, see below.", count(summary.Blocked, "resource"))
	}
}

// warnings shows what cannot be undone, each as an alert, and then the notes.
func (m *markdown) warnings(p *plan.Plan) {
	var risks, notes []string
	for _, note := range p.Notes {
		notes = append(notes, "- Note: "+prose(note)+"\n")
	}
	for _, g := range remarks(p.Changes) {
		for _, risk := range g.Risks {
			risks = append(risks, fmt.Sprintf("\n> [!WARNING]\n> **%s:** %s%s: %s\n",
				prose(strings.ToUpper(risk.Kind)), code(g.address()), g.inRegions(), prose(risk.Text)))
		}
		for _, note := range g.Notes {
			notes = append(notes, fmt.Sprintf("- %s%s: %s\n", code(g.address()), g.inRegions(), prose(note)))
		}
	}
	m.items(risks)
	if len(notes) > 0 {
		m.line("")
		m.items(notes)
	}
}

func (m *markdown) matrix(p *plan.Plan) {
	head, rows := newMatrix(p).markdown()
	if len(rows) == 0 {
		return
	}
	m.line("")
	m.WriteString(head)
	m.items(rows)
	m.line("\n<sub>%s</sub>", legend)
}

func (m *markdown) blocked(p *plan.Plan) {
	var items []string
	for _, groups := range blockedByReason(p) {
		var addresses []string
		for _, g := range groups {
			addresses = append(addresses, code(g.address()))
		}
		items = append(items, fmt.Sprintf("- %s%s: %s\n", strings.Join(addresses, ", "), groups[0].inRegions(), prose(groups[0].Reason)))
	}
	m.section("Blocked: could not be read, or needs what could not be", items)
}

func (m *markdown) managed(p *plan.Plan, filter func(resource.Change) bool) {
	var items []string
	for _, g := range foldBare(p.Changes, filter) {
		meets := "meets the spec"
		if !g.MeetsSpec {
			meets = "**" + shortfall(g.Change) + "**" + prose(g.phrases())
		}
		items = append(items, fmt.Sprintf("- %s%s, by %s: %s; %s\n",
			code(g.address()), g.inRegions(), prose(g.Owner), prose(g.Reason), meets))
	}
	m.section("Managed elsewhere: left as it is", items)
}

func (m *markdown) section(title string, items []string) {
	if len(items) == 0 {
		return
	}
	m.line("\n<details open><summary>%s (%d)</summary>\n", title, len(items))
	m.items(items)
	m.line("\n</details>")
}

// inRegions says where a folded group is, and what it is called there, or nothing.
func (g group) inRegions() string {
	text := ""
	if name := g.named(); name != "" {
		text = " (" + prose(name) + ")"
	}
	if len(g.Regions) < 2 {
		return text
	}
	return fmt.Sprintf("%s in %d regions (%s)", text, len(g.Regions), prose(strings.Join(g.Regions, ", ")))
}

func markdownFooter(p *plan.Plan, c Context) string {
	return fmt.Sprintf("\n<sub>kiso %s, spec %s (%s), %s, home region %s, planned %s</sub>\n",
		prose(p.KisoVersion), code(c.Source), code(shortDigest(p.SpecDigest)), count(len(p.Regions), "region"),
		prose(p.HomeRegion), p.Timestamp.UTC().Format("2006-01-02 15:04 UTC"))
}

// shortDigest is enough of "sha256:..." to tell specs apart.
func shortDigest(digest string) string {
	_, hex, _ := strings.Cut(digest, ":")
	return hex[:min(len(hex), 12)]
}

func alphanumeric(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, text)
}
