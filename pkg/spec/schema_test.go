package spec

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write the golden files anew")

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := Schema(sections)
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource("kiso.json", document))
	schema, err := c.Compile("kiso.json") // checks it against the meta-schema too
	require.NoError(t, err)
	return schema
}

// asJSON returns what an editor validates: the YAML as JSON values. It is false
// when there is none.
func asJSON(file string) (any, bool) {
	var content any
	if yaml.Unmarshal([]byte(file), &content) != nil {
		return nil, false
	}
	text, err := json.Marshal(content)
	if err != nil {
		return nil, false // a key that is no string
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	return value, err == nil
}

func TestSchemaAcceptsWhatDecodeAccepts(t *testing.T) {
	schema := compile(t)
	for _, file := range []string{
		full, head, head + "cloudtrail:", head + "guardduty: {}", head + "bare:", head + "tags: {}", head + "regions: {exclude: []}",
		head + "cloudtrail: {bucket: {object_lock: {years: 1}}}",
		head + "root_login_alarm: {emails: [a@b.de], topic: ''}",
		head + "tags: {" + manyTags(50) + "}",
		"version: 1\nhome_region: us-isob-east-1",
	} {
		_, err := Decode("f", []byte(file), sections)
		require.NoError(t, err)
		value, ok := asJSON(file)
		require.True(t, ok)
		assert.NoError(t, schema.Validate(value), file)
	}
}

func TestSchemaRefusesWhatDecodeRefuses(t *testing.T) {
	beyond := map[string]string{
		"too large":               "size is no matter of content",
		"two documents":           "an editor validates each by itself",
		"broken second document":  "an editor validates each by itself",
		"anchor and alias":        "gone in JSON",
		"alias as a key":          "gone in JSON",
		"date for a string":       "a string in JSON",
		"tag":                     "gone in JSON",
		"own tag":                 "gone in JSON",
		"merge key":               "gone in JSON",
		"version with a fraction": "1.0 and 1 are one number in JSON",
		"octal":                   "a number in JSON",
		"underscores":             "a number in JSON",
		"included and excluded":   "spans fields",
		"partitions mixed":        "spans fields",
	}
	schema := compile(t)
	for _, c := range refusals {
		value, ok := asJSON(c.in)
		if !ok {
			continue
		}
		err := schema.Validate(value)
		if beyond[c.name] != "" {
			assert.NoError(t, err, "%s: the schema can refuse it: take it off the list", c.name)
			continue
		}
		assert.Error(t, err, c.name)
	}
}

func TestSchemaGolden(t *testing.T) {
	const golden = "testdata/schema.golden.json"
	got, err := Schema(sections)
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(golden, append(got, '\n'), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, strings.TrimSpace(string(want)), string(got))
}

func TestSchemaDefaultsAreAccepted(t *testing.T) {
	text, err := Schema(sections)
	require.NoError(t, err)
	var schema struct {
		Properties map[string]struct {
			Properties map[string]struct{ Default any }
		}
	}
	require.NoError(t, json.Unmarshal(text, &schema))
	for name, section := range schema.Properties {
		content := map[string]any{}
		for key, property := range section.Properties {
			if property.Default != nil {
				content[key] = property.Default
			}
		}
		if len(content) == 0 || name == "root_login_alarm" { // it has a required key
			continue
		}
		file, err := yaml.Marshal(map[string]any{"version": 1, "home_region": "us-east-1", name: content})
		require.NoError(t, err)
		named := decode(t, string(file))
		assert.Equal(t, decode(t, "version: 1\nhome_region: us-east-1\n"+name+":").Digest(), named.Digest(), name)
	}
}

// Many editors do not check formats: the pattern alone refuses what Decode does.
func TestEmailPatternIsAsStrictAsDecode(t *testing.T) {
	for _, address := range []string{".a@example.com", "a.@example.com", "a..b@example.com", "@example.com", "a@b@example.com", "a@example.com.", "a@.example.com"} {
		problem, _ := checkEmail(address)
		assert.NotEmpty(t, problem, address)
		assert.NotRegexp(t, emailPattern, address)
	}
	for _, address := range []string{"a@example.com", "first.last+tag@mail.example.co.jp", "o'brien@example.com"} {
		problem, _ := checkEmail(address)
		assert.Empty(t, problem, address)
		assert.Regexp(t, emailPattern, address)
	}
}
