package render_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/render"
	"github.com/kiso-cli/kiso/pkg/resource"
)

func result() *apply.Result {
	id := func(kind resource.Kind, region resource.Scope, name string) resource.ID {
		return resource.ID{Kind: kind, Scope: region, Name: name}
	}
	root := id("config.recorder", "eu-west-1", "recorder")
	return &apply.Result{Steps: []apply.Step{
		{ID: root, Action: resource.Create, Outcome: apply.Failed, Reason: "config:PutConfigurationRecorder denied by a service control policy; leave the region out"},
		{ID: id("config.recording", "eu-west-1", "recording"), Action: resource.Create, Outcome: apply.Skipped, Because: &root, Reason: "needs config.recorder/eu-west-1/recorder"},
		{ID: id("guardduty.detector", "eu-west-1", "detector"), Action: resource.Create, Outcome: apply.Applied},
		{ID: id("guardduty.detector", "us-east-1", "detector"), Action: resource.Create, Outcome: apply.Applied},
		{ID: id("securityhub.hub", "us-east-1", "hub"), Action: resource.Create, Outcome: apply.ManagedElsewhere, Reason: "managed by the organization; ask it"},
		{ID: id("root_login_alarm.subscription", "us-east-1", "a@b.co"), Action: resource.Create, Outcome: apply.Applied, Notes: []string{"pending: click the link"}},
	}}
}

func TestResultOfAnApply(t *testing.T) {
	var out, progress bytes.Buffer
	render.NewApplyText(&out, &progress, false, false).Result(&plan.Plan{}, result())
	assert.Equal(t, strings.TrimLeft(`
Result
  x  config.recorder/eu-west-1/recorder: failed
       config:PutConfigurationRecorder denied by a service control policy; leave
       the region out
  x  config.recording/eu-west-1/recording: skipped
       needs config.recorder/eu-west-1/recorder
  ok guardduty.detector/*/detector: applied
       in 2 regions: eu-west-1 us-east-1
  =  securityhub.hub/us-east-1/hub: managed elsewhere: left as it is
       managed by the organization; ask it
  ok root_login_alarm.subscription/us-east-1/a@b.co: applied

Warning: root_login_alarm.subscription/us-east-1/a@b.co: pending: click the link

Apply incomplete. Resources: 3 added, 0 changed, 0 destroyed.
Error: 2 not applied, 0 blocked (see above).
Clear what stands in the way and run apply again: it goes on from here.
`, "\n"), strings.TrimLeft(out.String(), "\n"))
	assert.Empty(t, progress.String())
}

func TestResultAsEventsEndsWithTheSummary(t *testing.T) {
	var out bytes.Buffer
	render.NewJSONLines(&out, "0").Result(&plan.Plan{}, result())
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	assert.Contains(t, lines[len(lines)-1], `"type":"change_summary"`)
	assert.Contains(t, lines[len(lines)-1], `"add":3`)
	assert.Contains(t, lines[len(lines)-1], `"failed":2`)
	assert.Contains(t, out.String(), "Warning: securityhub.hub/us-east-1/hub: managed by the organization; ask it")
	assert.Contains(t, out.String(), "Warning: root_login_alarm.subscription/us-east-1/a@b.co: pending: click the link")
}

// Programs are told all that a person is: also what others manage, what cannot be
// undone, and what is worth knowing.
func TestAPlanAsEvents(t *testing.T) {
	var out bytes.Buffer
	render.NewJSONLines(&out, "0").Plan(sample(), "kiso.yaml")
	for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		assert.True(t, json.Valid([]byte(line)), line)
	}
	for _, want := range []string{
		`"@level":"warn","@message":"Warning: these are the credentials of the ROOT USER"`,
		`"@level":"info","@message":"config.recorder/ap-northeast-1/default: managed by AWS Control Tower: its tags say so; it meets the spec"`,
		`"@level":"warn","@message":"config.recorder/eu-west-1/default: managed by AWS Control Tower: its tags say so; it does not meet the spec"`,
		`"meets_spec":false,"owner":"AWS Control Tower","reason":"its tags say so"`,
		`"risks":[{"kind":"irreversible","text":"nobody, root included, can shorten COMPLIANCE retention"}]`,
		`"@message":"Error: config.recorder/us-east-1/default: config:DescribeConfigurationRecorders was denied`,
		`"@message":"Warning: sns.topic/ap-northeast-1/kiso: security@example.com has not confirmed yet"`,
	} {
		assert.Contains(t, out.String(), want)
	}
}
