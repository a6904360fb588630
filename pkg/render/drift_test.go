package render_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/internal/diff"
	"github.com/kiso-cli/kiso/internal/event"
	"github.com/kiso-cli/kiso/pkg/drift"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/render"
	"github.com/kiso-cli/kiso/pkg/resource"
)

func driftReport() *drift.Report {
	by := &event.Event{
		ID: "e-1", Name: "StopLogging", Subject: "kiso", Source: "cloudtrail.amazonaws.com", Time: time.Date(2026, 11, 20, 22, 1, 10, 0, time.UTC),
		Actor: "arn:aws:iam::123456789012:user/<img src=x>", AccessKey: "AKIAALICE", SourceIP: "203.0.113.9",
	}
	trail := resource.ID{Kind: "cloudtrail.trail", Scope: "eu-west-1", Name: "kiso"}
	hub := func(region resource.Scope) drift.Item {
		return drift.Item{Address: resource.ID{Kind: "securityhub.hub", Scope: region, Name: "hub"}, Region: region, Status: drift.Never}
	}
	return &drift.Report{
		Plan: &plan.Plan{AccountID: "123456789012", Partition: "aws", HomeRegion: "eu-west-1", Regions: []string{"eu-west-1", "us-east-1"}, Changes: []resource.Change{{
			ID: resource.ID{Kind: "guardduty.detector", Scope: "us-east-1", Name: "detector"}, Action: resource.Blocked, Reason: "guardduty:ListDetectors denied",
		}}},
		Items: []drift.Item{
			{Address: trail, Region: "eu-west-1", Status: drift.Drifted, Fields: []drift.Field{{Path: "logging", Spec: true, Live: false, By: by}, {Path: "log_file_validation", Spec: true, Live: false}}},
			hub("eu-west-1"), hub("us-east-1"),
		},
		Notes: []string{"who changed what in us-east-1 is not known"},
	}
}

func TestDriftAsText(t *testing.T) {
	var b bytes.Buffer
	render.NewText(&b, false).Drift(driftReport(), "kiso.yaml", "kiso apply")
	assert.Equal(t, `Account 123456789012 (aws), home region eu-west-1, 2 regions

Warning: who changed what in us-east-1 is not known

Blocked: could not be read, or needs what could not be
  x guardduty.detector/us-east-1/detector
      guardduty:ListDetectors denied

  # cloudtrail.trail/eu-west-1/kiso drifted
  ~ logging: true -> false
      by   arn:aws:iam::123456789012:user/<img src=x> (key AKIAALICE)
      call cloudtrail:StopLogging of kiso at 2026-11-20T22:01:10Z
      from 203.0.113.9, event e-1
  ~ log_file_validation: true -> false
      by   nobody on record (older than 90 days, too recent, or AWS itself)

  # securityhub.hub/*/hub is not there, and no deletion is on record
  #   never bootstrapped, gone for more than 90 days, or only for minutes
  #   in 2 regions: eu-west-1 us-east-1

Drift: 1 drifted, 0 deleted, 2 never bootstrapped, 0 in sync.
Error: 1 resource blocked (see above): what is there was not seen

To put it right, run:
    kiso apply
`, b.String())
}

func TestDriftAsMarkdown(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, render.DriftMarkdown(&b, driftReport(), "kiso.yaml"))
	text := b.String()
	assert.Contains(t, text, "**1 drifted, 0 deleted, 2 never bootstrapped.**")
	assert.Contains(t, text, "by `arn:aws:iam::123456789012:user/<img src=x>` with key `AKIAALICE`: `StopLogging of kiso` at 2026-11-20T22:01:10Z from `203.0.113.9`, event `e-1`")
	assert.Contains(t, text, "by nobody on record")
	assert.Contains(t, text, "guardduty:ListDetectors denied")

	b.Reset()
	none := &drift.Report{Plan: &plan.Plan{AccountID: "123456789012"}}
	require.NoError(t, render.DriftMarkdown(&b, none, "kiso.yaml"))
	assert.Contains(t, b.String(), "**No drift.** The account matches `kiso.yaml`.")
}

// What has another name in the account is shown with it, and long values one below
// the other.
func TestDriftOfWhatIsCalledOtherwise(t *testing.T) {
	r := driftReport()
	long := strings.Repeat("a", 40)
	r.Items[0].LiveName = "trail acme"
	r.Items[0].Fields = []drift.Field{{Path: "bucket", Spec: long, Live: long + "b"}}
	var text, markdown bytes.Buffer
	render.NewText(&text, false).Drift(r, "kiso.yaml", "kiso apply")
	require.NoError(t, render.DriftMarkdown(&markdown, r, "kiso.yaml"))
	assert.Contains(t, text.String(), `
  # cloudtrail.trail/eu-west-1/kiso drifted
  #   it is the trail acme
  ~ bucket: in the spec (-), and in the account (+)
    - "`+long+`"
    + "`+long+`b"
`)
	assert.Contains(t, markdown.String(), "- `cloudtrail.trail/eu-west-1/kiso` (it is the trail acme) drifted")
}

// What could not be looked up is said to be that, and counted for itself.
func TestDriftWithoutAHistory(t *testing.T) {
	r := driftReport()
	r.Items[0].Fields[1].Unread = true
	r.Items[1].Status, r.Items[2].Status = drift.Missing, drift.Missing
	var text, markdown bytes.Buffer
	render.NewText(&text, false).Drift(r, "kiso.yaml", "kiso apply")
	require.NoError(t, render.DriftMarkdown(&markdown, r, "kiso.yaml"))
	for _, got := range []string{text.String(), markdown.String()} {
		assert.Contains(t, got, "0 never bootstrapped, 2 missing (since when is not known)")
		assert.Contains(t, got, "is not there; the history that would say since when could not be read")
		assert.Contains(t, got, "whom is not known: the history could not be read")
		assert.NotContains(t, got, "no deletion is on record")
	}
}

// What the same person did in many regions is one entry, with the time that it took.
func TestDriftIsFoldedOverRegions(t *testing.T) {
	item := func(region resource.Scope, actor string, minute int) drift.Item {
		by := &event.Event{
			ID: "e-" + string(region), Name: "DeleteDetector", Source: "guardduty.amazonaws.com", Actor: actor, SourceIP: "203.0.113.9",
			Time: time.Date(2026, 11, 20, 22, minute, 0, 0, time.UTC), Region: string(region),
		}
		return drift.Item{
			Address: resource.ID{Kind: "guardduty.detector", Scope: region, Name: "detector"}, Region: region,
			Status: drift.Gone, Fields: []drift.Field{{Spec: "present", By: by}},
		}
	}
	r := driftReport()
	r.Items = []drift.Item{item("eu-west-1", "alice", 4), item("us-east-1", "alice", 2), item("us-west-2", "bob", 3)}
	var b bytes.Buffer
	render.NewText(&b, false).Drift(r, "kiso.yaml", "kiso apply")
	assert.Contains(t, b.String(), `
  # guardduty.detector/*/detector was deleted
  #   in 2 regions: eu-west-1 us-east-1
      by   alice
      call guardduty:DeleteDetector at 2026-11-20T22:02:00Z to 2026-11-20T22:04:00Z
      from 203.0.113.9, events e-us-east-1 to e-eu-west-1

  # guardduty.detector/us-west-2/detector was deleted
      by   bob
      call guardduty:DeleteDetector at 2026-11-20T22:03:00Z
      from 203.0.113.9, event e-us-west-2
`)
	b.Reset()
	require.NoError(t, render.DriftMarkdown(&b, r, "kiso.yaml"))
	assert.Contains(t, b.String(), "in 2 regions (eu-west-1, us-east-1) was deleted\n    - by `alice`: `DeleteDetector` at 2026-11-20T22:02:00Z to 2026-11-20T22:04:00Z from `203.0.113.9`, events `e-us-east-1` to `e-eu-west-1`\n")
}

// An account is no match for the spec where somebody else manages a resource in
// another way, though nothing is to be done.
func TestWhatOthersManageOtherwiseIsNoMatch(t *testing.T) {
	managed := func(region resource.Scope, meets bool) resource.Change {
		return resource.Change{
			ID: resource.ID{Kind: "guardduty.detector", Scope: region, Name: "detector"}, Action: resource.Managed,
			Owner: "organization administrator 111122223333", Reason: "a member", MeetsSpec: meets,
		}
	}
	p := &plan.Plan{AccountID: "123456789012", Changes: []resource.Change{managed("eu-west-1", true), managed("us-east-1", false)}}
	none := &drift.Report{Plan: p}
	var text, markdown, comment bytes.Buffer
	render.NewText(&text, false).Drift(none, "kiso.yaml", "kiso apply")
	assert.Contains(t, text.String(), "guardduty.detector/us-east-1/detector\n      by organization administrator 111122223333: a member\n      does not meet the spec:\n")
	assert.NotContains(t, text.String(), "eu-west-1")
	assert.Contains(t, text.String(), "No drift. The account matches kiso.yaml but for 1 resource that others manage")
	require.NoError(t, render.DriftMarkdown(&markdown, none, "kiso.yaml"))
	assert.Contains(t, markdown.String(), "The account matches `kiso.yaml` but for 1 resource that others manage")
	assert.Contains(t, markdown.String(), "**does not meet the spec**")

	text.Reset()
	render.NewText(&text, false).Plan(p, "kiso.yaml", "")
	assert.Contains(t, text.String(), "No changes. The account matches kiso.yaml but for 1 resource that others manage (see")
	format, _ := render.FormatNamed("markdown")
	require.NoError(t, format.Write(&comment, p, render.Context{Source: "kiso.yaml"}))
	assert.Contains(t, comment.String(), "**No changes.** The account matches `kiso.yaml` but for 1 resource that others manage")

	// Of what cannot be seen nothing is said to be wrong.
	p.Changes[1].Before, p.Changes[1].Fields = []byte("null"), []diff.Field{{Path: "status", After: "ENABLED"}}
	text.Reset()
	render.NewText(&text, false).Plan(p, "kiso.yaml", "")
	assert.Contains(t, text.String(), "a member\n      is not there, or cannot be looked into from here\n\nNo changes.")

	p.Changes = p.Changes[:1]
	text.Reset()
	render.NewText(&text, false).Drift(none, "kiso.yaml", "kiso apply")
	assert.Contains(t, text.String(), "The account matches kiso.yaml.\n")
}
