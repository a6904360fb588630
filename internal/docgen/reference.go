package main

import (
	"bytes"
	"fmt"
	"strings"
)

// reference is the manual as a page of the documentation.
func (m manual) reference() []byte {
	b := bytes.NewBufferString("# Command line\n\n<!-- Made by internal/docgen; edit the source and run make generate. -->\n")
	fmt.Fprintf(b, "\n`kiso [global flags] command [flags] [arguments]`: %s.\n", m.summary)
	for _, s := range sections {
		if s.title == "Exit status" {
			m.commandsIn(b)
		}
		s.in(b)
	}
	return b.Bytes()
}

func (m manual) commandsIn(b *bytes.Buffer) {
	b.WriteString("\n## Global flags\n")
	optionsIn(b, m.globals)
	for _, c := range m.commands {
		fmt.Fprintf(b, "\n## %s\n\n`%s`\n\n%s.\n", c.name, c.synopsis(), capital(markdown(c.usage)))
		if c.about != "" {
			fmt.Fprintf(b, "\n```text\n%s\n```\n", c.about)
		}
		optionsIn(b, c.flags)
	}
}

func optionsIn(b *bytes.Buffer, options []option) {
	if len(options) == 0 {
		return
	}
	b.WriteString("\n| flag | meaning |\n|---|---|\n")
	for _, o := range options {
		name := strings.TrimSpace(o.names + " " + o.value)
		fmt.Fprintf(b, "| `%s` | %s.%s |\n", name, capital(markdown(o.usage)), o.defaultText("`"))
	}
}

func (s section) in(b *bytes.Buffer) {
	fmt.Fprintf(b, "\n## %s\n", s.title)
	if s.text != "" {
		fmt.Fprintf(b, "\n%s\n", markdown(s.text))
	}
	for i, item := range s.items {
		if i == 0 {
			b.WriteString("\n")
		}
		name, text := term(item)
		fmt.Fprintf(b, "- `%s`: %s\n", name, markdown(text))
	}
}

// markdown escapes what a table or a page would take for its own.
func markdown(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`, "_", `\_`).Replace(text)
}
