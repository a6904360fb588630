package servicetest

import (
	"encoding/json"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// essence returns an account's state as text that two accounts have in common
// when they differ only in when things happened. Generated ids are compared:
// the sandbox counts them, so a thing that was made twice has another one.
func (s *suite) essence(t *testing.T, acct *sandbox.Account) string {
	t.Helper()
	var state any
	require.NoError(t, json.Unmarshal(acct.Snapshot(), &state))
	text, err := json.MarshalIndent(s.timeless(state), "", "  ")
	require.NoError(t, err)
	return string(text)
}

var instant = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d`)

// Instants in seconds since the epoch: from 2000 to 2100. No other number in a
// simulator's state is as big, as account ids are strings.
const century, nextCentury = 946684800, 4102444800

func (s *suite) timeless(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if slices.Contains(s.Uncompared, name) {
				delete(v, name)
				continue
			}
			v[name] = s.timeless(member)
		}
	case []any:
		for i := range v {
			v[i] = s.timeless(v[i])
		}
	case string:
		if instant.MatchString(v) {
			return "(time)"
		}
	case float64:
		if v >= century && v < nextCentury {
			return "(time)"
		}
	}
	return v
}
