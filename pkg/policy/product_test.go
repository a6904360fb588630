package policy_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	gdtypes "github.com/aws/aws-sdk-go-v2/service/guardduty/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/engine"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/policy"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/services"
	"github.com/kiso-cli/kiso/pkg/spec"
)

const home = "eu-west-1"

// run is one account with one spec, and what its policies were asked.
type run struct {
	*testing.T
	acct   *sandbox.Account
	spec   *spec.Spec
	called map[string]bool // actions
}

// everything is a spec of all sections, with all that can be asked for.
func everything(t *testing.T, head string) *spec.Spec {
	t.Helper()
	text := "version: 1\nhome_region: " + home + "\ntags: {owner: security}\n" + head
	for _, s := range services.All() {
		text += s.Example
	}
	decoded, err := spec.Decode("kiso.yaml", []byte(text), engine.Sections(services.All()))
	require.NoError(t, err)
	return decoded
}

func newRun(t *testing.T, head string) *run {
	t.Helper()
	acct := sandbox.New(sandbox.Options{Regions: map[string]string{
		home: sandbox.EnabledByDefault, "us-east-1": sandbox.EnabledByDefault, "ap-northeast-1": sandbox.EnabledByDefault,
	}}, services.Simulators()...)
	return &run{T: t, acct: acct, spec: everything(t, head), called: map[string]bool{}}
}

// as does something, and proves that the policy allows every call of it.
func (r *run) as(d *policy.Document, do func(e *engine.Engine)) {
	r.Helper()
	r.acct.ResetCalls()
	cfg := r.acct.Config(home)
	e, err := engine.Open(r.Context(), services.All(), "test", awsx.Options{Base: &cfg, Region: home}, r.acct.AccountID())
	require.NoError(r, err)
	do(e)
	for _, c := range r.acct.Calls() {
		for _, q := range requests(r.acct, c) {
			r.called[q.action] = true
			assert.True(r, allows(d, q), "%s in %s (%s) needs %s on %s\n%v", c.Operation, c.Region, c.Params, q.action, q.resource, q.context)
		}
	}
}

func (r *run) plan(d *policy.Document) (p *plan.Plan) {
	r.Helper()
	r.as(d, func(e *engine.Engine) {
		var err error
		p, err = e.Plan(r.Context(), r.spec)
		require.NoError(r, err)
	})
	return p
}

func (r *run) apply(d *policy.Document) {
	r.Helper()
	r.as(d, func(e *engine.Engine) {
		p, err := e.Plan(r.Context(), r.spec)
		require.NoError(r, err)
		require.Positive(r, p.Summary().Changes())
		result, err := e.Apply(r.Context(), p, apply.Options{Approved: func(resource.ID) bool { return true }})
		require.NoError(r, err)
		require.NoError(r, result.Err())
	})
}

// saved applies a plan as from a file.
func (r *run) saved(d *policy.Document, p *plan.Plan) {
	r.Helper()
	var file bytes.Buffer
	require.NoError(r, p.Encode(&file))
	p, err := plan.Decode(&file)
	require.NoError(r, err)
	r.as(d, func(e *engine.Engine) {
		stale, err := e.Stale(r.Context(), p)
		require.NoError(r, err)
		require.NoError(r, stale.Err())
		result, err := e.Apply(r.Context(), p, apply.Options{Exact: true, Approved: func(resource.ID) bool { return true }})
		require.NoError(r, err)
		require.NoError(r, result.Err())
	})
}

// stale looks at a plan that somebody moved something under, which asks who, and
// moves it back.
func (r *run) stale(d *policy.Document, p *plan.Plan) {
	r.Helper()
	c := guardduty.NewFromConfig(r.acct.Config(home))
	list, err := c.ListDetectors(r.Context(), &guardduty.ListDetectorsInput{})
	require.NoError(r, err)
	publish := func(frequency gdtypes.FindingPublishingFrequency) {
		_, err := c.UpdateDetector(r.Context(), &guardduty.UpdateDetectorInput{DetectorId: &list.DetectorIds[0], FindingPublishingFrequency: frequency})
		require.NoError(r, err)
	}
	publish(gdtypes.FindingPublishingFrequencyOneHour)
	r.as(d, func(e *engine.Engine) {
		stale, err := e.Stale(r.Context(), p)
		require.NoError(r, err)
		require.Len(r, stale.Steps, 1)
		assert.NotEmpty(r, stale.Steps[0].Movers)
	})
	publish(gdtypes.FindingPublishingFrequencyFifteenMinutes)
}

// tamper weakens what can be weakened, in one region.
func (r *run) tamper() {
	r.Helper()
	cfg := r.acct.Config(home)
	for _, weaken := range []func() error{
		func() error {
			c := guardduty.NewFromConfig(cfg)
			list, err := c.ListDetectors(r.Context(), &guardduty.ListDetectorsInput{})
			require.NoError(r, err)
			_, err = c.UpdateDetector(r.Context(), &guardduty.UpdateDetectorInput{DetectorId: &list.DetectorIds[0], Enable: aws.Bool(false)})
			return err
		},
		func() error {
			c := securityhub.NewFromConfig(cfg)
			list, err := c.ListFindingAggregators(r.Context(), &securityhub.ListFindingAggregatorsInput{})
			require.NoError(r, err)
			_, err = c.UpdateFindingAggregator(r.Context(), &securityhub.UpdateFindingAggregatorInput{
				FindingAggregatorArn: list.FindingAggregators[0].FindingAggregatorArn,
				RegionLinkingMode:    aws.String("SPECIFIED_REGIONS"), Regions: []string{"us-east-1"},
			})
			return err
		},
		func() error {
			c := cloudtrail.NewFromConfig(cfg)
			if _, err := c.StopLogging(r.Context(), &cloudtrail.StopLoggingInput{Name: aws.String("kiso")}); err != nil {
				return err
			}
			_, err := c.UpdateTrail(r.Context(), &cloudtrail.UpdateTrailInput{Name: aws.String("kiso"), EnableLogFileValidation: aws.Bool(false)})
			require.NoError(r, err)
			_, err = c.PutEventSelectors(r.Context(), &cloudtrail.PutEventSelectorsInput{
				TrailName:      aws.String("kiso"),
				EventSelectors: []cttypes.EventSelector{{IncludeManagementEvents: aws.Bool(true), ReadWriteType: cttypes.ReadWriteTypeReadOnly}},
			})
			return err
		},
	} {
		require.NoError(r, weaken())
	}
}

func TestEveryCallIsAllowedAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRun(t, "")
		scope := policy.ForSpec(services.All(), r.spec)
		reads, writes := policy.Make(policy.Plan, scope), policy.Make(policy.Apply, scope)
		r.plan(reads)
		r.apply(writes)
		r.tamper()
		r.as(reads, func(e *engine.Engine) {
			p, err := e.Plan(r.Context(), r.spec)
			require.NoError(r, err)
			e.Drift(r.Context(), p)
		})
		r.apply(writes)
		assert.Zero(t, r.plan(reads).Summary().Changes())

		r.called["ec2:DescribeRegions"] = true // only where account:ListRegions is denied: awsx's own tests prove it
		for _, p := range permissions() {
			if r.called[p.For] {
				r.called[p.Action] = true
			}
		}
		for _, s := range writes.Statement {
			for _, action := range s.Action {
				assert.True(t, r.called[action], "%s is granted, and no call needs it", action)
			}
		}
	})
}

func TestRegionsByName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRun(t, "regions: {include: [eu-west-1, ap-northeast-1]}\n")
		scope := policy.ForSpec(services.All(), r.spec)
		r.plan(policy.Make(policy.Plan, scope))
		r.apply(policy.Make(policy.Apply, scope))
		r.tamper()
		r.apply(policy.Make(policy.Apply, scope))
		elsewhere := request{action: "guardduty:UpdateDetector", resource: anything, context: map[string]string{"aws:RequestedRegion": "us-east-1"}}
		assert.False(t, allows(policy.Make(policy.Apply, scope), elsewhere))
	})
}

// What is adopted may live where nothing else is managed.
func TestAdoptedElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRun(t, "account_id: \"123456789012\"\n")
		r.apply(policy.Make(policy.Apply, policy.ForSpec(services.All(), r.spec)))

		// The same account, seen from another home, and with fewer regions.
		r.spec = everything(t, "regions: {include: [ap-northeast-1]}\n")
		r.spec.HomeRegion = "ap-northeast-1"
		r.tamper()
		scope := policy.ForSpec(services.All(), r.spec)
		r.plan(policy.Make(policy.Plan, scope))
		r.apply(policy.Make(policy.Apply, scope))
	})
}

func TestOneSavedPlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRun(t, "")
		all := policy.ForAll(services.All(), "aws")
		empty := r.plan(policy.Make(policy.Plan, all))
		r.saved(policy.Make(policy.Apply, forPlan(t, empty, policy.Apply)), empty)
		r.tamper()
		drifted := r.plan(policy.Make(policy.Plan, forPlan(t, empty, policy.Plan)))
		narrow := policy.Make(policy.Apply, forPlan(t, drifted, policy.Apply))
		r.stale(narrow, drifted)
		r.saved(narrow, drifted)

		update := func(region string) request {
			return request{action: "guardduty:UpdateDetector", resource: anything, context: map[string]string{"aws:RequestedRegion": region}}
		}
		assert.True(t, allows(narrow, update(home)))
		assert.False(t, allows(narrow, update("us-east-1")), "nothing changes there")
		assert.NotContains(t, text(t, narrow), "events:", "nothing changes in EventBridge")
		assert.Less(t, narrow.Size(), policy.Make(policy.Apply, all).Size()*2/3)

		inSync := r.plan(policy.Make(policy.Plan, all))
		assert.Equal(t, []string{"Account", "Drift"}, sids(policy.Make(policy.Apply, forPlan(t, inSync, policy.Apply))))
	})
}

// Each kind says all that it takes to read and change it: a plan that changes it
// alone needs nothing of what its neighbours say.
func TestOneKindAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRun(t, "")
		all := policy.Make(policy.Apply, policy.ForAll(services.All(), "aws"))
		r.apply(all)
		cfg := r.acct.Config(home)
		for _, bucket := range []string{"kiso-cloudtrail-123456789012-" + home, "kiso-config-123456789012-" + home} {
			client := s3.NewFromConfig(cfg)
			_, err := client.DeletePublicAccessBlock(t.Context(), &s3.DeletePublicAccessBlockInput{Bucket: &bucket})
			require.NoError(t, err)
			_, err = client.DeleteBucketPolicy(t.Context(), &s3.DeleteBucketPolicyInput{Bucket: &bucket})
			require.NoError(t, err)
		}
		r.tamper()
		p := r.plan(all)
		kinds := map[resource.Kind]*plan.Plan{}
		for _, c := range p.Changes {
			if c.Action.Changes() {
				only := *p
				only.Changes = []resource.Change{c}
				kinds[c.ID.Kind] = &only
			}
		}
		require.Len(t, kinds, 7)
		for _, kind := range slices.Sorted(maps.Keys(kinds)) {
			r.saved(policy.Make(policy.Apply, forPlan(t, kinds[kind], policy.Apply)), kinds[kind])
		}
	})
}

func forPlan(t *testing.T, p *plan.Plan, role policy.Role) policy.Scope {
	t.Helper()
	scope, err := policy.ForPlan(services.All(), p, role)
	require.NoError(t, err)
	return scope
}

func text(t *testing.T, d *policy.Document) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, d.Encode(&b))
	return b.String()
}

func sids(d *policy.Document) []string {
	found := map[string]bool{}
	for _, s := range d.Statement {
		found[s.Sid] = true
	}
	return slices.Sorted(maps.Keys(found))
}
