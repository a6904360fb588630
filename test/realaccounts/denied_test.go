package realaccounts

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// TestClosedDoors denies things, applies what is left, opens the doors and
// applies again: nothing else is needed.
func TestClosedDoors(t *testing.T) {
	const who = " for arn:aws:iam::123456789012:user/kiso"
	const leaveOut = "; leave the region out of the spec (regions.exclude), or the section if no region allows it, or ask the organization's administrator"
	for name, c := range map[string]struct {
		fault       sandbox.Fault
		plan        int      // its exit code
		want        []string // what apply says
		never       []string
		left, added string
	}{
		"a service in a region, by SCP": {
			fault: sandbox.Fault{Service: "guardduty", Region: "eu-north-1", Reason: sandbox.DeniedBySCP}, plan: 1,
			want:  []string{"x guardduty.detector/eu-north-1/detector guardduty:ListDetectors denied by a service control policy" + who + leaveOut},
			added: "30 added", left: "0 not applied, 1 blocked",
		},
		"a region, by SCP": {
			fault: sandbox.Fault{Region: "eu-north-1", Reason: sandbox.DeniedBySCP}, plan: 1,
			want:  []string{"config:DescribeConfigurationRecorders denied by a service control policy", "securityhub.hub/eu-north-1/hub"},
			never: []string{"hub/*/hub in 3 regions"},
			added: "25 added", left: "0 not applied, 6 blocked",
		},
		"a service in all regions": {
			fault: sandbox.Fault{Service: "guardduty", Reason: sandbox.NoIdentityPolicy}, plan: 1,
			want:  []string{"x guardduty.detector/*/detector in 3 regions: eu-north-1 eu-west-1 us-east-1 guardduty:ListDetectors denied because no identity-based policy allows it" + who + "; allow the action for the role (kiso policy prints all that it needs)"},
			added: "28 added", left: "0 not applied, 3 blocked",
		},
		"a global service, by SCP": {
			fault: sandbox.Fault{Service: "iam", Reason: sandbox.DeniedBySCP}, plan: 1,
			want: []string{
				"iam:GetRole denied by a service control policy" + who + "; ask the organization's administrator",
				"needs config.recorder/{region}/recorder, which needs config.service_linked_role/global/AWSServiceRoleForConfig, which is blocked: iam:GetRole denied",
			},
			never: []string{"regions.exclude"},
			added: "18 added", left: "0 not applied, 13 blocked",
		},
		"the region of the root alarm, by SCP": {
			fault: sandbox.Fault{Service: "sns", Region: "us-east-1", Reason: sandbox.DeniedBySCP}, plan: 1,
			want:  []string{"sns:GetTopicAttributes denied by a service control policy" + who + "; ask the organization's administrator, or take root_login_alarm out of the spec"},
			never: []string{"regions.exclude"},
			added: "27 added", left: "0 not applied, 4 blocked",
		},
		"the trail, by SCP": {
			fault: sandbox.Fault{Operation: "CreateTrail", Reason: sandbox.DeniedBySCP}, plan: 2,
			want:  []string{"cloudtrail:CreateTrail denied by a service control policy" + who + "; ask the organization's administrator, or take cloudtrail out of the spec"},
			never: []string{"regions.exclude"},
			added: "30 added", left: "1 not applied, 0 blocked",
		},
		"a write, by boundary": {
			fault: sandbox.Fault{Operation: "PutConfigurationRecorder", Reason: sandbox.NoBoundary}, plan: 2,
			want: []string{
				"config.recorder/*/recorder: failed in 3 regions: eu-north-1 eu-west-1 us-east-1 config:PutConfigurationRecorder denied by a permissions boundary" + who + "; ask whoever manages the role's permissions boundary",
				"config.recording/*/recording: skipped in 3 regions: eu-north-1 eu-west-1 us-east-1 needs config.recorder/{region}/recorder, which was not applied",
				"needs config.recording/{region}/recording, which was not applied (because of config.recorder/{region}/recorder)",
			},
			added: "19 added", left: "12 not applied, 0 blocked",
		},
		"a write in a region, by SCP": {
			fault: sandbox.Fault{Operation: "EnableSecurityHub", Region: "us-east-1", Reason: sandbox.DeniedBySCP}, plan: 2,
			want:  []string{"x securityhub.hub/us-east-1/hub: failed securityhub:EnableSecurityHub denied by a service control policy" + who + leaveOut, "ok securityhub.hub/*/hub: applied in 2 regions: eu-north-1 eu-west-1"},
			added: "29 added", left: "2 not applied, 0 blocked",
		},
		"every write": {
			fault: sandbox.Fault{WritesOnly: true}, plan: 2,
			want:  []string{"sns:CreateTopic denied because no identity-based policy allows it" + who},
			added: "0 added", left: "31 not applied, 0 blocked",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sandbox.Options{})
			c.fault.Kind = sandbox.Deny
			w.Inject(c.fault)
			assert.Equal(t, c.plan, w.plan().code)
			r := w.apply()
			assert.Equal(t, 1, r.code)
			says(t, r.out, append(c.want, c.added, c.left)...)
			for _, words := range c.never {
				assert.NotContains(t, r.out, words)
			}
			w.ClearFaults()
			assert.Equal(t, 0, w.apply().code)
			w.settled()
		})
	}
}
