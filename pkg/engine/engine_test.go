package engine_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/engine"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	accountsim "github.com/kiso-cli/kiso/pkg/sandbox/account"
	ec2sim "github.com/kiso-cli/kiso/pkg/sandbox/ec2"
	guarddutysim "github.com/kiso-cli/kiso/pkg/sandbox/guardduty"
	iamsim "github.com/kiso-cli/kiso/pkg/sandbox/iam"
	stssim "github.com/kiso-cli/kiso/pkg/sandbox/sts"
	"github.com/kiso-cli/kiso/pkg/services"
	"github.com/kiso-cli/kiso/pkg/services/guardduty"
	"github.com/kiso-cli/kiso/pkg/spec"
)

const home = "eu-west-1"

// rules is a section that asks for nothing and can be told to refuse.
type rules struct {
	Impossible string `yaml:"impossible"`
}

func (r *rules) Expand(in resource.Input, d *resource.Declaration) {
	d.Note("rules for " + in.HomeRegion + " in " + in.Identity.AccountID)
	if r.Impossible != "" {
		d.Refuse("impossible", "cannot be had in "+in.Identity.Partition, "leave it out")
		d.Refuse("", "nor can the rest", "")
	}
}

var all = []*resource.Service{
	guardduty.Service,
	{Name: "rules", New: func() resource.Section { return &rules{} }},
}

func newAccount(o sandbox.Options) *sandbox.Account {
	if o.Regions == nil && o.Partition == "" {
		o.Regions = map[string]string{home: sandbox.EnabledByDefault, "us-east-1": sandbox.EnabledByDefault, "ap-east-1": sandbox.Disabled}
	}
	return sandbox.New(o, stssim.New(), accountsim.New(), ec2sim.New(), iamsim.New(), guarddutysim.New())
}

func open(t *testing.T, acct *sandbox.Account) *engine.Engine {
	t.Helper()
	region := home
	if acct.Partition() == "aws-cn" {
		region = "cn-north-1"
	}
	cfg := acct.Config(region)
	e, err := engine.Open(t.Context(), all, "1.2.3", awsx.Options{Base: &cfg}, "")
	require.NoError(t, err)
	return e
}

// read decodes a spec; its sections stand from line 3 on.
func read(t *testing.T, sections string) *spec.Spec {
	t.Helper()
	s, err := spec.Decode("kiso.yaml", []byte("version: 1\nhome_region: eu-west-1\n"+sections), engine.Sections(all))
	require.NoError(t, err)
	return s
}

func planned(t *testing.T, acct *sandbox.Account, sections string) *plan.Plan {
	t.Helper()
	p, err := open(t, acct).Plan(t.Context(), read(t, sections))
	require.NoError(t, err)
	return p
}

func operations(acct *sandbox.Account) []string {
	var names []string
	for _, c := range acct.Calls() {
		names = append(names, c.Action)
	}
	return names
}

func TestAnotherAccountIsRefusedBeforeItIsRead(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	cfg := acct.Config(home)
	_, err := engine.Open(t.Context(), all, "test", awsx.Options{Base: &cfg}, "999999999999")
	assert.ErrorContains(t, err, "wrong account")
	assert.ErrorContains(t, err, "999999999999")
	assert.ErrorContains(t, err, "123456789012")
	assert.ErrorContains(t, err, "nothing was read or changed")
	assert.Equal(t, []string{"sts:GetCallerIdentity"}, operations(acct))
}

func TestAnotherPartitionIsRefusedBeforeItIsRead(t *testing.T) {
	acct := newAccount(sandbox.Options{Partition: "aws-cn"})
	_, err := open(t, acct).Plan(t.Context(), read(t, "guardduty: {}\n"))
	assert.EqualError(t, err, `kiso.yaml:2:1: home_region: "eu-west-1" is in partition aws, and the account 123456789012 is in aws-cn`)
	assert.Equal(t, []string{"sts:GetCallerIdentity"}, operations(acct))
}

func TestAPlanSaysWhatItIsOf(t *testing.T) {
	p := planned(t, newAccount(sandbox.Options{}), "guardduty: {}\nrules: {}\n")
	assert.Equal(t, "1.2.3", p.KisoVersion)
	assert.Equal(t, "123456789012", p.AccountID)
	assert.Equal(t, "aws", p.Partition)
	assert.Equal(t, home, p.HomeRegion)
	assert.Equal(t, []string{home, "us-east-1"}, p.Regions)
	assert.Equal(t, []string{"rules for eu-west-1 in 123456789012"}, p.Notes)
	assert.Zero(t, p.Timestamp.Nanosecond())
	require.Len(t, p.Changes, 2)
	assert.Equal(t, "guardduty", p.Changes[0].Path)
	assert.Equal(t, resource.Location{Line: 3, Column: 1}, p.Changes[0].Location)
}

func TestASectionThatIsNotInTheSpecAsksForNothing(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	assert.Empty(t, planned(t, acct, "rules: {}\n").Changes)
	assert.Equal(t, []string{"sts:GetCallerIdentity", "account:ListRegions"}, operations(acct))
}

func TestRefusalsStandAtTheirPlaceAllAtOnce(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	_, err := open(t, acct).Plan(t.Context(), read(t, "rules:\n  impossible: moon\n"))
	assert.ErrorContains(t, err, "kiso.yaml:4:3: rules.impossible: cannot be had in aws")
	assert.ErrorContains(t, err, "leave it out")
	assert.ErrorContains(t, err, "kiso.yaml:3:1: rules: nor can the rest")
	assert.Empty(t, acct.Writes())
}

func TestRootIsWarnedOf(t *testing.T) {
	p := planned(t, newAccount(sandbox.Options{Principal: "arn:aws:iam::123456789012:root"}), "rules: {}\n")
	assert.Contains(t, p.Notes[0], "ROOT USER")
}

func TestAPlanOfAnotherAccountIsRefused(t *testing.T) {
	p := planned(t, newAccount(sandbox.Options{}), "guardduty: {}\n")
	other := newAccount(sandbox.Options{AccountID: "999999999999"})
	e := open(t, other)
	_, err := e.Apply(t.Context(), p, apply.Options{})
	assert.ErrorContains(t, err, "the plan is for account 123456789012 (aws), and the credentials are for 999999999999 (aws); nothing was changed")
	_, err = e.Stale(t.Context(), p)
	assert.ErrorContains(t, err, "999999999999")
	assert.Equal(t, []string{"sts:GetCallerIdentity"}, operations(other))
}

func TestPlanApplyPlan(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	p := planned(t, acct, "guardduty: {}\n")
	e := open(t, acct)

	stale, err := e.Stale(t.Context(), p)
	require.NoError(t, err)
	assert.Empty(t, stale.Steps)
	assert.Empty(t, acct.Writes())

	result, err := e.Apply(t.Context(), p, apply.Options{})
	require.NoError(t, err)
	require.NoError(t, result.Err())
	assert.Equal(t, 2, result.Count(apply.Applied))
	assert.Equal(t, plan.Summary{InSync: 2}, planned(t, acct, "guardduty: {}\n").Summary())

	acct.Inject(sandbox.Fault{Kind: sandbox.Deny, Service: "guardduty"})
	stale, err = e.Stale(t.Context(), p)
	require.NoError(t, err)
	assert.Empty(t, stale.Steps, "what cannot be read has not moved")
	result, err = e.Apply(t.Context(), p, apply.Options{Exact: true})
	require.NoError(t, err)
	assert.Equal(t, 2, result.Count(apply.Failed))
}

func TestOpenEndsWithItsContext(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cfg := acct.Config(home)
	_, err := engine.Open(ctx, all, "test", awsx.Options{Base: &cfg}, "")
	assert.ErrorIs(t, err, context.Canceled)
}

func TestABucketCannotServeTwoSections(t *testing.T) {
	text := "version: 1\nhome_region: eu-west-1\ncloudtrail: {bucket: {name: logs}}\nconfig: {bucket: {name: logs}}\n"
	_, err := engine.Decode(services.All(), "kiso.yaml", []byte(text))
	assert.ErrorContains(t, err, "kiso.yaml:4:19: config.bucket.name: bucket logs is cloudtrail's already")
	_, err = engine.Decode(services.All(), "kiso.yaml", []byte("version: 1\nhome_region: eu-west-1\ncloudtrail: {}\nconfig: {}\n"))
	assert.NoError(t, err)
}

func TestWhatNoAccountCanMeetIsRefusedWithoutACall(t *testing.T) {
	for text, want := range map[string]string{
		"home_region: eu-west-1\nregions: {include: [us-east-1]}\nsecurityhub: {}\n": "kiso.yaml:4:1: securityhub.aggregation: the finding aggregator needs Security Hub in the home region eu-west-1",
		"home_region: eu-west-1\nregions: {exclude: [eu-west-1]}\nsecurityhub: {}\n": "which is not one of the managed regions",
		"home_region: eu-central-2\nsecurityhub: {aggregation: all_regions}\n":       "kiso.yaml:3:15: securityhub.aggregation: the home region eu-central-2 is one that accounts opt in to",
	} {
		_, err := engine.Decode(services.All(), "kiso.yaml", []byte("version: 1\n"+text))
		assert.ErrorContains(t, err, want, text)
	}
}

// What a section rests on may be the account's own affair; that is said.
func TestWhatASectionRestsOnIsSaid(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	cfg := acct.Config(home)
	e, err := engine.Open(t.Context(), services.All(), "test", awsx.Options{Base: &cfg}, "")
	require.NoError(t, err)
	notes := func(text string) []string {
		s, err := engine.Decode(services.All(), "kiso.yaml", []byte("version: 1\nhome_region: eu-west-1\n"+text))
		require.NoError(t, err)
		p, err := e.Plan(t.Context(), s)
		require.NoError(t, err)
		return p.Notes
	}
	alone := notes("securityhub: {}\nroot_login_alarm: {emails: [a@example.com]}\n")
	require.Len(t, alone, 2)
	assert.Contains(t, alone[1], "the spec has no cloudtrail section")
	assert.Contains(t, alone[0], "the spec has no config section")
	assert.Empty(t, notes("cloudtrail: {}\nconfig: {}\nsecurityhub: {}\nroot_login_alarm: {emails: [a@example.com]}\n"))
}
