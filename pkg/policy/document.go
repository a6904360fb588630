package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// Sizes that a policy may have, in characters without white space (IAM user
// guide, IAM and STS quotas).
const (
	ManagedLimit = 6144  // a managed policy
	InlineLimit  = 10240 // all inline policies of a role together
)

// Document is an identity policy (IAM user guide, Grammar of the IAM JSON policy
// language).
type Document struct {
	Version   string
	Statement []Statement
}

// Statement allows actions on resources under a condition.
type Statement struct {
	Sid       string
	Effect    string
	Action    Values
	Resource  Values
	Condition Condition `json:",omitempty"`
}

// Condition is operator -> key -> values.
type Condition map[string]map[string]Values

func (c Condition) add(operator, key string, values ...string) {
	if c[operator] == nil {
		c[operator] = map[string]Values{}
	}
	c[operator][key] = values
}

// Values are strings; a single one is written without its list, as IAM allows.
type Values []string

// MarshalJSON writes one value as a string, several as a list.
func (v Values) MarshalJSON() ([]byte, error) {
	if len(v) == 1 {
		return json.Marshal(v[0])
	}
	return json.Marshal([]string(v))
}

// Encode writes the policy as indented JSON.
func (d *Document) Encode(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(d)
}

// Size is the policy's length as IAM counts it.
func (d *Document) Size() int { return len(mustJSON(d)) }

// Split returns policies of at most limit characters that allow together what d
// allows. The error is a statement that is longer than that alone.
func (d *Document) Split(limit int) ([]*Document, error) {
	var parts []*Document
	for _, s := range d.Statement {
		if last := len(parts) - 1; last >= 0 {
			grown := &Document{Version: d.Version, Statement: append(parts[last].Statement[:len(parts[last].Statement):len(parts[last].Statement)], s)}
			if grown.Size() <= limit {
				parts[last] = grown
				continue
			}
		}
		alone := &Document{Version: d.Version, Statement: []Statement{s}}
		if alone.Size() > limit {
			return nil, fmt.Errorf("the statement %s alone is %d characters long, and IAM takes %d: name fewer regions", s.Sid, alone.Size(), limit)
		}
		parts = append(parts, alone)
	}
	return parts, nil
}

// mustJSON encodes plain data, which cannot fail.
func mustJSON(v any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false) // IAM counts & as one character
	if err := encoder.Encode(v); err != nil {
		panic(fmt.Sprintf("policy: %T is not plain data: %v", v, err))
	}
	return bytes.TrimSpace(b.Bytes())
}
