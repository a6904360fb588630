package badjson

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExplain(t *testing.T) {
	for text, want := range map[string]string{
		"version: 1":                    "it is not valid JSON at line 1, column 1",
		"{\n  \"a\": x}":                "it is not valid JSON at line 2, column 8",
		`{"a":`:                         "it is not valid JSON at line 1, column 5",
		"":                              "it is not valid JSON at line 1, column 1",
		"{\n  \"inner\":{\"name\": 3}}": "inner.name is of the wrong type, number, at line 2, column 20",
		"3":                             "the whole is of the wrong type, number, at line 1, column 1",
	} {
		var v struct {
			Inner struct {
				Name string `json:"name"`
			} `json:"inner"`
		}
		err := json.Unmarshal([]byte(text), &v)
		require.Error(t, err)
		assert.Equal(t, want, Explain([]byte(text), err), text)
	}
	assert.Equal(t, "as it is", Explain(nil, errors.New("as it is")))
}
