package guardduty_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	sim "github.com/kiso-cli/kiso/pkg/sandbox/guardduty"
	"github.com/kiso-cli/kiso/pkg/services/guardduty"
	"github.com/kiso-cli/kiso/pkg/services/servicetest"
)

// tamper changes the detector that a resource stands for.
func tamper(change func(*sim.Detector)) servicetest.Tamper {
	return func(acct *sandbox.Account, id resource.ID) {
		sim.Edit(acct, string(id.Scope), func(s *sim.State) { change(s.Detector) })
	}
}

func everywhere(acct *sandbox.Account, change func(*sim.Detector)) {
	for _, region := range []string{servicetest.Home, "us-east-1", "ap-northeast-1"} {
		sim.Edit(acct, region, func(s *sim.State) { change(s.Detector) })
	}
}

func TestConformance(t *testing.T) {
	servicetest.Run(t, servicetest.Case{
		Service: guardduty.Service,
		Spec: `
guardduty:
  finding_publishing_frequency: ONE_HOUR
  features:
    S3_DATA_EVENTS: enabled
    RUNTIME_MONITORING: enabled
    EC2_AGENT_MANAGEMENT: enabled
    LAMBDA_NETWORK_LOGS: disabled
`,
		Drift: map[string]servicetest.Tamper{
			"guardduty.detector/* status":                       tamper(func(d *sim.Detector) { d.Enabled = false }),
			"guardduty.detector/* finding_publishing_frequency": tamper(func(d *sim.Detector) { d.Frequency = "SIX_HOURS" }),
			"guardduty.detector/* features.S3_DATA_EVENTS":      tamper(func(d *sim.Detector) { d.Features["S3_DATA_EVENTS"].Status = "DISABLED" }),
			"guardduty.detector/* features.RUNTIME_MONITORING":  tamper(func(d *sim.Detector) { d.Features["RUNTIME_MONITORING"].Status = "DISABLED" }),
			"guardduty.detector/* features.EC2_AGENT_MANAGEMENT": tamper(func(d *sim.Detector) {
				d.Features["RUNTIME_MONITORING"].Additional["EC2_AGENT_MANAGEMENT"] = "DISABLED"
			}),
			"guardduty.detector/* features.LAMBDA_NETWORK_LOGS": nil, // on is better
			"guardduty.detector/*": func(acct *sandbox.Account, id resource.ID) {
				sim.Edit(acct, string(id.Scope), func(s *sim.State) { s.Detector = nil })
			},
		},
		Foreign: func(acct *sandbox.Account) {
			everywhere(acct, func(d *sim.Detector) {
				d.Tags = map[string]string{"team": "blue"}
				d.Features["RDS_LOGIN_EVENTS"].Status = "DISABLED"
			})
		},
		Stricter: func(acct *sandbox.Account) {
			everywhere(acct, func(d *sim.Detector) {
				d.Frequency = "FIFTEEN_MINUTES"
				d.Features["LAMBDA_NETWORK_LOGS"].Status = "ENABLED"
			})
		},
	})
}

// A feature that may be misspelt is asked for as it stands, and told in the plan.
func TestAFeatureThatIsNotKnown(t *testing.T) {
	d := &resource.Declaration{}
	section := &guardduty.Section{Frequency: "SIX_HOURS", Features: map[string]guardduty.Status{"S3_DATA_EVENT": "enabled", "RDS_LOGIN_EVENTS": "enabled", "EC2_AGENT_MANAGEMENT": "enabled"}}
	section.Expand(resource.Input{Regions: []string{"us-east-1"}}, d)
	assert.Equal(t, []string{`guardduty.features: this kiso does not know "S3_DATA_EVENT" and asks AWS for it as it stands; the nearest that it knows is S3_DATA_EVENTS`}, d.Notes)
}
