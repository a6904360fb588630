package render_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/internal/diff"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/render"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/spec"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with testdata/name.golden.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

// write renders a plan in a format.
func write(t *testing.T, format string, p *plan.Plan) string {
	t.Helper()
	return writeWith(t, format, p, render.Context{Source: "kiso.yaml", File: "accounts/prod/kiso.yaml", Next: "kiso apply plan.json"})
}

func writeWith(t *testing.T, format string, p *plan.Plan, c render.Context) string {
	t.Helper()
	f, ok := render.FormatNamed(format)
	require.True(t, ok)
	var b bytes.Buffer
	require.NoError(t, f.Write(&b, p, c))
	return b.String()
}

// base is a plan without changes.
func base(changes ...resource.Change) *plan.Plan {
	return &plan.Plan{
		KisoVersion: "1.2.3", Timestamp: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC),
		AccountID: "123456789012", Partition: "aws", HomeRegion: "ap-northeast-1",
		Regions: []string{"ap-northeast-1", "eu-west-1", "us-east-1"}, SpecFile: "kiso.yaml",
		SpecDigest: "sha256:4f2c91ab0011223344556677", Changes: changes,
	}
}

func id(kind, scope, name string) resource.ID {
	return resource.ID{Kind: resource.Kind(kind), Scope: resource.Scope(scope), Name: name}
}

func detector(region string, action resource.Action, fields ...diff.Field) resource.Change {
	return resource.Change{
		ID: id("guardduty.detector", region, "detector"), Action: action, Fields: fields,
		Controls: []string{"GuardDuty.1"}, Path: "guardduty", Location: resource.Location{Line: 12, Column: 1},
	}
}

// sample holds one of everything.
func sample() *plan.Plan {
	enabled := diff.Field{Path: "status", After: "ENABLED"}
	p := base(
		resource.Change{
			ID: id("cloudtrail.bucket", "global", "kiso-cloudtrail"), Action: resource.Update,
			Fields: []diff.Field{
				{Path: "object_lock", Before: nil, After: map[string]any{"mode": "COMPLIANCE", "days": 365, "note": "long enough to be broken over several lines of output"}},
				{Path: "policy.statements", Before: []string{"a"}, After: []string{"a", "b"}},
			},
			Risks:    []resource.Risk{{Kind: resource.Irreversible, Text: "nobody, root included, can shorten COMPLIANCE retention"}},
			Location: resource.Location{Line: 8, Column: 5},
		},
		resource.Change{
			ID: id("config.recorder", "ap-northeast-1", "default"), Action: resource.Managed,
			Owner: "AWS Control Tower", Reason: "its tags say so", MeetsSpec: true,
		},
		resource.Change{
			ID: id("config.recorder", "eu-west-1", "default"), Action: resource.Managed,
			Owner: "AWS Control Tower", Reason: "its tags say so",
			Fields: []diff.Field{{Path: "recording_frequency", Before: "DAILY", After: "CONTINUOUS"}}, Location: resource.Location{Line: 20, Column: 1},
		},
		resource.Change{
			ID: id("config.recorder", "us-east-1", "default"), Action: resource.Blocked,
			Reason: "config:DescribeConfigurationRecorders was denied by a service control policy", Location: resource.Location{Line: 20, Column: 1},
		},
		detector("ap-northeast-1", resource.Create, enabled),
		detector("eu-west-1", resource.Create, enabled),
		detector("us-east-1", resource.Update, diff.Field{Path: "finding_publishing_frequency", Before: "SIX_HOURS", After: "FIFTEEN_MINUTES"}),
		resource.Change{ID: id("sns.topic", "ap-northeast-1", "kiso"), Action: resource.None, Notes: []string{"security@example.com has not confirmed yet"}},
	)
	p.Notes = []string{"these are the credentials of the ROOT USER"}
	return p
}

// empty is an account with nothing, in every region there is.
func empty(t *testing.T, kinds int) *plan.Plan {
	t.Helper()
	p := base()
	p.Regions = spec.Regions()
	require.GreaterOrEqual(t, len(p.Regions), 34)
	for k := range kinds {
		for i, region := range p.Regions {
			c := detector(region, resource.Create)
			c.ID.Kind = resource.Kind(fmt.Sprintf("service%02d.thing", k))
			for f := range 12 {
				c.Fields = append(c.Fields, diff.Field{Path: fmt.Sprintf("field_%d", f), After: map[string]any{"value": i % 3, "text": "some text of the usual length", "list": []int{1, 2, 3}}})
			}
			p.Changes = append(p.Changes, c)
		}
	}
	return p
}

func TestEveryFormatMakesWhatItAlwaysMade(t *testing.T) {
	for _, format := range render.Formats() {
		if format == "json" || format == "text" {
			continue // the plan document's and the command line's tests have them
		}
		t.Run(format, func(t *testing.T) {
			golden(t, "plan."+format, write(t, format, sample()))
			golden(t, "none."+format, write(t, format, base(detector("us-east-1", resource.None))))
		})
	}
}

func TestSavedPlanRendersAsItDid(t *testing.T) {
	p := sample()
	for i := range p.Changes {
		p.Changes[i].Before, p.Changes[i].After, p.Changes[i].Want = json.RawMessage("null"), json.RawMessage("null"), json.RawMessage("null")
	}
	var b bytes.Buffer
	require.NoError(t, p.Encode(&b))
	saved, err := plan.Decode(&b)
	require.NoError(t, err)
	for _, format := range render.Formats() {
		assert.Equal(t, write(t, format, p), write(t, format, saved), format)
	}
}

func TestNoFormatOfThatName(t *testing.T) {
	_, ok := render.FormatNamed("yaml")
	assert.False(t, ok)
}

func TestAFullDiskIsAnError(t *testing.T) {
	for _, name := range render.Formats() {
		f, _ := render.FormatNamed(name)
		assert.Error(t, f.Write(full{}, sample(), render.Context{}), name)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, os.ErrClosed }
