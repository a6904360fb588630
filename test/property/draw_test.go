package property

import (
	"fmt"
	"time"

	"pgregory.net/rapid"
)

const (
	account = "123456789012"
	other   = "444455556666" // another account
	central = "999900001111" // the organization's
)

var regions = []string{"ap-northeast-1", "eu-west-1", "us-east-1"}

// past is a time before every run: in a bubble of testing/synctest it is 2000.
var past = time.Date(1999, 5, 1, 0, 0, 0, 0, time.UTC)

func pick[T any](t *rapid.T, label string, among ...T) T {
	return among[rapid.IntRange(0, len(among)-1).Draw(t, label)]
}

// one says yes one time in n.
func one(t *rapid.T, n int, label string) bool {
	return rapid.IntRange(0, n-1).Draw(t, label) == n-1
}

func yes(t *rapid.T, label string) bool { return rapid.Bool().Draw(t, label) }

// some draws a part of a list, in its order.
func some[T any](t *rapid.T, label string, list ...T) []T {
	var part []T
	for i, item := range list {
		if yes(t, fmt.Sprintf("%s[%d]", label, i)) {
			part = append(part, item)
		}
	}
	return part
}

func tags(t *rapid.T, label string) map[string]string {
	return pick(t, label+" tags", nil, map[string]string{"team": "blue"}, map[string]string{"owner": "somebody else", "Name": ""})
}

func ref[T any](v T) *T { return &v }
