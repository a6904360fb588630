package render_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/catalogue"
	"github.com/kiso-cli/kiso/pkg/render"
	"github.com/kiso-cli/kiso/pkg/services"
)

func explained(print func(*render.Text)) string {
	var b bytes.Buffer
	print(render.NewText(&b, false))
	return b.String()
}

// Explanations fit a terminal of 80 columns; only ARNs, which nobody can break,
// may be longer.
func TestExplanationsFitTheTerminal(t *testing.T) {
	list, err := catalogue.Of(services.All())
	require.NoError(t, err)
	texts := []string{explained(func(r *render.Text) { r.Catalogue(list) })}
	for i := range list {
		s := &list[i]
		texts = append(texts, explained(func(r *render.Text) { r.Service(s) }))
		for k := range s.Kinds {
			texts = append(texts, explained(func(r *render.Text) { r.Kind(s, &s.Kinds[k]) }))
		}
	}
	for _, text := range texts {
		for _, line := range strings.Split(text, "\n") {
			assert.True(t, utf8.RuneCountInString(line) <= 80 || strings.Contains(line, "arn:"), line)
			assert.Equal(t, strings.TrimRight(line, " "), line, "white space at the end")
		}
	}
}

func TestExplainKind(t *testing.T) {
	s := catalogue.Service{
		Name: "test", Title: "Test", Cost: "Nothing.", Example: "test: {}\n",
		Fields: []catalogue.Field{
			{Path: "level", Type: "string", Default: "LOW", Values: []string{"LOW", "HIGH"}, Doc: "How much."},
			{Path: "emails", Type: "list of strings", Required: true, Doc: "To whom."},
		},
		Kinds: []catalogue.Kind{{
			Name: "test.thing", Summary: "A thing: of the region.", Controls: []string{"T.1", "T.2"},
			Members:      []catalogue.Member{{Path: "name", Type: "string", Rule: "as wanted"}, {Path: "longer_name", Type: "boolean", Rule: "observed only"}},
			Irreversible: []string{"It stays."},
			Reads:        []catalogue.Permission{{Action: "test:GetThing"}},
			Writes:       []catalogue.Permission{{Action: "test:PutThing", Resource: "arn:x", Condition: map[string]string{"test:Key": "v"}}},
		}},
	}
	assert.Equal(t, `test.thing  (section test)
  A thing: of the region.

In a plan
  name         string: as wanted
  longer_name  boolean: observed only

Controls
  T.1, T.2

Irreversible steps
  It stays.

IAM actions of plan
  test:GetThing

IAM actions of apply, besides
  test:PutThing
      on arn:x
      where test:Key is v

Costs
  Nothing.

In the spec
  test.level
      string, default LOW
      One of LOW, HIGH.
      How much.
  test.emails
      list of strings, required
      To whom.

Example
  test: {}
`, explained(func(r *render.Text) { r.Kind(&s, &s.Kinds[0]) }))
	assert.Contains(t, explained(func(r *render.Text) { r.Service(&s) }), "\nIAM actions of apply, besides\n  test:PutThing\n")
	assert.Contains(t, explained(func(r *render.Text) { r.Catalogue([]catalogue.Service{s}) }), "    test.thing                          A thing\n")
}
