package plan_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/internal/diff"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// sample has a change of each sort, and text that encoders like to change.
func sample() *plan.Plan {
	return &plan.Plan{
		KisoVersion: "1.0.0", Timestamp: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		AccountID: "123456789012", Partition: "aws", HomeRegion: "eu-west-1", Regions: []string{"eu-west-1"},
		SpecDigest: "sha256:00", Notes: []string{"<b> & 東京 \u2028"},
		Changes: []resource.Change{
			{ID: id("blocked"), Action: resource.Blocked, Reason: "the fuse is out"},
			{
				ID: id("create"), Action: resource.Create, Fields: []diff.Field{{Path: "days", After: 365}, {Path: "list", After: []string{"a<b"}}, {Path: "object", After: ordered{Zebra: "z", Ant: "a"}}},
				Risks: []resource.Risk{{Kind: resource.Irreversible, Text: "for ever"}}, Notes: []string{"new"},
				Needs:  []resource.Ref{resource.Needs(id("insync")), resource.NeedsIfDeclared(id("update")), resource.After(id("blocked"))},
				Before: raw("null"), After: raw(`{"days":365,"text":"a<b>&"}`), Want: raw(`{"days":365,"text":"a<b>&"}`),
				Fingerprint: "sha256:01", Controls: []string{"House.1"}, Path: "house", Location: resource.Location{Line: 3, Column: 1},
			},
			{ID: id("insync"), Action: resource.None, LiveName: "lamp in the hall", LeftOut: []string{"smell"}, Before: raw(`{}`), After: raw(`{}`), Want: raw(`{}`), Fingerprint: "sha256:02"},
			{
				ID: id("managed"), Action: resource.Managed, LiveName: "lamp in the yard", Owner: "the landlord", Reason: "theirs", Fields: fields,
				Notes: []string{"seen"}, Before: raw(`{"colour":"blue"}`), Fingerprint: "sha256:03",
			},
			{ID: id("update"), Action: resource.Update, Fields: fields, Before: raw(`{"colour":"blue"}`), After: raw(`{"colour":"red"}`), Want: raw(`{"colour":"red"}`), Fingerprint: "sha256:04"},
		},
	}
}

// ordered has its members in an order that is not that of their names.
type ordered struct{ Zebra, Ant string }

func raw(s string) json.RawMessage { return json.RawMessage(s) }

func encode(t *testing.T, p *plan.Plan) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, p.Encode(&b))
	return b.String()
}

func TestPlanRoundTrips(t *testing.T) {
	first := encode(t, sample())
	decoded, err := plan.Decode(strings.NewReader(first))
	require.NoError(t, err)
	assert.Equal(t, first, encode(t, decoded))
	assert.Contains(t, first, `"live_name": "lamp in the hall"`)
	assert.Contains(t, first, `"live_name": "lamp in the yard"`)
	assert.Contains(t, first, "<b> & 東京", "people read it too")

	want, got := sample(), decoded
	assert.Equal(t, want.Summary(), got.Summary())
	assert.Equal(t, want.LiveDigest(), got.LiveDigest())
	require.Len(t, got.Changes, len(want.Changes))
	created := got.Changes[1]
	assert.Equal(t, []resource.Ref{resource.Needs(id("insync")), resource.Needs(id("update")), resource.After(id("blocked"))}, created.Needs)
	assert.Equal(t, want.Changes[1].Risks, created.Risks)
	assert.Equal(t, want.Changes[1].Location, created.Location)
	assert.JSONEq(t, string(want.Changes[1].Want), string(created.Want))
	assert.Equal(t, "the landlord", got.Changes[3].Owner)
	assert.Equal(t, raw(`{"Zebra":"z","Ant":"a"}`), compact(t, created.Fields[2].After), "members stay in the order in which they were shown")
}

func compact(t *testing.T, v any) json.RawMessage {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	return data
}

func TestDocumentSaysWhatThePlanIs(t *testing.T) {
	var d map[string]any
	require.NoError(t, json.Unmarshal([]byte(encode(t, sample())), &d))
	assert.Equal(t, false, d["complete"])
	assert.Equal(t, true, d["errored"])
	assert.Equal(t, true, d["applyable"])
	assert.Equal(t, map[string]any{"create": 1.0, "update": 1.0, "in_sync": 1.0, "managed_elsewhere": 1.0, "blocked": 1.0}, d["summary"])

	require.NoError(t, json.Unmarshal([]byte(encode(t, &plan.Plan{})), &d))
	assert.Equal(t, true, d["complete"])
	assert.Equal(t, false, d["applyable"])
	for _, list := range []string{"notes", "regions", "resource_changes", "managed_elsewhere", "blocked"} {
		assert.Equal(t, []any{}, d[list], "%s is empty, never null", list)
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := encode(t, sample())
	for problem, text := range map[string]string{
		"it is not a kiso plan":                       "version: 1",
		"it is not a kiso plan: ":                     good + "{}",
		`its format_version is "2.0"`:                 strings.Replace(good, `"format_version": "1.0"`, `"format_version": "2.0"`, 1),
		`its format_version is ""`:                    "{}",
		"it does not name its account":                strings.Replace(good, `"123456789012"`, `""`, 1),
		"its timestamp is not one":                    strings.Replace(good, "2026-01-02T", "yesterday ", 1),
		"its digest or summary does not fit":          strings.Replace(good, "sha256:04", "sha256:05", 1),
		"its digest or summary does not fit its chan": strings.Replace(good, "\"update\"\n", "\"no-op\"\n", 1),
		`"nonsense" is not an address`:                strings.Replace(good, `"address": "house.lamp/global/create"`, `"address": "nonsense"`, 1),
	} {
		_, err := plan.Decode(bytes.NewReader(plan.Seal([]byte(text))))
		assert.ErrorContains(t, err, problem)
	}
}

// Whatever is read in a plan is what is approved: no part of it may be another
// than when it was made. How it is laid out does not count.
func TestDecodeRefusesWhatWasEdited(t *testing.T) {
	good := encode(t, sample())
	var members map[string]any
	require.NoError(t, json.Unmarshal([]byte(good), &members))
	compact, err := json.Marshal(members)
	require.NoError(t, err)
	_, err = plan.Decode(bytes.NewReader(compact))
	require.NoError(t, err)
	for name, value := range members {
		switch v := value.(type) {
		case string:
			members[name] = v + "1"
		case bool:
			members[name] = !v
		case []any:
			members[name] = v[:len(v)-1]
		case map[string]any:
			v["create"] = 7
		}
		edited, err := json.Marshal(members)
		require.NoError(t, err)
		_, err = plan.Decode(bytes.NewReader(edited))
		assert.EqualError(t, err, "its plan_digest does not fit it: it was edited; plan again", name)
		require.NoError(t, json.Unmarshal([]byte(good), &members))
	}
	_, err = plan.Decode(strings.NewReader(strings.Replace(good, `"applyable": true`, `"applyable": false`, 1)))
	assert.EqualError(t, err, "its plan_digest does not fit it: it was edited; plan again")
}

func TestDecodeReadsLaterMinorVersions(t *testing.T) {
	later := strings.Replace(encode(t, sample()), `"format_version": "1.0"`, `"format_version": "1.7", "new_member": 1`, 1)
	_, err := plan.Decode(bytes.NewReader(plan.Seal([]byte(later))))
	assert.NoError(t, err)
}
