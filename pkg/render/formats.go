package render

import (
	"io"
	"slices"

	"github.com/kiso-cli/kiso/pkg/plan"
)

// Context is what a format may say beyond the plan itself.
type Context struct {
	Source string // what the plan was made of, for people: kiso.yaml
	File   string // the spec's path in its repository, with slashes; "" if it has none
	Next   string // what to run to carry the plan out; "" leaves that out
	Colour bool
	Limit  int // the most bytes of markdown; 0 is MarkdownLimit
}

// Format is one way to write a plan.
type Format struct {
	Name    string
	Summary string
	Write   func(w io.Writer, p *plan.Plan, c Context) error
}

// formats is the list: a new format is a function and a line here.
var formats = []Format{
	{"text", "for people", writeText},
	{"json", "the plan document, for programs", func(w io.Writer, p *plan.Plan, _ Context) error { return p.Encode(w) }},
	{"markdown", "for a comment on a pull request", writeMarkdown},
	{"sarif", "SARIF 2.1.0, for code scanning", writeSARIF},
	{"github", "annotations of a GitHub workflow", writeGitHub},
	{"gitlab", "GitLab's terraform report", writeGitLab},
}

// Formats returns the names of the formats of plans.
func Formats() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.Name
	}
	return names
}

// FormatNamed returns the format of that name, and whether there is one.
func FormatNamed(name string) (Format, bool) {
	i := slices.IndexFunc(formats, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return formats[i], true
}

func writeText(w io.Writer, p *plan.Plan, c Context) error {
	out := &sticky{w: w}
	NewText(out, c.Colour).Plan(p, c.Source, c.Next)
	return out.err
}

// sticky remembers the first error of a writer, for printers that return none.
type sticky struct {
	w   io.Writer
	err error
}

func (s *sticky) Write(b []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.w.Write(b)
	s.err = err
	return n, err
}
