package guardduty_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/engine"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	sim "github.com/kiso-cli/kiso/pkg/sandbox/guardduty"
	"github.com/kiso-cli/kiso/pkg/services"
	"github.com/kiso-cli/kiso/pkg/services/guardduty"
	"github.com/kiso-cli/kiso/pkg/spec"
)

const home = "eu-west-1"

func newAccount() *sandbox.Account {
	return sandbox.New(sandbox.Options{Regions: map[string]string{home: sandbox.Enabled}}, services.Simulators()...)
}

// plan plans for the one region of an account, and says how to apply.
func plan(t *testing.T, acct *sandbox.Account, section string) (resource.Change, func() *apply.Result) {
	t.Helper()
	sections := []*resource.Service{guardduty.Service}
	s, err := spec.Decode("kiso.yaml", []byte("version: 1\nhome_region: eu-west-1\n"+section), engine.Sections(sections))
	require.NoError(t, err)
	cfg := acct.Config(home)
	e, err := engine.Open(t.Context(), sections, "test", awsx.Options{Base: &cfg}, "")
	require.NoError(t, err)
	p, err := e.Plan(t.Context(), s)
	require.NoError(t, err)
	require.Len(t, p.Changes, 1)
	return p.Changes[0], func() *apply.Result {
		result, err := e.Apply(t.Context(), p, apply.Options{})
		require.NoError(t, err)
		return result
	}
}

func TestTagsThatGuardDutyRefusesAreLeftOut(t *testing.T) {
	acct := newAccount()
	change, run := plan(t, acct, "tags: {cost center: a, team: sec}\nguardduty: {}\n")
	assert.Equal(t, "create", string(change.Action))
	require.NoError(t, run().Err())
	assert.Equal(t, map[string]string{"team": "sec"}, sim.Get(acct, home).Detector.Tags)
}

func TestAMemberIsItsAdministratorsAffair(t *testing.T) {
	acct := newAccount()
	_, run := plan(t, acct, "guardduty: {}\n")
	require.NoError(t, run().Err())
	administered := func(relationship string) {
		sim.Edit(acct, home, func(s *sim.State) {
			s.Administrator = &sim.Administrator{AccountID: "999999999999", RelationshipStatus: relationship}
		})
	}
	administered("Enabled")
	c, _ := plan(t, acct, "guardduty: {}\n")
	assert.Equal(t, resource.Managed, c.Action)
	assert.Equal(t, "organization administrator 999999999999", c.Owner)
	assert.True(t, c.MeetsSpec)

	c, run = plan(t, acct, "guardduty: {finding_publishing_frequency: FIFTEEN_MINUTES}\n")
	assert.Equal(t, resource.Managed, c.Action)
	assert.False(t, c.MeetsSpec)
	assert.Len(t, c.Fields, 1)
	acct.ResetCalls()
	assert.Empty(t, run().Steps)
	assert.Empty(t, acct.Writes(), "never attempted")

	for _, stopped := range []string{"Disabled", "AccountSuspended", "RegionDisabled"} {
		administered(stopped)
		c, _ = plan(t, acct, "guardduty: {finding_publishing_frequency: FIFTEEN_MINUTES}\n")
		assert.Equal(t, resource.Managed, c.Action, stopped)
	}

	administered("Resigned")
	c, _ = plan(t, acct, "guardduty: {finding_publishing_frequency: FIFTEEN_MINUTES}\n")
	assert.Equal(t, resource.Update, c.Action)
}

// A region may lack a feature. Before there is a detector nobody can tell; after
// that GuardDuty lists what it has.
func TestAFeatureThatTheRegionDoesNotOffer(t *testing.T) {
	acct := newAccount()
	sim.Edit(acct, home, func(s *sim.State) { s.Unavailable = []string{"RDS_LOGIN_EVENTS", "AI_ANALYST"} })
	const section = "guardduty: {features: {RDS_LOGIN_EVENTS: enabled, AI_ANALYST: disabled, S3_DATA_EVENTS: disabled, RUNTIME_MONITORING: enabled}}\n"
	c, run := plan(t, acct, section)
	assert.Equal(t, resource.Create, c.Action)
	result := run()
	require.NoError(t, result.Err())
	assert.Equal(t, "ENABLED", sim.Get(acct, home).Detector.Features["RUNTIME_MONITORING"].Status)
	assert.Equal(t, "DISABLED", sim.Get(acct, home).Detector.Features["S3_DATA_EVENTS"].Status, "a new detector has it on unless it is told")

	c, _ = plan(t, acct, section)
	assert.Equal(t, resource.None, c.Action)
	require.Len(t, c.Notes, 1)
	assert.Contains(t, c.Notes[0], "RDS_LOGIN_EVENTS is not offered here")
}

// GuardDuty may list a feature and refuse it all the same. The rest is done, and
// the refusal says which one it was.
func TestAFeatureThatIsListedAndRefused(t *testing.T) {
	acct := newAccount()
	_, run := plan(t, acct, "guardduty: {features: {S3_DATA_EVENTS: disabled, EKS_AUDIT_LOGS: disabled}}\n")
	require.NoError(t, run().Err())
	sim.Edit(acct, home, func(s *sim.State) {
		s.Unavailable, s.Detector.Enabled = []string{"EKS_AUDIT_LOGS"}, false
	})
	_, run = plan(t, acct, "guardduty: {finding_publishing_frequency: ONE_HOUR, features: {S3_DATA_EVENTS: enabled, EKS_AUDIT_LOGS: enabled}}\n")
	err := run().Err()
	require.ErrorContains(t, err, "guardduty:UpdateDetector refused in eu-west-1: EKS_AUDIT_LOGS (")
	assert.ErrorContains(t, err, "take them out of guardduty.features")
	live := sim.Get(acct, home).Detector
	assert.True(t, live.Enabled)
	assert.Equal(t, "ONE_HOUR", live.Frequency)
	assert.Equal(t, "ENABLED", live.Features["S3_DATA_EVENTS"].Status)
}

// Both generations of runtime monitoring list an agent of one name, in any order.
func TestTheAgentsAreThoseOfRuntimeMonitoring(t *testing.T) {
	acct := newAccount()
	const section = "guardduty: {features: {RUNTIME_MONITORING: enabled, EKS_ADDON_MANAGEMENT: enabled}}\n"
	_, run := plan(t, acct, section)
	require.NoError(t, run().Err())
	for range 10 {
		c, _ := plan(t, acct, section)
		require.Equal(t, resource.None, c.Action, "%v", c.Fields)
	}
}

func TestAnAgentThatIsOffTurnsNothingOn(t *testing.T) {
	acct := newAccount()
	_, run := plan(t, acct, "guardduty: {features: {EC2_AGENT_MANAGEMENT: disabled, S3_DATA_EVENTS: disabled}}\n")
	require.NoError(t, run().Err())
	live := sim.Get(acct, home).Detector
	assert.Equal(t, "DISABLED", live.Features["RUNTIME_MONITORING"].Status)
	assert.Equal(t, "DISABLED", live.Features["S3_DATA_EVENTS"].Status)
	_, err := spec.Decode("kiso.yaml", []byte("version: 1\nhome_region: eu-west-1\nguardduty:\n  features: {RUNTIME_MONITORING: disabled, EC2_AGENT_MANAGEMENT: enabled}\n"),
		engine.Sections([]*resource.Service{guardduty.Service}))
	assert.ErrorContains(t, err, "guardduty.features.EC2_AGENT_MANAGEMENT: it is part of RUNTIME_MONITORING, which is disabled")
}

// A run that ends after each of its writes in a region that refuses a feature
// leaves none on that the spec turns off.
func TestARunThatEndsWhereAFeatureIsRefused(t *testing.T) {
	acct := newAccount()
	sim.Edit(acct, home, func(s *sim.State) { s.Unavailable = []string{"RDS_LOGIN_EVENTS"} })
	const section = "guardduty: {features: {RDS_LOGIN_EVENTS: enabled, S3_DATA_EVENTS: disabled, EKS_AUDIT_LOGS: enabled}}\n"
	acct.Inject(sandbox.Fault{Operation: "UpdateDetector", Kind: sandbox.Deny})
	acct.Inject(sandbox.Fault{Operation: "GetDetector", Kind: sandbox.Deny, Times: 1})
	_, run := plan(t, acct, section)
	_ = run()
	acct.ClearFaults()
	_, run = plan(t, acct, section)
	require.NoError(t, run().Err())
	assert.Equal(t, "DISABLED", sim.Get(acct, home).Detector.Features["S3_DATA_EVENTS"].Status)
}

// So does one that ends where a feature that the spec turns off is refused itself.
func TestARunThatEndsWhereWhatIsOffIsRefused(t *testing.T) {
	acct := newAccount()
	sim.Edit(acct, home, func(s *sim.State) { s.Unavailable = []string{"LAMBDA_NETWORK_LOGS"} })
	acct.Inject(sandbox.Fault{Operation: "UpdateDetector", Kind: sandbox.Deny})
	_, run := plan(t, acct, "guardduty: {features: {LAMBDA_NETWORK_LOGS: disabled, S3_DATA_EVENTS: disabled}}\n")
	require.NoError(t, run().Err())
	assert.Equal(t, "DISABLED", sim.Get(acct, home).Detector.Features["S3_DATA_EVENTS"].Status)
}

// Where two of those that are off are refused, what is offered is set right after.
func TestARegionThatRefusesMuch(t *testing.T) {
	acct := newAccount()
	sim.Edit(acct, home, func(s *sim.State) { s.Unavailable = []string{"LAMBDA_NETWORK_LOGS", "RDS_LOGIN_EVENTS"} })
	_, run := plan(t, acct, "guardduty: {features: {LAMBDA_NETWORK_LOGS: disabled, RDS_LOGIN_EVENTS: disabled, S3_DATA_EVENTS: disabled}}\n")
	require.NoError(t, run().Err())
	assert.Equal(t, "DISABLED", sim.Get(acct, home).Detector.Features["S3_DATA_EVENTS"].Status)
}

// A feature that is on though the spec says off stays on, and that is said.
func TestAFeatureThatStaysOnIsSaid(t *testing.T) {
	acct := newAccount()
	_, run := plan(t, acct, "guardduty: {}\n")
	require.NoError(t, run().Err())
	c, _ := plan(t, acct, "guardduty: {features: {S3_DATA_EVENTS: disabled, RUNTIME_MONITORING: disabled}}\n")
	assert.Equal(t, resource.None, c.Action)
	assert.Equal(t, []string{"the feature S3_DATA_EVENTS is on, though the spec says disabled: kiso switches nothing off; if that is meant, disable it in GuardDuty"}, c.Notes)
}

// What passes is no refusal of a feature: it is waited for.
func TestADetectorThatIsNotReadyIsNoRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acct := newAccount()
		acct.Inject(sandbox.Fault{Operation: "CreateDetector", Kind: sandbox.Custom, Code: "BadRequestException", Message: "The service-linked role is not there yet", Times: 1})
		_, run := plan(t, acct, "guardduty: {features: {S3_DATA_EVENTS: disabled}}\n")
		require.NoError(t, run().Err())
		assert.Equal(t, 1, count(acct, "CreateDetector"))
		acct.Inject(sandbox.Fault{Operation: "UpdateDetector", Kind: sandbox.Custom, Code: "BadRequestException", Message: "The request is rejected because the input detectorId is not owned by the current account.", Times: 2})
		_, run = plan(t, acct, "guardduty: {features: {S3_DATA_EVENTS: enabled}}\n")
		require.NoError(t, run().Err())
		assert.Equal(t, "ENABLED", sim.Get(acct, home).Detector.Features["S3_DATA_EVENTS"].Status)
	})
}

func count(acct *sandbox.Account, operation string) (n int) {
	for _, c := range acct.Writes() {
		if c.Operation == operation && c.Effective {
			n++
		}
	}
	return n
}

// An agent needs its feature, which costs money: the plan shows that it is turned on.
func TestAnAgentTurnsItsFeatureOnOpenly(t *testing.T) {
	acct := newAccount()
	_, run := plan(t, acct, "guardduty: {}\n")
	require.NoError(t, run().Err())
	c, run := plan(t, acct, "guardduty: {features: {EC2_AGENT_MANAGEMENT: enabled}}\n")
	require.Len(t, c.Fields, 2)
	assert.Equal(t, "features.RUNTIME_MONITORING", c.Fields[1].Path)
	require.NoError(t, run().Err())
	assert.Equal(t, "ENABLED", sim.Get(acct, home).Detector.Features["RUNTIME_MONITORING"].Status)
}

func TestADetectorThatListsNoFeatures(t *testing.T) {
	acct := newAccount()
	_, run := plan(t, acct, "guardduty: {}\n")
	require.NoError(t, run().Err())
	sim.Edit(acct, home, func(s *sim.State) { s.Detector.Features = nil })
	c, _ := plan(t, acct, "guardduty: {features: {S3_DATA_EVENTS: enabled}}\n")
	require.Len(t, c.Fields, 1)
	assert.Equal(t, "features.S3_DATA_EVENTS", c.Fields[0].Path)
}

func TestASuspendedDetectorIsResumed(t *testing.T) {
	acct := newAccount()
	_, run := plan(t, acct, "guardduty: {}\n")
	require.NoError(t, run().Err())
	sim.Edit(acct, home, func(s *sim.State) { s.Detector.Enabled = false })
	id := sim.Get(acct, home).Detector.ID
	_, run = plan(t, acct, "guardduty: {}\n")
	require.NoError(t, run().Err())
	live := sim.Get(acct, home).Detector
	assert.True(t, live.Enabled)
	assert.Equal(t, id, live.ID, "it is the same one")
}

func TestTwoGenerationsOfRuntimeMonitoringAreRefused(t *testing.T) {
	_, err := spec.Decode("kiso.yaml", []byte("version: 1\nhome_region: eu-west-1\nguardduty:\n  features: {RUNTIME_MONITORING: enabled, EKS_RUNTIME_MONITORING: enabled}\n"),
		engine.Sections([]*resource.Service{guardduty.Service}))
	assert.ErrorContains(t, err, "kiso.yaml:4:43: guardduty.features.EKS_RUNTIME_MONITORING")
	_, err = spec.Decode("kiso.yaml", []byte("version: 1\nhome_region: eu-west-1\nguardduty:\n  features: {EKS_RUNTIME_MONITORING: enabled, EKS_ADDON_MANAGEMENT: enabled}\n"),
		engine.Sections([]*resource.Service{guardduty.Service}))
	assert.ErrorContains(t, err, "kiso.yaml:4:47: guardduty.features.EKS_ADDON_MANAGEMENT: it is part of RUNTIME_MONITORING, which GuardDuty refuses together with EKS_RUNTIME_MONITORING")
}
