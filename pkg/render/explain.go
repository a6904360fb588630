package render

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/pkg/catalogue"
)

// Catalogue prints a line or two for each service and kind.
func (t *Text) Catalogue(services []catalogue.Service) {
	for _, s := range services {
		t.line("%s  %s", t.bold(s.Name), s.Title)
		t.paragraph(s.Summary, "    ")
		for _, k := range s.Kinds {
			t.row(k.Name, k.Headline())
		}
		t.line("")
	}
	t.line("kiso explain NAME says more about one of these.")
}

// row prints a name, and beside it a text of a line or more.
func (t *Text) row(name, text string) {
	const indent, gap = 4, 36
	for i, line := range wrap(text, width-indent-gap) {
		if i > 0 {
			name = ""
		}
		t.line("%*s%-*s%s", indent, "", gap, name, t.faint(line))
	}
}

// Service prints what there is to know about a section.
func (t *Text) Service(s *catalogue.Service) {
	t.line("%s  %s", t.bold(s.Name), s.Title)
	t.paragraph(s.Summary, "  ")
	t.section("Costs", s.Cost)
	t.keys(s)
	t.heading("Kinds of resource")
	for _, k := range s.Kinds {
		t.line("  %s", k.Name)
		t.paragraph(k.Summary, "      ")
	}
	t.section("Controls", strings.Join(s.Controls(), ", "))
	t.irreversible(s.Irreversible())
	t.section("IAM actions of plan", strings.Join(s.ReadActions(), ", "))
	t.section("IAM actions of apply, besides", strings.Join(s.WriteActions(), ", "))
	t.example(s)
}

// Kind prints what there is to know about one of a service's kinds.
func (t *Text) Kind(s *catalogue.Service, k *catalogue.Kind) {
	t.line("%s  (section %s)", t.bold(k.Name), s.Name)
	t.paragraph(k.Summary, "  ")
	t.heading("In a plan")
	wide := 0
	for _, m := range k.Members {
		wide = max(wide, len(m.Path))
	}
	for _, m := range k.Members {
		t.line("  %-*s  %s", wide, m.Path, t.faint(fmt.Sprintf("%s: %s", m.Type, m.Rule)))
	}
	t.section("Controls", strings.Join(k.Controls, ", "))
	t.irreversible(k.Irreversible)
	t.permissions("IAM actions of plan", k.Reads)
	t.permissions("IAM actions of apply, besides", k.Writes)
	t.section("Costs", s.Cost)
	t.keys(s)
	t.example(s)
}

// keys prints what the spec may say.
func (t *Text) keys(s *catalogue.Service) {
	if len(s.Fields) == 0 {
		return
	}
	t.heading("In the spec")
	for _, f := range s.Fields {
		about := f.Type
		switch {
		case f.Required:
			about += ", required"
		case f.Default != nil:
			about += ", default " + defaultText(f.Default)
		}
		t.line("  %s.%s", s.Name, f.Path)
		t.paragraph(about, "      ")
		if len(f.Values) > 0 {
			t.paragraph("One of "+strings.Join(f.Values, ", ")+".", "      ")
		}
		t.paragraph(f.Doc, "      ")
	}
}

func defaultText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return strings.ReplaceAll(string(text), `"`, "")
}

func (t *Text) permissions(title string, list []catalogue.Permission) {
	if len(list) == 0 {
		return
	}
	t.heading(title)
	for _, p := range list {
		t.line("  %s", p.Action)
		if p.Resource != "" {
			t.line("      on %s", t.faint(p.Resource))
		}
		for _, key := range slices.Sorted(maps.Keys(p.Condition)) {
			t.line("      where %s", t.faint(key+" is "+p.Condition[key]))
		}
	}
}

func (t *Text) irreversible(steps []string) {
	if len(steps) == 0 {
		return
	}
	t.line("\n%s", t.alarm("Irreversible steps"))
	for _, step := range steps {
		t.paragraph(step, "  ")
	}
}

func (t *Text) example(s *catalogue.Service) {
	t.heading("Example")
	for _, line := range strings.Split(strings.TrimSuffix(s.Example, "\n"), "\n") {
		t.line("  %s", line)
	}
}

func (t *Text) heading(title string) { t.line("\n%s", t.bold(title)) }

// section prints a paragraph under its heading, and neither if it is empty.
func (t *Text) section(title, paragraph string) {
	if paragraph == "" {
		return
	}
	t.heading(title)
	t.paragraph(paragraph, "  ")
}
