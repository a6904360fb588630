package resource

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// plainKey is what Security Hub and GuardDuty allow in the key of a tag, which
// is less than other services do: no space, no @, no letters beyond ASCII
// (TagKey in the API models of both).
var plainKey = regexp.MustCompile(`^[a-zA-Z+-=._:/]+$`)

// PlainTags returns the tags whose keys service takes, nil for none, and notes
// that the others are not put on what it creates.
func (d *Declaration) PlainTags(tags map[string]string, service, created string) map[string]string {
	var allowed map[string]string
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		if !plainKey.MatchString(key) {
			d.Note(fmt.Sprintf("the tag %q is not put on %s: %s allows only letters, digits and + - = . _ : / , ; < in a tag's key", key, created, service))
			continue
		}
		if allowed == nil {
			allowed = map[string]string{}
		}
		allowed[key] = tags[key]
	}
	return allowed
}
