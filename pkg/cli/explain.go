package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kiso-cli/kiso/pkg/catalogue"
	"github.com/kiso-cli/kiso/pkg/engine"
	"github.com/kiso-cli/kiso/pkg/render"
	"github.com/kiso-cli/kiso/pkg/spec"
)

func (a *app) explainCommand() *cli.Command {
	return &cli.Command{
		Name:      "explain",
		Usage:     "print the fields, controls, IAM actions and costs of a KIND or section; without one, list them",
		ArgsUsage: "[KIND]",
		Flags:     []cli.Flag{&cli.StringFlag{Name: "format", Usage: "print `FORMAT`: text or json", Value: "text"}},
		Action:    a.explain,
	}
}

func (a *app) explain(c *cli.Context) error {
	format, err := oneOf(c, "format", "text", "json")
	if err != nil {
		return err
	}
	if c.NArg() > 1 {
		return fmt.Errorf("kiso explain takes one kind, and got %d", c.NArg())
	}
	services, err := catalogue.Of(a.services)
	if err != nil {
		return err
	}
	text := render.NewText(a.Out, a.colour(c, a.OutTerminal))
	name, _, _ := strings.Cut(c.Args().First(), "/") // an address begins with its kind
	if name == "" {
		return document(a.Out, format, services, func() { text.Catalogue(services) })
	}
	for i := range services {
		s := &services[i]
		if s.Name == name {
			return document(a.Out, format, s, func() { text.Service(s) })
		}
		if k := s.Kind(name); k != nil {
			return document(a.Out, format, k, func() { text.Kind(s, k) })
		}
	}
	return fmt.Errorf("kiso explain: there is no kind or section %q%s", name, didYouMean(name, explainable(services)))
}

// explainable lists the names that explain takes.
func explainable(services []catalogue.Service) []string {
	var names []string
	for _, s := range services {
		names = append(names, s.Name)
		for _, k := range s.Kinds {
			names = append(names, k.Name)
		}
	}
	return names
}

// document prints v in a format: as indented JSON, or what text prints.
func document(w io.Writer, format string, v any, text func()) error {
	if format != "json" {
		text()
		return nil
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

func (a *app) schemaCommand() *cli.Command {
	return &cli.Command{
		Name:  "schema",
		Usage: "print the JSON Schema of the spec, for editors and other checks",
		Description: "kiso schema > .kiso.schema.json\n\n" +
			"An editor with the YAML language server then completes and checks a spec whose first line is\n" +
			"# yaml-language-server: $schema=.kiso.schema.json",
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			schema, err := spec.Schema(engine.Sections(a.services))
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.Out, "%s\n", schema)
			return err
		},
	}
}
