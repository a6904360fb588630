package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/render"
)

// formatFlags are those of the commands that print a plan.
func formatFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "format", Usage: "print `FORMAT`: " + strings.Join(render.Formats(), ", "), Value: "text"},
		&cli.GenericFlag{Name: "output", Usage: "also write `FORMAT=PATH`; repeatable; PATH - is standard output, for one document beside the text", Value: &outputs{}},
		&cli.BoolFlag{Name: "step-summary", Usage: "also append markdown to the file that GITHUB_STEP_SUMMARY names", DisableDefaultText: true},
	}
}

// outputs is the value of --output. It is no slice flag because those split
// their values at commas, which paths may have.
type outputs []string

// Set adds a value.
func (o *outputs) Set(value string) error {
	*o = append(*o, value)
	return nil
}

func (o *outputs) String() string { return "" }

// output is a format and where it goes.
type output struct {
	format render.Format
	path   string
}

func parseOutput(value string) (output, error) {
	name, path, ok := strings.Cut(value, "=")
	if !ok || path == "" {
		return output{}, fmt.Errorf("--output: %q is not FORMAT=PATH, such as markdown=plan.md", value)
	}
	format, err := planFormat("output", name)
	return output{format: format, path: path}, err
}

func planFormat(flag, name string) (render.Format, error) {
	format, ok := render.FormatNamed(name)
	if !ok {
		names := render.Formats()
		return format, fmt.Errorf("--%s: %q is not one of %s%s", flag, name, strings.Join(names, ", "), didYouMean(name, names))
	}
	return format, nil
}

// summaryRoom is how much markdown goes into a step's summary: GitHub drops one
// of more than 1 MiB whole (GitHub documentation, "Workflow commands").
const summaryRoom = 900 << 10

// minimalSummary is what markdown needs to say anything.
const minimalSummary = 4 << 10

// reporter writes a plan in every form that the command line asks for.
type reporter struct {
	app     *app
	format  render.Format
	outputs []output
	printed string // what puts a document on standard output, which the text for people is none of, or ""
	summary string // the file of the step's summary, or ""
	colour  bool
}

// reporter checks what the command line asks for, before anything is read.
// taken is a path that something else will be written to, or "".
func (a *app) reporter(c *cli.Context, taken string) (*reporter, error) {
	format, err := planFormat("format", c.String("format"))
	if err != nil {
		return nil, err
	}
	r := &reporter{app: a, format: format, colour: a.colour(c, a.OutTerminal)}
	if err := r.parseOutputs(c, taken); err != nil {
		return nil, err
	}
	if !c.Bool("step-summary") {
		return r, nil
	}
	if r.summary = a.Env("GITHUB_STEP_SUMMARY"); r.summary == "" {
		return nil, errors.New("--step-summary: GITHUB_STEP_SUMMARY is not set: this is no step of a GitHub workflow; use --output markdown=PATH")
	}
	return r, nil
}

// parseOutputs refuses two documents for one file, and files in no directory.
func (r *reporter) parseOutputs(c *cli.Context, taken string) error {
	values, ok := c.Generic("output").(*outputs)
	if !ok {
		return nil
	}
	seen := map[string]bool{filepath.Clean(taken): taken != ""}
	if r.format.Name != "text" {
		r.printed = "--format " + r.format.Name
	}
	for _, value := range *values {
		o, err := parseOutput(value)
		if err != nil {
			return err
		}
		r.outputs = append(r.outputs, o)
		if o.path == "-" {
			if err := r.print(value); err != nil {
				return err
			}
			continue
		}
		name := filepath.Clean(o.path)
		if seen[name] {
			return fmt.Errorf("--output: %s is named twice: each document needs its own file", o.path)
		}
		seen[name] = true
		if err := writable(c, "output", o.path); err != nil {
			return err
		}
	}
	return nil
}

// print refuses a second document on standard output.
func (r *reporter) print(value string) error {
	if r.printed != "" {
		return fmt.Errorf("--output: %s would mix with what %s prints: name a file", value, r.printed)
	}
	r.printed = "--output " + value
	return nil
}

// printed is what a command prints of what a flag saves.
var printed = map[string]string{"out": "the plan", "results": "the results"}

// writable refuses a path where no file can be, or where one is that the command
// reads, before the account is read for it. "" is none.
func writable(c *cli.Context, flag, path string) error {
	if path == "" {
		return nil
	}
	if path == "-" {
		return fmt.Errorf("--%s: - is no file here: name one; --format json prints %s", flag, printed[flag])
	}
	for _, input := range []string{"file", "sandbox", "accounts"} {
		if name := c.String(input); name != "" && sameFile(name, path) {
			return fmt.Errorf("--%s: %s is what --%s reads, and would be lost: name another file", flag, path, input)
		}
	}
	directory := filepath.Dir(filepath.Clean(path))
	if info, err := os.Stat(directory); err != nil || !info.IsDir() {
		return fmt.Errorf("--%s: %s cannot be written: there is no directory %s", flag, path, directory)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("--%s: %s cannot be written: it is a directory", flag, path)
	}
	return nil
}

// sameFile says whether two paths are one file, through links too.
func sameFile(a, b string) bool {
	first, errA := os.Stat(a)
	second, errB := os.Stat(b)
	return filepath.Clean(a) == filepath.Clean(b) || errA == nil && errB == nil && os.SameFile(first, second)
}

// write prints and writes the plan; next is what to run to carry it out.
func (r *reporter) write(p *plan.Plan, next string) error {
	c := render.Context{Source: sourceName(p.SpecFile), File: r.app.repositoryPath(p.SpecFile), Next: next}
	printed := c
	printed.Colour = r.colour
	if err := r.format.Write(r.app.Out, p, printed); err != nil {
		return err
	}
	for _, o := range r.outputs {
		if err := r.one(o, p, c); err != nil {
			return err
		}
	}
	return r.appendSummary(p, c)
}

func (r *reporter) one(o output, p *plan.Plan, c render.Context) error {
	if o.path == "-" {
		return o.format.Write(r.app.Out, p, c)
	}
	err := writeFile(o.path, func(w io.Writer) error { return o.format.Write(w, p, c) })
	if err != nil {
		return fmt.Errorf("the plan could not be written to %s: %w", o.path, err)
	}
	return nil
}

// appendSummary adds markdown to the step's summary, in the room that is left.
func (r *reporter) appendSummary(p *plan.Plan, c render.Context) error {
	if r.summary == "" {
		return nil
	}
	f, err := os.OpenFile(r.summary, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("the step's summary could not be written: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	c.Limit = max(summaryRoom-int(info.Size()), minimalSummary)
	markdown, _ := render.FormatNamed("markdown")
	_, err = io.WriteString(f, "\n") // whatever stands there ends here
	if err := errors.Join(err, markdown.Write(f, p, c), f.Close()); err != nil {
		return fmt.Errorf("the step's summary could not be written: %w", err)
	}
	return nil
}

// sourceName says what a plan was made of.
func sourceName(file string) string {
	switch file {
	case "":
		return "the spec"
	case "-":
		return "the spec on standard input"
	default:
		return file
	}
}

// repositoryPath is a spec's path from the top of its repository: what a forge
// wants to know it by. Without a repository it is from the working directory; a
// spec that is in neither, or in no file, has none.
func (a *app) repositoryPath(name string) string {
	if name == "" || name == "-" {
		return ""
	}
	absolute, err := filepath.Abs(name)
	if err != nil {
		return ""
	}
	for _, top := range []string{a.Env("GITHUB_WORKSPACE"), a.Env("CI_PROJECT_DIR"), "."} {
		if top == "" {
			continue
		}
		if top, err = filepath.Abs(top); err != nil {
			continue
		}
		if path, err := filepath.Rel(top, absolute); err == nil && filepath.IsLocal(path) {
			return filepath.ToSlash(path)
		}
	}
	return ""
}

// writeFile writes a file for its owner alone, whole or not at all. What is no
// regular file, such as a pipe, is written to as it is.
func writeFile(name string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	if info, err := os.Lstat(name); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(name, b.Bytes(), 0o600)
	}
	temporary, err := os.CreateTemp(filepath.Dir(name), ".kiso-*") // mode 0600
	if err != nil {
		return fmt.Errorf("%s: no file can be made beside it: %w", name, errors.Unwrap(err))
	}
	defer os.Remove(temporary.Name())
	if _, err := temporary.Write(b.Bytes()); err != nil {
		return errors.Join(err, temporary.Close())
	}
	if err := temporary.Close(); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), name)
}
