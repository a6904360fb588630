// Package similar finds the name that was meant. It knows nothing of what the
// names are of.
package similar

import (
	"strings"

	"github.com/agext/levenshtein"
)

const (
	// minPrefix is how many letters of a candidate count as its beginning.
	minPrefix = 3
	// maxWord bounds the letters that are compared: no name is longer.
	maxWord = 200
)

// Nearest returns the candidate with the fewest edits from word, letter case
// aside, and their number; what was not written to its end counts as one edit.
// Of equals the first wins. Without candidates it is "".
func Nearest(word string, candidates []string) (best string, distance int) {
	if runes := []rune(word); len(runes) > maxWord {
		word = string(runes[:maxWord])
	}
	word = strings.ToLower(word)
	for _, candidate := range candidates {
		d := levenshtein.Distance(word, strings.ToLower(candidate), nil)
		if len(word) >= minPrefix && strings.HasPrefix(strings.ToLower(candidate), word) {
			d = min(d, 1)
		}
		if best == "" || d < distance {
			best, distance = candidate, d
		}
	}
	return best, distance
}
