package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// maxAnnotations stays below the ten of a level that GitHub shows a step; it
// drops the rest without a word (GitHub documentation, "Workflow commands").
const maxAnnotations = 8

// annotation is one workflow command.
type annotation struct {
	level string // error, warning or notice
	at    resource.Location
	title string
	text  string
}

// writeGitHub writes the plan as annotations at the lines of the spec: errors
// for what is blocked, warnings for what cannot be undone, notices for the rest.
func writeGitHub(w io.Writer, p *plan.Plan, c Context) error {
	all := annotations(p)
	if len(all) > maxAnnotations {
		rest := annotation{level: "notice", title: "kiso plan", text: fmt.Sprintf("%d more; the plan's text or JSON has them all", len(all)-maxAnnotations)}
		all = append(all[:maxAnnotations], rest)
	}
	out := &sticky{w: w}
	for _, a := range all {
		fmt.Fprintln(out, a.command(c.File))
	}
	return out.err
}

// annotations returns the plan's, gravest first.
func annotations(p *plan.Plan) []annotation {
	var errors, warnings, notices []annotation
	for _, g := range fold(p.Changes, finding) {
		a := annotation{at: g.Location, title: g.address(), text: g.verdict()}
		switch {
		case g.Action == resource.Blocked:
			a.level = "error"
			errors = append(errors, a)
		case g.Irreversible():
			a.level = "warning"
			warnings = append(warnings, a)
		default:
			a.level = "notice"
			notices = append(notices, a)
		}
	}
	return slices.Concat(errors, warnings, notices)
}

func (a annotation) command(file string) string {
	var properties []string
	add := func(name, value string) {
		properties = append(properties, name+"="+propertyEscaper.Replace(value))
	}
	if file != "" && a.at.Line > 0 {
		add("file", file)
		add("line", fmt.Sprint(a.at.Line))
		add("col", fmt.Sprint(a.at.Column))
	}
	add("title", a.title)
	return fmt.Sprintf("::%s %s::%s", a.level, strings.Join(properties, ","), dataEscaper.Replace(a.text))
}

// The escapes of workflow commands, as the actions toolkit makes them.
var (
	dataEscaper     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscaper = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)
