package render_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kiso-cli/kiso/internal/diff"
	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/render"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// Addresses have the names of the spec. What has another one in the account is
// shown with it wherever somebody reads what is to be done, or was.
func TestLiveNames(t *testing.T) {
	id := resource.ID{Kind: "cloudtrail.bucket_lock", Scope: "eu-west-1", Name: "kiso/kiso-logs"}
	p := base(resource.Change{
		ID: id, Action: resource.Update, LiveName: "bucket acme-logs",
		Fields: []diff.Field{{Path: "object_lock_enabled", Before: false, After: true}},
		Risks:  []resource.Risk{{Kind: resource.Irreversible, Text: "for ever"}},
	})
	var result, drawn bytes.Buffer
	render.NewText(&drawn, false).Plan(p, "kiso.yaml", "")
	assert.Contains(t, drawn.String(), "  # cloudtrail.bucket_lock/eu-west-1/kiso/kiso-logs will be updated in-place\n  #   it is the bucket acme-logs\n")
	render.NewApplyText(&result, io.Discard, false, false).Result(p, &apply.Result{Steps: []apply.Step{{ID: id, Action: resource.Update, Outcome: apply.Applied}}})
	assert.Contains(t, result.String(), "kiso-logs: applied\n       it is the bucket acme-logs\n")
	var lines bytes.Buffer
	render.NewJSONLines(&lines, "test").Plan(p, "kiso.yaml")
	assert.Contains(t, lines.String(), `"live_name":"bucket acme-logs"`)
	for _, format := range []string{"markdown", "github", "sarif"} {
		assert.Contains(t, write(t, format, p), "it is the bucket acme-logs", format)
	}
}

// The same is said once for all regions, whatever else differs in them, before a
// change and after it.
func TestRemarksAreFolded(t *testing.T) {
	const note = "the recorder keeps its role"
	recorder := func(region resource.Scope, before bool) resource.Change {
		return resource.Change{
			ID: resource.ID{Kind: "config.recorder", Scope: region, Name: "recorder"}, Action: resource.Update, Notes: []string{note},
			Fields: []diff.Field{{Path: "all_supported", Before: before, After: true}},
		}
	}
	p := base(recorder("eu-west-1", false), recorder("us-east-1", true))
	var before, after bytes.Buffer
	render.NewText(&before, false).Plan(p, "kiso.yaml", "")
	const warning = "\nWarning: config.recorder/*/recorder: " + note + "\n  in 2 regions: eu-west-1 us-east-1\n"
	assert.Contains(t, before.String(), warning)
	assert.Contains(t, write(t, "markdown", p), "- `config.recorder/*/recorder` in 2 regions (eu-west-1, us-east-1): "+note)
	step := func(c resource.Change, o apply.Outcome) apply.Step {
		return apply.Step{ID: c.ID, Action: c.Action, Outcome: o, Notes: c.Notes}
	}
	render.NewApplyText(&after, io.Discard, false, false).Result(p, &apply.Result{Steps: []apply.Step{
		step(p.Changes[0], apply.Applied), step(p.Changes[1], apply.Converged),
	}})
	assert.Contains(t, after.String(), warning)
}

// What blocks many resources is said once.
func TestBlockedByReason(t *testing.T) {
	const reason = "the SSO session has ended; run `aws sso login` and run again"
	blocked := func(kind resource.Kind, region resource.Scope, reason string) resource.Change {
		return resource.Change{ID: resource.ID{Kind: kind, Scope: region, Name: "it"}, Action: resource.Blocked, Reason: reason}
	}
	p := base(
		blocked("cloudtrail.trail", "eu-west-1", reason),
		blocked("config.recorder", "eu-west-1", reason), blocked("config.recorder", "us-east-1", reason),
		blocked("guardduty.detector", "eu-west-1", reason), blocked("guardduty.detector", "us-east-1", reason),
		blocked("iam.role", resource.Global, reason), blocked("iam.user", resource.Global, "another"),
	)
	var text bytes.Buffer
	render.NewText(&text, false).Plan(p, "kiso.yaml", "")
	assert.Contains(t, text.String(), `
  x cloudtrail.trail/eu-west-1/it
  x iam.role/global/it
      `+reason+`
  x config.recorder/*/it
  x guardduty.detector/*/it
      in 2 regions: eu-west-1 us-east-1
      `+reason+`
  x iam.user/global/it
      another
`)
	assert.Contains(t, write(t, "markdown", p), "- `config.recorder/*/it`, `guardduty.detector/*/it` in 2 regions (eu-west-1, us-east-1): the SSO session")
}

// What is to be done in many regions is one entry though there is more to say of one.
func TestChangesAreFoldedWhateverIsRemarked(t *testing.T) {
	recorder := func(region resource.Scope, notes ...string) resource.Change {
		return resource.Change{
			ID: resource.ID{Kind: "config.recorder", Scope: region, Name: "recorder"}, Action: resource.Update, Notes: notes,
			Fields: []diff.Field{{Path: "recording_frequency", Before: "DAILY", After: "CONTINUOUS"}},
		}
	}
	p := base(recorder("eu-west-1"), recorder("us-east-1", "an override stays"))
	var text bytes.Buffer
	render.NewText(&text, false).Plan(p, "kiso.yaml", "")
	assert.Contains(t, text.String(), "  # config.recorder/*/recorder will be updated in-place\n  #   in 2 regions: eu-west-1 us-east-1\n")
	assert.Contains(t, text.String(), "Warning: config.recorder/us-east-1/recorder: an override stays\n")
	assert.Contains(t, write(t, "markdown", p), "! config.recorder/*/recorder\n#     in 2 regions: eu-west-1 us-east-1\n")
}
