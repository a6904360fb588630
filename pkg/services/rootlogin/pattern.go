package rootlogin

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Pattern is an event pattern: JSON in which the values that a field may have
// stand in lists (EventBridge user guide, event patterns).
type Pattern map[string]any

// Raise keeps a live pattern that means the same. Any other gives way: a field
// more or less makes it match other events.
func (p Pattern) Raise(live Pattern) Pattern {
	if canonical(map[string]any(p)) == canonical(map[string]any(live)) {
		return live
	}
	return p
}

// canonical writes a pattern in one way: without space, with sorted keys, and
// with the alternatives of each field sorted. Within an alternative the order
// stays, where it has a meaning ("numeric").
func canonical(pattern map[string]any) string {
	fields := map[string]any{}
	for field, value := range pattern {
		switch v := value.(type) {
		case map[string]any:
			fields[field] = json.RawMessage(canonical(v))
		case []any:
			alternatives := make([]string, len(v))
			for i, alternative := range v {
				alternatives[i] = text(alternative)
			}
			slices.Sort(alternatives)
			fields[field] = alternatives
		default:
			fields[field] = v
		}
	}
	return text(fields)
}

// text encodes plain data, which cannot fail.
func text(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("rootlogin: %T is not plain data: %v", v, err))
	}
	return string(data)
}
