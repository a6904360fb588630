package engine_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// travelling has a region of each status.
func travelling() sandbox.Options {
	return sandbox.Options{Regions: map[string]string{
		home: sandbox.EnabledByDefault, "us-east-1": sandbox.EnabledByDefault, "af-south-1": sandbox.Enabled,
		"ap-east-1": sandbox.Disabled, "eu-south-1": sandbox.Enabling, "eu-south-2": sandbox.Disabling,
		"cn-north-1": sandbox.EnabledByDefault, // of another partition, as moto lists it
	}}
}

func TestRegionsThatAreManaged(t *testing.T) {
	for name, c := range map[string]struct {
		filter string
		want   []string
		note   string
	}{
		"all that are on": {"", []string{"af-south-1", home, "us-east-1"}, "eu-south-1 is ENABLING, eu-south-2 is DISABLING"},
		"all but some":    {"regions: {exclude: [af-south-1, ap-east-1]}\n", []string{home, "us-east-1"}, "eu-south-1 is ENABLING"},
		"only some":       {"regions: {include: [us-east-1, eu-west-1]}\n", []string{home, "us-east-1"}, "eu-south-1 is ENABLING"},
	} {
		t.Run(name, func(t *testing.T) {
			acct := newAccount(travelling())
			p := planned(t, acct, c.filter+"guardduty: {}\n")
			assert.Equal(t, c.want, p.Regions)
			assert.Contains(t, p.Notes[0], c.note)
			assert.Equal(t, plan.Summary{Create: len(c.want)}, p.Summary())
			for _, call := range acct.Calls() {
				if call.Service == "guardduty" {
					assert.Contains(t, c.want, call.Region, "no other region is called")
				}
			}
		})
	}
}

func TestARegionWantedByNameThatIsNotThereIsBlocked(t *testing.T) {
	p := planned(t, newAccount(travelling()), "regions: {include: [eu-west-1, ap-east-1, eu-south-1, eu-north-1]}\nguardduty: {}\n")
	assert.Equal(t, []string{home}, p.Regions)
	assert.Equal(t, plan.Summary{Create: 1, Blocked: 3}, p.Summary())
	reasons := map[string]string{}
	for i, change := range p.Changes {
		if change.Action == resource.Blocked {
			reasons[change.ID.String()] = change.Reason
		}
		if i > 0 {
			assert.Negative(t, p.Changes[i-1].ID.Compare(change.ID), "sorted by id")
		}
	}
	assert.Contains(t, reasons["account.region/ap-east-1/ap-east-1"], "not enabled for this account (DISABLED); enable it")
	assert.Contains(t, reasons["account.region/eu-south-1/eu-south-1"], "(ENABLING)")
	assert.Contains(t, reasons["account.region/eu-north-1/eu-north-1"], "not enabled for this account; enable it")
}

func TestAHomeRegionThatIsOffIsRefused(t *testing.T) {
	acct := newAccount(sandbox.Options{Regions: map[string]string{home: sandbox.Enabled, "us-east-1": sandbox.EnabledByDefault}})
	e := open(t, acct) // STS answers nowhere once the region is off
	acct.Adjust(func(o *sandbox.Options) { o.Regions[home] = sandbox.Disabled })
	_, err := e.Plan(t.Context(), read(t, "guardduty: {}\n"))
	assert.ErrorContains(t, err, `kiso.yaml:2:1: home_region: "eu-west-1" is not enabled in account 123456789012`)
}

func TestEC2TellsTheRegionsWhereTheAccountAPIIsDenied(t *testing.T) {
	acct := newAccount(travelling())
	acct.Inject(sandbox.Fault{Kind: sandbox.Deny, Service: "account"})
	p := planned(t, acct, "guardduty: {}\n")
	assert.Equal(t, []string{"af-south-1", home, "us-east-1"}, p.Regions)
	assert.Contains(t, operations(acct), "ec2:DescribeRegions")
}

func TestRegionsThatNobodyTells(t *testing.T) {
	acct := newAccount(travelling())
	acct.Inject(sandbox.Fault{Kind: sandbox.Deny, Service: "account", Reason: sandbox.DeniedBySCP})
	acct.Inject(sandbox.Fault{Kind: sandbox.Deny, Service: "ec2"})
	_, err := open(t, acct).Plan(t.Context(), read(t, "guardduty: {}\n"))
	require.ErrorContains(t, err, "the account's regions could not be listed: allow account:ListRegions or ec2:DescribeRegions, or name regions.include in the spec")
	assert.ErrorContains(t, err, "service control policy")
	assert.Empty(t, acct.Writes())

	p := planned(t, acct, "regions: {include: [us-east-1, eu-west-1]}\nguardduty: {}\n")
	assert.Equal(t, []string{home, "us-east-1"}, p.Regions)
	assert.Contains(t, p.Notes[0], "the regions of the spec are taken as they are")
	assert.Equal(t, plan.Summary{Create: 2}, p.Summary())
}
