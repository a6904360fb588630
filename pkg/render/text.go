// Package render turns plans and results into what people and pipelines read.
// Everything is made of the plan's own data, so that a saved plan prints as it
// did when it was planned. It knows no command, no AWS API and no service.
package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/fatih/color"

	"github.com/kiso-cli/kiso/internal/diff"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// width is that of the terminals that output is made for.
const width = 80

// Text renders for a person. The lines "# ADDRESS will be created", "Plan: ...",
// "No changes." and those that start with "Error: " or "Warning: " are read by
// tools such as tfcmt, and must stay as they are.
type Text struct {
	w io.Writer
	paint
}

// NewText returns a Text renderer; colour says whether to use any.
func NewText(w io.Writer, colour bool) *Text { return &Text{w: w, paint: newPaint(colour)} }

// paint holds the colours of the kinds of line.
type paint struct{ bold, create, update, alarm, faint func(a ...any) string }

func newPaint(enabled bool) paint {
	style := func(attributes ...color.Attribute) func(a ...any) string {
		c := color.New(attributes...)
		if enabled {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
		return c.SprintFunc()
	}
	return paint{
		bold: style(color.Bold), create: style(color.FgGreen), update: style(color.FgYellow),
		alarm: style(color.FgRed, color.Bold), faint: style(color.Faint),
	}
}

// Plan prints a plan. source is what the plan was made of, such as kiso.yaml,
// and next what to run to carry it out; "" leaves that line out.
func (t *Text) Plan(p *plan.Plan, source, next string) {
	summary := p.Summary()
	t.line("%s", t.bold(fmt.Sprintf("Account %s", p.AccountID))+
		fmt.Sprintf(" (%s), home region %s, %s", p.Partition, p.HomeRegion, count(len(p.Regions), "region")))
	t.warnings(p)
	t.blocked(p)
	t.managed(p, isManaged)
	t.changes(p)
	t.line("")
	switch {
	case summary.Changes() > 0 || summary.Blocked > 0:
		t.line("%s", t.bold(fmt.Sprintf("Plan: %d to add, %d to change, 0 to destroy.", summary.Create, summary.Update)))
	default:
		t.line("%s", t.bold("No changes.")+" "+matches(p, source))
	}
	t.line("In sync: %d. Managed elsewhere: %d. Blocked: %d.", summary.InSync, summary.Managed, summary.Blocked)
	if summary.Blocked > 0 {
		t.line("%s the plan is incomplete: %s blocked (see above)", t.alarm("Error:"), count(summary.Blocked, "resource"))
	}
	if next != "" && summary.Changes() > 0 {
		t.line("\nTo make these changes, run:\n    %s", next)
	}
}

func (t *Text) warnings(p *plan.Plan) {
	for _, note := range p.Notes {
		t.warn("", note)
	}
	t.remarks(p.Changes)
}

func (t *Text) remarks(changes []resource.Change) {
	for _, g := range remarks(changes) {
		for _, risk := range g.Risks {
			t.warn(g.address(), strings.ToUpper(risk.Kind)+": "+risk.Text)
		}
		for _, note := range g.Notes {
			t.warn(g.address(), note)
		}
		t.regions(g, "  ")
	}
}

func (t *Text) warn(address, text string) {
	if address != "" {
		text = address + ": " + text
	}
	t.line("")
	for i, line := range wrap(text, width-len("Warning: ")) {
		if i == 0 {
			t.line("%s %s", t.update("Warning:"), line)
		} else {
			t.line("  %s", line)
		}
	}
}

func (t *Text) blocked(p *plan.Plan) {
	reasons := blockedByReason(p)
	if len(reasons) == 0 {
		return
	}
	t.line("\n%s", t.alarm("Blocked: could not be read, or needs what could not be"))
	for _, groups := range reasons {
		for _, g := range groups {
			t.line("  %s %s", t.alarm("x"), g.address())
		}
		t.regions(groups[0], "      ")
		t.paragraph(groups[0].Reason, "      ")
	}
}

func (t *Text) managed(p *plan.Plan, filter func(resource.Change) bool) {
	groups := foldBare(p.Changes, filter)
	if len(groups) == 0 {
		return
	}
	t.line("\n%s", t.bold("Managed elsewhere: left as it is"))
	for _, g := range groups {
		t.line("  = %s", g.address())
		t.named(g, "      ")
		t.regions(g, "      ")
		t.paragraph("by "+g.Owner+": "+g.Reason, "      ")
		switch {
		case g.MeetsSpec:
			t.line("      meets the spec")
		case unseen(g.Change):
			t.line("      %s", t.update(shortfall(g.Change)))
		default:
			t.line("      %s", t.update(shortfall(g.Change)+":"))
			t.fields(g.Change, "        ")
		}
	}
}

func (t *Text) changes(p *plan.Plan) {
	service := ""
	for _, g := range foldBare(p.Changes, func(c resource.Change) bool { return c.Action.Changes() }) {
		if s := g.ID.Kind.Service(); s != service {
			service = s
			t.line("\n%s", t.bold(service))
		}
		t.line("")
		verb, mark := "created", t.create("+")
		if g.Action == resource.Update {
			verb, mark = "updated in-place", t.update("~")
		}
		t.line("  # %s will be %s", g.address(), verb)
		t.named(g, "  #   ")
		t.regions(g, "  #   ")
		t.line("  %s %s", mark, g.ID.Kind)
		t.fields(g.Change, "      ")
	}
}

func (t *Text) fields(c resource.Change, indent string) {
	for _, f := range c.Fields {
		before, after := compactJSON(f.Before), compactJSON(f.After)
		text := f.Path + ": " + before + " -> " + after
		if f.Before == nil {
			text = f.Path + ": " + after
		}
		if len(indent)+len(text) <= width {
			t.line("%s%s", indent, printable(text))
			continue
		}
		t.longField(f, indent)
	}
}

// longField prints values that do not fit one line below the path.
func (t *Text) longField(f diff.Field, indent string) {
	t.line("%s%s:", indent, f.Path)
	if f.Before != nil {
		t.block(f.Before, t.alarm("-"), indent)
	}
	t.block(f.After, t.create("+"), indent)
}

func (t *Text) block(v any, mark, indent string) {
	for _, line := range spread(v, width-len(indent)-len("  + ")) {
		t.line("%s  %s %s", indent, mark, line)
	}
}

func (t *Text) named(g group, indent string) {
	if name := g.named(); name != "" {
		t.line("%s%s", indent, printable(name))
	}
}

// regions prints the regions of a folded group, wrapped.
func (t *Text) regions(g group, indent string) {
	if len(g.Regions) < 2 {
		return
	}
	head := fmt.Sprintf("in %d regions: ", len(g.Regions))
	for _, line := range wrap(head+strings.Join(g.Regions, " "), width-len(indent)) {
		t.line("%s%s", indent, line)
	}
}

func (t *Text) paragraph(text, indent string) {
	for _, line := range wrap(text, width-len(indent)) {
		t.line("%s%s", indent, line)
	}
}

func (t *Text) line(format string, args ...any) { fmt.Fprintf(t.w, format+"\n", args...) }

// wrap breaks text at spaces into lines of at most limit; a longer word stands alone.
func wrap(text string, limit int) []string { return fill(strings.Fields(printable(text)), limit) }

// unbroken is a word of a message: a command, a flag with its value and what stands
// in quotes are one, to be copied.
var unbroken = regexp.MustCompile("(?:`[^`]*`|\"[^\"]*\"|\\bkiso(?: [a-z]+){1,2}(?: --[a-z-]+)*|--[a-z-]+ [A-Z]+\\b|\\S)+")

// Wrapped is a message for a terminal, each of its lines wrapped, with what follows
// set in.
func Wrapped(message string) string {
	var lines []string
	for line := range strings.SplitSeq(message, "\n") {
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		for i, part := range fill(unbroken.FindAllString(printable(line), -1), width-len(indent)-len("  ")) {
			if i > 0 {
				part = "  " + part
			}
			lines = append(lines, indent+part)
		}
	}
	return strings.Join(lines, "\n")
}

func fill(words []string, limit int) []string {
	var lines []string
	line := ""
	for _, word := range words {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) > limit:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}

func compactJSON(v any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSpace(b.String())
}

// spread prints a value in lines of at most limit where it can: a text of several
// lines as it is, everything else as JSON.
func spread(v any, limit int) []string {
	text, isText := v.(string)
	if !isText || !strings.Contains(text, "\n") {
		text = layout([]byte(compactJSON(v)), "", 0, limit)
	}
	return strings.Split(Plain(text), "\n")
}

// layout breaks compact JSON into lines of at most limit where it can, and only
// there: what fits one line stands on one. label is how much of the first line
// is taken.
func layout(compact []byte, indent string, label, limit int) string {
	nested := compact[0] == '{' || compact[0] == '['
	if !nested || len(indent)+label+len(compact) <= limit {
		return string(compact)
	}
	decoder := json.NewDecoder(bytes.NewReader(compact))
	if _, err := decoder.Token(); err != nil { // the bracket
		return string(compact)
	}
	var members []string
	inner := indent + "  "
	for decoder.More() {
		key := ""
		if compact[0] == '{' {
			name, err := decoder.Token()
			if err != nil {
				return string(compact)
			}
			key = compactJSON(name) + ": "
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return string(compact)
		}
		members = append(members, inner+key+layout(value, inner, len(key)+len(","), limit))
	}
	return string(compact[0]) + "\n" + strings.Join(members, ",\n") + "\n" + indent + string(compact[len(compact)-1])
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
