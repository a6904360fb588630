package render

import (
	"strings"
	"unicode"
)

// What stands in a plan was in part chosen by whoever may name a bucket or word
// an error: nothing of it may become markup, a mention or a link. These
// functions are the only way of such text into markdown.

// Bounds of one piece of text; longer ones are clipped.
const (
	maxProse = 1000
	maxCode  = 300
)

// proseEscaper takes the meaning from what CommonMark and GitHub give one. A
// backslash does not stop mentions and issue links, which are found after the
// markdown is rendered: a zero-width space does.
var proseEscaper = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "~", `\~`, "[", `\[`, "]", `\]`, "!", `\!`, "|", `\|`, "$", `\$`,
	"&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "@\u200b", "#", "\\#\u200b", "://", ":\u200b//", "www.", "www\u200b.", "WWW.", "WWW\u200b.",
)

// prose makes one line of text, without meaning to markdown. It must not stand
// at the start of a line.
func prose(text string) string { return proseEscaper.Replace(clip(printable(text), maxProse)) }

// code makes a code span: in it, nothing means anything.
func code(text string) string {
	text = clip(printable(text), maxCode)
	if strings.TrimSpace(text) == "" {
		return "(empty)"
	}
	fence := strings.Repeat("`", longestRun(text, '`')+1)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return fence + text + fence
}

// cell makes text fit to stand in a row of a table.
func cell(markdown string) string { return strings.ReplaceAll(markdown, "|", `\|`) }

// printable puts a space for what breaks a line and a mark for what hides or
// turns around what a reader sees.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsPrint(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		default:
			return unicode.ReplacementChar
		}
	}, strings.ToValidUTF8(text, string(unicode.ReplacementChar)))
}

// Plain is text for a terminal, whoever chose it, its lines kept.
func Plain(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = printable(line)
	}
	return strings.Join(lines, "\n")
}

func clip(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "..."
}

// longestRun is the length of the longest run of a character in text.
func longestRun(text string, of rune) int {
	longest, run := 0, 0
	for _, r := range text {
		if r != of {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}
