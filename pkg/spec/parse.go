package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxSize bounds a spec file; a real one has a few kilobytes.
const maxSize = 1 << 20

// parse returns the top node of the only document in data, or nil when there
// is none to decode and the reason has been reported.
func (d *decoder) parse(data []byte) *yaml.Node {
	if len(data) > maxSize {
		d.fail(Position{1, 1}, "", fmt.Sprintf("the file has %d bytes", len(data)), "a spec has at most 1 MiB")
		return nil
	}
	if at := invalidUTF8(data); at >= 0 {
		d.fail(positionOf(data, at), "", fmt.Sprintf("byte 0x%02x is not UTF-8", data[at]), "save the file as UTF-8")
		return nil
	}
	documents := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	if err := documents.Decode(&first); err != nil && !errors.Is(err, io.EOF) {
		d.syntax(data, err)
		return nil
	}
	if first.IsZero() || isNull(first.Content[0]) {
		d.fail(Position{1, 1}, "", "the file is empty", "`kiso init` writes one to start from")
		return nil
	}
	switch err := documents.Decode(&second); {
	case err == nil:
		d.fail(positionOfNode(&second), "", "the file holds more than one YAML document", "keep one; an account has one file")
	case !errors.Is(err, io.EOF):
		d.syntax(data, err)
		return nil
	}
	return first.Content[0]
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8, or -1.
func invalidUTF8(data []byte) int {
	for at := 0; at < len(data); {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return -1
}

// positionOf returns the position of the byte at an offset.
func positionOf(data []byte, offset int) Position {
	before := data[:offset]
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	return Position{1 + bytes.Count(before, []byte("\n")), 1 + utf8.RuneCount(line)}
}

var parserLine = regexp.MustCompile(`^line (\d+): `)

// syntax reports that data is not YAML.
func (d *decoder) syntax(data []byte, err error) {
	problem := strings.TrimPrefix(err.Error(), "yaml: ")
	at := Position{1, 1}
	if m := parserLine.FindStringSubmatch(problem); m != nil {
		at.Line, _ = strconv.Atoi(m[1])
		problem = strings.TrimPrefix(problem, m[0])
	}
	if line := brokenLine(data); line > 0 {
		at.Line = line
	}
	text := lineOf(data, at.Line)
	indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
	if tab := strings.IndexByte(indent, '\t'); tab >= 0 {
		d.fail(Position{at.Line, tab + 1}, "", "a tab in the indentation", "YAML indents with spaces")
		return
	}
	at.Column = len(indent) + 1
	hint := ""
	if placeholder.MatchString(text) {
		hint = `put text that holds {account_id} or {home_region} into quotes: within braces or brackets, YAML takes theirs for its own`
	}
	d.fail(at, "", "not YAML: "+problem, hint)
}

var placeholder = regexp.MustCompile(`\{(account_id|home_region)\}`)

func lineOf(data []byte, line int) string {
	lines := strings.Split(string(data), "\n")
	return lines[min(line, len(lines))-1]
}

// brokenLine returns the line on which YAML breaks: the one after the longest
// run of lines from the start that parses. The parser itself names a line near
// it, often the start of the block around it, or none. Large files, where the
// search would take long, get 0.
func brokenLine(data []byte) int {
	const maxSearched = 16 << 10
	if len(data) > maxSearched {
		return 0
	}
	for end := len(data); end > 0; {
		end = bytes.LastIndexByte(data[:end-1], '\n') + 1
		if parses(data[:end]) {
			return 1 + bytes.Count(data[:end], []byte("\n"))
		}
	}
	return 1
}

func parses(data []byte) bool {
	documents := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var n yaml.Node
		if err := documents.Decode(&n); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

// lint refuses what YAML allows and a spec does not need, wherever it stands:
// anchors, aliases, merge keys and tags. Aliases are never followed, so a small
// file cannot grow.
func (d *decoder) lint(n *yaml.Node) {
	refuse := func(what, hint string) { d.fail(positionOfNode(n), "", what+" is not supported here", hint) }
	switch {
	case n.Kind == yaml.AliasNode:
		refuse("the alias *"+shorten(n.Value), "write the value out")
	case n.Anchor != "":
		refuse("the anchor &"+shorten(n.Anchor), "remove it, and write the value out where it is needed")
	case n.Style&yaml.TaggedStyle != 0:
		refuse("the tag "+shorten(n.Tag), "remove it; quotes make a string")
	case n.Tag == "!!merge":
		refuse("the merge key <<", "write the keys out")
	}
	for _, child := range n.Content {
		d.lint(child)
	}
}

func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Tag == "!!null"
}

func positionOfNode(n *yaml.Node) Position {
	return Position{n.Line, n.Column}
}
