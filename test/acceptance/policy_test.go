package acceptance

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
)

// statement is one of a policy, read without any of kiso's code.
type statement struct {
	Effect    string
	Principal any
	Action    any
	Resource  any
	Condition map[string]map[string]any
}

func (w *world) statements(policy string) []statement {
	w.Helper()
	if decoded, err := url.QueryUnescape(policy); err == nil && strings.HasPrefix(policy, "%7B") {
		policy = decoded
	}
	var document struct{ Statement []statement }
	require.NoError(w, json.Unmarshal([]byte(policy), &document), policy)
	return document.Statement
}

// values makes a list of what may be one string or many.
func values(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		var all []string
		for _, item := range v {
			all = append(all, fmt.Sprint(item))
		}
		return all
	case map[string]any:
		var all []string
		for _, item := range v {
			all = append(all, values(item)...)
		}
		return all
	default:
		return []string{fmt.Sprint(v)}
	}
}

// condition returns the values that a key is compared with, whatever the operator.
func (s statement) condition(key string) []string {
	for _, keys := range s.Condition {
		for name, v := range keys {
			if strings.EqualFold(name, key) {
				return values(v)
			}
		}
	}
	return nil
}

// allows says whether the statement lets a service do something on a resource.
func (s statement) allows(service, action, resource string) bool {
	return s.Effect == "Allow" && slices.Contains(values(s.Principal), service) &&
		slices.ContainsFunc(values(s.Action), func(a string) bool { return strings.EqualFold(a, action) }) &&
		slices.Contains(values(s.Resource), resource)
}

// deniesPlainHTTP says whether the statement denies what does not come over TLS.
func (s statement) deniesPlainHTTP(resource string) bool {
	return s.Effect == "Deny" && slices.Contains(values(s.Principal), "*") && slices.Contains(values(s.Action), "s3:*") &&
		slices.Contains(values(s.Resource), resource) && slices.Equal(s.condition("aws:SecureTransport"), []string{"false"})
}
