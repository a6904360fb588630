package realaccounts

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	cloudtrailsim "github.com/kiso-cli/kiso/pkg/sandbox/cloudtrail"
	configsim "github.com/kiso-cli/kiso/pkg/sandbox/config"
	eventssim "github.com/kiso-cli/kiso/pkg/sandbox/events"
	guarddutysim "github.com/kiso-cli/kiso/pkg/sandbox/guardduty"
	securityhubsim "github.com/kiso-cli/kiso/pkg/sandbox/securityhub"
)

// TestManagedElsewhere plans and applies in an account of an organization that
// decides about much of it: all of that is named with its owner, none is tried.
func TestManagedElsewhere(t *testing.T) {
	const admin = "111122223333"
	w := newWorld(t, sandbox.Options{})
	for region := range three() {
		if region == "ap-east-1" {
			continue
		}
		guarddutysim.Edit(w.Account, region, func(s *guarddutysim.State) {
			s.Detector = &guarddutysim.Detector{ID: "d0", Enabled: false, Frequency: "SIX_HOURS", Features: map[string]*guarddutysim.Feature{}}
			s.Administrator = &guarddutysim.Administrator{AccountID: admin, RelationshipStatus: "Enabled"}
		})
		securityhubsim.Edit(w.Account, region, func(s *securityhubsim.State) {
			s.Hub = &securityhubsim.Hub{SubscribedAt: "2025-01-01T00:00:00Z", Generator: "SECURITY_CONTROL"}
			s.CentralPolicy = true
			s.Administrator = &securityhubsim.Administrator{AccountID: admin, MemberStatus: "Enabled"}
		})
		configsim.Edit(w.Account, region, func(s *configsim.State) {
			s.Recorder = &configsim.Recorder{Name: "aws-controltower-BaselineConfigRecorder", RoleARN: "arn:aws:iam::123456789012:role/aws-controltower-ConfigRecorderRole", Group: configsim.Group{Strategy: "ALL_SUPPORTED_RESOURCE_TYPES"}, Recording: true}
			s.Channel = &configsim.Channel{Name: "aws-controltower-BaselineConfigDeliveryChannel", Bucket: "aws-controltower-logs-999988887777-eu-west-1"}
		})
	}
	cloudtrailsim.Edit(w.Account, "eu-west-1", func(s *cloudtrailsim.State) {
		s.Trails = map[string]*cloudtrailsim.Trail{"org": {Account: "999988887777", Organization: true, Bucket: "org-logs", Global: true, MultiRegion: true, Validation: true, Logging: true}}
	})
	eventssim.Edit(w.Account, "us-east-1", func(s *eventssim.State) {
		s.Rules = map[string]*eventssim.Rule{"kiso-root-login": {ManagedBy: "controltower.amazonaws.com", Pattern: `{"source":["aws.signin"]}`, State: "ENABLED"}}
	})
	w.Inject(sandbox.Fault{Service: "config", WritesOnly: true, Kind: sandbox.Deny, Reason: sandbox.DeniedBySCP})

	r := w.plan()
	says(t, r.out, "Managed elsewhere: left as it is", "administrator", admin)
	r = w.apply()
	assert.Equal(t, 0, r.code, "what others manage is no error: %s", r.err)
	for _, call := range w.Writes() {
		assert.NotContains(t, []string{"guardduty", "securityhub", "config"}, call.Service, "%s is somebody else's: %s", call.Operation, call.Params)
		assert.NotEqual(t, "PutRule", call.Operation)
		assert.NotEqual(t, "cloudtrail", call.Service)
	}
	document := w.kiso("plan", "-f", w.spec, "--format", "json")
	var p struct {
		Managed []struct {
			Address, Owner, Reason string
			MeetsSpec              *bool `json:"meets_spec"`
		} `json:"managed_elsewhere"`
	}
	require.NoError(t, json.Unmarshal([]byte(document.out), &p))
	for _, m := range p.Managed {
		assert.NotEmpty(t, m.Owner, m.Address)
		assert.NotNil(t, m.MeetsSpec, m.Address)
		assert.NotEmpty(t, m.Reason, m.Address)
	}
	assert.Len(t, p.Managed, 25)
	says(t, r.out, "by organization administrator "+admin, "by AWS Control Tower", "by organization trail arn:aws:cloudtrail:eu-west-1:999988887777:trail/org", "by controltower.amazonaws.com", "does not meet the spec")
}

// TestDeliveriesThatFail: what is switched on and does not work is warned of.
func TestDeliveriesThatFail(t *testing.T) {
	w := newWorld(t, sandbox.Options{})
	require.Equal(t, 0, w.apply().code)
	cloudtrailsim.Edit(w.Account, "eu-west-1", func(s *cloudtrailsim.State) {
		s.Trails["kiso"].DeliveryError, s.Trails["kiso"].DigestError = "AccessDenied", "AccessDenied"
	})
	configsim.Edit(w.Account, "us-east-1", func(s *configsim.State) {
		s.Channel.Failure = &configsim.Failure{Code: "AccessDenied", Message: "cannot write"}
	})
	r := w.plan()
	assert.Equal(t, 0, r.code)
	says(t, r.out, "No changes.",
		"Warning: cloudtrail.trail/eu-west-1/kiso: its latest log delivery to the bucket kiso-cloudtrail-123456789012-eu-west-1 failed with AccessDenied",
		"its latest digest delivery",
		"Warning: config.delivery_channel/us-east-1/channel:", "cannot write")
}
