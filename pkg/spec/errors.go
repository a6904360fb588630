package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"

	"github.com/kiso-cli/kiso/internal/similar"
)

// Position is a place in the file, counted from 1. The zero value is no place.
type Position struct {
	Line, Column int
}

// Error is one problem of a spec file.
type Error struct {
	File         string
	Line, Column int    // 0 when unknown
	Path         string // "guardduty.features"; "" when the problem belongs to no key
	Problem      string // what is wrong, with the offending value
	Hint         string // what would be right; may be empty
}

// Error returns "FILE:LINE:COLUMN: PATH: PROBLEM; HINT", leaving out what is unknown.
func (e *Error) Error() string {
	text := e.File
	if e.Line > 0 {
		text += fmt.Sprintf(":%d:%d", e.Line, e.Column)
	}
	if e.Path != "" {
		text += ": " + e.Path
	}
	text += ": " + e.Problem
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// combine returns the problems as one error, in the order of the file, one a
// line; nil when there are none.
func combine(problems []*Error) error {
	slices.SortStableFunc(problems, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Path, b.Path), cmp.Compare(a.Problem, b.Problem))
	})
	all := &multierror.Error{ErrorFormat: onePerLine}
	for _, problem := range problems {
		all.Errors = append(all.Errors, problem)
	}
	return all.ErrorOrNil()
}

func onePerLine(errs []error) string {
	lines := make([]string, len(errs))
	for i, err := range errs {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// maxQuoted bounds how much of an offending value a message repeats, and how
// much of it counts for a suggestion.
const maxQuoted = 64

// quote shows a value of the file in a message.
func quote(value string) string {
	return fmt.Sprintf("%q", shorten(value))
}

func shorten(value string) string {
	if runes := []rune(value); len(runes) > maxQuoted {
		return string(runes[:maxQuoted]) + "..."
	}
	return value
}

// similarOr returns "did you mean X?" for the nearest candidate that shares at
// least a third of the word, and otherwise the fallback.
func similarOr(word string, candidates []string, fallback string) string {
	best, distance := similar.Nearest(word, candidates)
	if best == "" || 3*distance > 2*max(len(word), len(best)) {
		return fallback
	}
	return didYouMean(best)
}

func didYouMean(value string) string {
	return "did you mean " + value + "?"
}
