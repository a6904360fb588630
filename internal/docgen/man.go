package main

import (
	"bytes"
	"fmt"
	"strings"
)

// page is the manual for man, in the macros of man(7). It carries no date, so
// that the same source makes the same page.
func (m manual) page() []byte {
	b := bytes.NewBufferString(".\\\" Made by internal/docgen; edit the source and run make generate.\n")
	fmt.Fprintf(b, ".TH KISO 1 \"\" \"kiso\" \"User Commands\"\n.SH NAME\nkiso \\- %s\n", roff(m.summary))
	b.WriteString(".SH SYNOPSIS\n.B kiso\n[\\fIglobal flags\\fR] \\fIcommand\\fR [\\fIflags\\fR] [\\fIarguments\\fR]\n")
	for _, s := range sections {
		if s.title == "Exit status" {
			m.commandsTo(b)
		}
		s.to(b)
	}
	return b.Bytes()
}

func (m manual) commandsTo(b *bytes.Buffer) {
	b.WriteString(".SH GLOBAL FLAGS\n")
	optionsTo(b, m.globals)
	b.WriteString(".SH COMMANDS\n")
	for _, c := range m.commands {
		fmt.Fprintf(b, ".SS %s\n%s.\n", roff(c.synopsis()), roff(capital(c.usage)))
		if c.about != "" {
			fmt.Fprintf(b, ".PP\n.nf\n%s\n.fi\n", roff(c.about))
		}
		optionsTo(b, c.flags)
	}
}

func optionsTo(b *bytes.Buffer, options []option) {
	for _, o := range options {
		fmt.Fprintf(b, ".TP\n\\fB%s\\fR", strings.ReplaceAll(roff(o.names), ", ", "\\fR, \\fB"))
		if o.value != "" {
			fmt.Fprintf(b, " \\fI%s\\fR", roff(o.value))
		}
		fmt.Fprintf(b, "\n%s.%s\n", roff(capital(o.usage)), roff(o.defaultText("")))
	}
}

func (s section) to(b *bytes.Buffer) {
	fmt.Fprintf(b, ".SH %s\n", strings.ToUpper(s.title))
	if s.text != "" {
		fmt.Fprintln(b, strings.ReplaceAll(roff(s.text), "\n\n", "\n.PP\n"))
	}
	for _, item := range s.items {
		name, text := term(item)
		fmt.Fprintf(b, ".TP\n.B %s\n%s.\n", roff(name), roff(capital(text)))
	}
}

// defaultText says what holds without the flag, if that says anything.
func (o option) defaultText(quote string) string {
	if o.initial == "" {
		return ""
	}
	return " Default: " + quote + o.initial + quote + "."
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// roff escapes a text: hyphens that are to be copied, and what would be a request.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
