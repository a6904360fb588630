package render_test

import (
	"encoding/json"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/internal/diff"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/render"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// sarif is what the tests look at.
type sarif struct {
	Runs []struct {
		Tool struct {
			Driver struct {
				Rules []struct {
					ID         string
					Properties struct{ Tags []string }
				}
			}
		}
		AutomationDetails struct{ ID string }
		Invocations       []struct{ ExecutionSuccessful bool }
		Results           []struct {
			RuleID    string
			RuleIndex int
			Level     string
			Message   struct{ Text string }
			Locations []struct {
				PhysicalLocation struct {
					ArtifactLocation struct{ URI string }
					Region           struct{ StartLine, StartColumn int }
				}
			}
			PartialFingerprints map[string]string
		}
	}
}

// sarifSchema is OASIS's own.
var sarifSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	f, err := os.Open("testdata/sarif-schema-2.1.0.json")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	document, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("sarif.json", document); err != nil {
		return nil, err
	}
	return compiler.Compile("sarif.json")
})

func valid(t *testing.T, text string) sarif {
	t.Helper()
	instance, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err)
	schema, err := sarifSchema()
	require.NoError(t, err)
	require.NoError(t, schema.Validate(instance))
	var s sarif
	require.NoError(t, json.Unmarshal([]byte(text), &s))
	require.Len(t, s.Runs, 1)
	for _, r := range s.Runs[0].Results {
		require.Equal(t, s.Runs[0].Tool.Driver.Rules[r.RuleIndex].ID, r.RuleID)
	}
	return s
}

func TestSARIFPointsAtTheSpec(t *testing.T) {
	s := valid(t, write(t, "sarif", sample())).Runs[0]
	assert.Equal(t, "kiso/plan/123456789012/", s.AutomationDetails.ID)
	assert.False(t, s.Invocations[0].ExecutionSuccessful, "something is blocked")
	levels := map[string]string{}
	for _, r := range s.Results {
		levels[r.Level] += r.RuleID + " "
		assert.Equal(t, "accounts/prod/kiso.yaml", r.Locations[0].PhysicalLocation.ArtifactLocation.URI)
	}
	assert.Equal(t, map[string]string{
		"error": "config.recorder ", "note": "config.recorder ", "warning": "cloudtrail.bucket guardduty.detector guardduty.detector ",
	}, levels)
	created := s.Results[3]
	assert.Contains(t, created.Message.Text, "in 2 regions (ap-northeast-1, eu-west-1)")
	assert.Equal(t, 12, created.Locations[0].PhysicalLocation.Region.StartLine)
	assert.Equal(t, []string{"GuardDuty.1"}, s.Tool.Driver.Rules[created.RuleIndex].Properties.Tags)
}

func TestSARIFWithoutFindingsFileOrPlace(t *testing.T) {
	s := valid(t, write(t, "sarif", base()))
	assert.Empty(t, s.Runs[0].Results)
	assert.True(t, s.Runs[0].Invocations[0].ExecutionSuccessful)

	p := base(resource.Change{ID: id("s3.bucket", "us-east-1", "b"), Action: resource.Create})
	valid(t, writeWith(t, "sarif", p, render.Context{}))
	s = valid(t, writeWith(t, "sarif", p, render.Context{File: "a b/ä:#%.yaml"}))
	place := s.Runs[0].Results[0].Locations[0].PhysicalLocation
	assert.Equal(t, 1, place.Region.StartLine)
	assert.Equal(t, "a%20b/%C3%A4:%23%25.yaml", place.ArtifactLocation.URI)
}

// TestSARIFFingerprints: the same from run to run, different from finding to
// finding and from account to account.
func TestSARIFFingerprints(t *testing.T) {
	fingerprints := func(p *plan.Plan) (all []string) {
		for _, r := range valid(t, write(t, "sarif", p)).Runs[0].Results {
			all = append(all, r.PartialFingerprints["kisoFinding/v1"])
		}
		return all
	}
	p, later, other := sample(), sample(), sample()
	later.Timestamp = later.Timestamp.AddDate(0, 1, 0)
	later.Changes = append([]resource.Change{}, later.Changes...)
	for i := range later.Changes {
		later.Changes[i].Location.Line += 7
	}
	other.AccountID = "210987654321"
	assert.Equal(t, fingerprints(p), fingerprints(later))
	assert.NotEqual(t, fingerprints(p)[0], fingerprints(other)[0])
	refused := base(
		resource.Change{ID: id("s3.bucket", "us-east-1", "b"), Action: resource.Blocked, Reason: "denied"},
		resource.Change{ID: id("s3.bucket", "us-west-2", "b"), Action: resource.Blocked, Reason: "gone"},
	)
	unique := map[string]bool{}
	for _, f := range append(fingerprints(p), fingerprints(refused)...) {
		assert.False(t, unique[f], f)
		unique[f] = true
	}
}

// TestSARIFMessagesHaveNoPlaceholdersAndLinks: SARIF 2.1.0, 3.11.5 and 3.11.6.
func TestSARIFMessagesHaveNoPlaceholdersAndLinks(t *testing.T) {
	for _, text := range append(hostile, "{0}", "[x](1)") {
		s := valid(t, write(t, "sarif", hostilePlan(func(string) string { return text })))
		for _, r := range s.Runs[0].Results {
			assert.NotContains(t, r.Message.Text, "](")
			assert.NotRegexp(t, `(^|[^{])(\{\{)*\{[0-9]`, r.Message.Text)
		}
	}
}

// TestTheSchemaRefuses: validation that cannot fail proves nothing.
func TestTheSchemaRefuses(t *testing.T) {
	schema, err := sarifSchema()
	require.NoError(t, err)
	good := write(t, "sarif", sample())
	for old, bad := range map[string]string{`"level": "error"`: `"level": "bad"`, `"startLine": 12`: `"startLine": 0`, `"ruleId"`: `"rule_id"`, `"uri": "a`: `"uri": "%%a`} {
		require.Contains(t, good, old)
		instance, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.ReplaceAll(good, old, bad)))
		require.NoError(t, err)
		assert.Error(t, schema.Validate(instance), bad)
	}
}

func TestSARIFMessagesAreSentences(t *testing.T) {
	fields := []diff.Field{{Path: "a", After: 1}, {Path: "b", Before: "x", After: "y"}, {Path: "c", Before: nil, After: []string{"z"}}}
	for _, p := range []string{"d", "e", "f", "g", "h"} {
		fields = append(fields, diff.Field{Path: p, After: true})
	}
	s := valid(t, write(t, "sarif", base(detector("us-east-1", resource.Update, fields...))))
	assert.Equal(t, `guardduty.detector/us-east-1/detector will be updated in-place: a: 1; b: "x" -> "y"; c is set; d: true; e: true; f: true; and 2 more`,
		s.Runs[0].Results[0].Message.Text)
}
