// Package policydoc reads, compares and changes resource policies (of a bucket,
// a topic) statement by statement, so that one owner of a policy keeps what
// others wrote into it. It knows the IAM policy grammar and no AWS API.
package policydoc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// version is the current version of the policy language (IAM user guide, IAM
// JSON policy elements: Version). A policy that names an older one keeps it.
const version = "2012-10-17"

// Document is a resource policy. Its statements are kept as they were written,
// in their order, whether or not this package understands them.
type Document struct {
	Version    string     `json:"Version,omitempty"`
	ID         string     `json:"Id,omitempty"`
	Statements statements `json:"Statement"`
}

type statements []json.RawMessage

// UnmarshalJSON reads a list of statements, or a single one without its list.
func (s *statements) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte("{")) {
		*s = statements{slices.Clone(data)}
		return nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	*s = list
	return nil
}

// Parse reads a policy; an empty text is a policy without statements. The error
// is a text that is no policy.
func Parse(text string) (Document, error) {
	d := Document{Version: version, Statements: statements{}}
	if text == "" {
		return d, nil
	}
	d.Version = "" // the language's default differs from the current one
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return Document{}, fmt.Errorf("the policy is not a policy document: %w", err)
	}
	return d, nil
}

// String returns the policy as AWS takes it.
func (d Document) String() string {
	if d.Statements == nil {
		d.Statements = statements{}
	}
	return string(mustJSON(d))
}

// BySid returns the statements that have a Sid, by it. Of several with one Sid
// it returns the first.
func (d Document) BySid() map[string]Statement {
	found := map[string]Statement{}
	for _, raw := range d.Statements {
		sid := sidOf(raw)
		if _, twice := found[sid]; twice || sid == "" {
			continue
		}
		var s Statement
		if json.Unmarshal(raw, &s) == nil {
			found[sid] = s
		}
	}
	return found
}

// Readable returns the statements that this package understands, in their order.
func (d Document) Readable() []Statement {
	var list []Statement
	for _, raw := range d.Statements {
		var s Statement
		if json.Unmarshal(raw, &s) == nil {
			list = append(list, s)
		}
	}
	return list
}

// Allows returns the statements that allow services something.
func (d Document) Allows() []Statement {
	return slices.DeleteFunc(d.Readable(), func(s Statement) bool { return s.Effect != "Allow" || s.Services() == nil })
}

// Admits says whether a statement allows a service, by its principal, anything.
func (d Document) Admits(service string) bool {
	return slices.ContainsFunc(d.Allows(), func(s Statement) bool { return slices.Contains(s.Services(), service) })
}

// Unbound returns the statements that allow services something whomever these act
// for; see Statement.Bound.
func (d Document) Unbound() []Statement {
	return slices.DeleteFunc(d.Allows(), Statement.Bound)
}

// With returns the policy with the given statements in it, by Sid: each takes
// the place of the one that it differs from in meaning, or goes to the end. All
// others stay as they are.
func (d Document) With(want map[string]Statement) Document {
	d.Statements = slices.Clone(d.Statements)
	for _, sid := range slices.Sorted(maps.Keys(want)) {
		statement := want[sid]
		statement.Sid = sid
		at := slices.IndexFunc(d.Statements, func(raw json.RawMessage) bool { return sidOf(raw) == sid })
		switch {
		case at < 0:
			d.Statements = append(d.Statements, mustJSON(statement))
		case !means(d.Statements[at], statement):
			d.Statements[at] = mustJSON(statement)
		}
	}
	return d
}

// means says whether a statement as written has the meaning of s.
func means(raw json.RawMessage, s Statement) bool {
	var written Statement
	return json.Unmarshal(raw, &written) == nil && written.Equivalent(s)
}

func sidOf(raw json.RawMessage) string {
	var s struct{ Sid string }
	_ = json.Unmarshal(raw, &s) // what is no statement has no Sid
	return s.Sid
}

// mustJSON encodes plain data, which cannot fail.
func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("policydoc: %T is not plain data: %v", v, err))
	}
	return data
}
