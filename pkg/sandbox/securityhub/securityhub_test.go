package securityhub_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/config"
	"github.com/kiso-cli/kiso/pkg/sandbox/iam"
	sim "github.com/kiso-cli/kiso/pkg/sandbox/securityhub"
)

const (
	region = "eu-west-1"
	fsbp   = "arn:aws:securityhub:eu-west-1::standards/aws-foundational-security-best-practices/v/1.0.0"
	cis120 = "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0"
	nist   = "arn:aws:securityhub:eu-west-1::standards/nist-800-53/v/5.0.0"
)

func newAccount(o sandbox.Options) *sandbox.Account {
	return sandbox.New(o, sim.New(), config.New(), iam.New())
}

func record(a *sandbox.Account, on bool) {
	config.Edit(a, region, func(s *config.State) { s.Recorder = &config.Recorder{Name: "default", Recording: on} })
}

// client does not retry, so that each refusal is seen.
func client(a *sandbox.Account, region string) *securityhub.Client {
	return securityhub.NewFromConfig(a.Config(region), func(o *securityhub.Options) { o.Retryer = aws.NopRetryer{} })
}

func enable(t *testing.T, c *securityhub.Client) {
	t.Helper()
	_, err := c.EnableSecurityHub(t.Context(), &securityhub.EnableSecurityHubInput{EnableDefaultStandards: aws.Bool(false)})
	require.NoError(t, err)
}

func register(ctx context.Context, c *securityhub.Client, arns ...string) error {
	in := &securityhub.BatchEnableStandardsInput{}
	for i := range arns {
		in.StandardsSubscriptionRequests = append(in.StandardsSubscriptionRequests, types.StandardsSubscriptionRequest{StandardsArn: &arns[i]})
	}
	_, err := c.BatchEnableStandards(ctx, in)
	return err
}

// statuses returns the status of each standard by its ARN.
func statuses(t *testing.T, c *securityhub.Client) map[string]string {
	t.Helper()
	found := map[string]string{}
	pages := securityhub.NewGetEnabledStandardsPaginator(c, &securityhub.GetEnabledStandardsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		for _, s := range page.StandardsSubscriptions {
			found[*s.StandardsArn] = string(s.StandardsStatus)
		}
	}
	return found
}

func assertRefused(t *testing.T, err error, code, message string) {
	t.Helper()
	var refusal smithy.APIError
	if assert.True(t, errors.As(err, &refusal), "want %s, got %v", code, err) {
		assert.Equal(t, code, refusal.ErrorCode())
		assert.Contains(t, refusal.ErrorMessage(), message)
	}
}

func TestEverythingNeedsTheHub(t *testing.T) {
	c := client(newAccount(sandbox.Options{}), region)
	const off = "Account 123456789012 is not subscribed to AWS Security Hub"
	calls := map[string]func() error{
		"DescribeHub": func() error {
			_, err := c.DescribeHub(t.Context(), &securityhub.DescribeHubInput{})
			return err
		},
		"GetEnabledStandards": func() error {
			_, err := c.GetEnabledStandards(t.Context(), &securityhub.GetEnabledStandardsInput{})
			return err
		},
		"DescribeStandards": func() error {
			_, err := c.DescribeStandards(t.Context(), &securityhub.DescribeStandardsInput{})
			return err
		},
		"GetAdministratorAccount": func() error {
			_, err := c.GetAdministratorAccount(t.Context(), &securityhub.GetAdministratorAccountInput{})
			return err
		},
		"ListFindingAggregators": func() error {
			_, err := c.ListFindingAggregators(t.Context(), &securityhub.ListFindingAggregatorsInput{})
			return err
		},
		"CreateFindingAggregator": func() error {
			_, err := c.CreateFindingAggregator(t.Context(), &securityhub.CreateFindingAggregatorInput{RegionLinkingMode: aws.String("ALL_REGIONS")})
			return err
		},
		"BatchEnableStandards": func() error { return register(t.Context(), c, fsbp) },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) { assertRefused(t, call(), "InvalidAccessException", off) })
	}
}

func TestEnableSecurityHub(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	c := client(acct, region)
	_, err := c.EnableSecurityHub(t.Context(), &securityhub.EnableSecurityHubInput{Tags: map[string]string{"managed-by": "kiso"}})
	require.NoError(t, err)
	assert.Contains(t, iam.Get(acct).Roles, "AWSServiceRoleForSecurityHub")
	assert.ElementsMatch(t, []string{fsbp, cis120}, slices.Collect(maps.Keys(statuses(t, c))), "default standards slip in")

	hub, err := c.DescribeHub(t.Context(), &securityhub.DescribeHubInput{})
	require.NoError(t, err)
	assert.Equal(t, "arn:aws:securityhub:eu-west-1:123456789012:hub/default", aws.ToString(hub.HubArn))
	assert.Equal(t, types.ControlFindingGeneratorSecurityControl, hub.ControlFindingGenerator)
	assert.True(t, aws.ToBool(hub.AutoEnableControls))
	_, err = c.DescribeHub(t.Context(), &securityhub.DescribeHubInput{HubArn: aws.String("arn:aws:securityhub:eu-west-1:123456789012:hub/other")})
	assertRefused(t, err, "ResourceNotFoundException", "hub/other")

	tags, err := c.ListTagsForResource(t.Context(), &securityhub.ListTagsForResourceInput{ResourceArn: hub.HubArn})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"managed-by": "kiso"}, tags.Tags)

	_, err = c.EnableSecurityHub(t.Context(), &securityhub.EnableSecurityHubInput{})
	assertRefused(t, err, "ResourceConflictException", "Account is already subscribed to Security Hub")

	_, err = c.DisableSecurityHub(t.Context(), &securityhub.DisableSecurityHubInput{})
	require.NoError(t, err)
	_, err = c.DescribeHub(t.Context(), &securityhub.DescribeHubInput{})
	assertRefused(t, err, "InvalidAccessException", "not subscribed")
}

func TestTags(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	c := client(acct, region)
	for _, key := range []string{"with space", "aws:mine", "a@b", strings.Repeat("k", 129)} {
		_, err := c.EnableSecurityHub(t.Context(), &securityhub.EnableSecurityHubInput{Tags: map[string]string{key: "v"}})
		assertRefused(t, err, "InvalidInputException", "Tags")
	}
	full := map[string]string{}
	for i := range 50 {
		full[fmt.Sprint("k", i)] = "v"
	}
	_, err := c.EnableSecurityHub(t.Context(), &securityhub.EnableSecurityHubInput{Tags: full})
	require.NoError(t, err)
	hub := aws.String("arn:aws:securityhub:eu-west-1:123456789012:hub/default")
	_, err = c.TagResource(t.Context(), &securityhub.TagResourceInput{ResourceArn: hub, Tags: map[string]string{"more": "v"}})
	assertRefused(t, err, "InvalidInputException", "50 tags")
	_, err = c.UntagResource(t.Context(), &securityhub.UntagResourceInput{ResourceArn: hub, TagKeys: []string{"k0", "k1"}})
	require.NoError(t, err)
	_, err = c.TagResource(t.Context(), &securityhub.TagResourceInput{ResourceArn: hub, Tags: map[string]string{"more": "v"}})
	require.NoError(t, err)
	assert.Len(t, sim.Get(acct, region).Hub.Tags, 49)
	_, err = c.ListTagsForResource(t.Context(), &securityhub.ListTagsForResourceInput{ResourceArn: aws.String(fsbp)})
	assertRefused(t, err, "ResourceNotFoundException", "standards")
}

func TestUpdateSecurityHubConfiguration(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	c := client(acct, region)
	enable(t, c)
	_, err := c.UpdateSecurityHubConfiguration(t.Context(), &securityhub.UpdateSecurityHubConfigurationInput{
		AutoEnableControls: aws.Bool(false), ControlFindingGenerator: types.ControlFindingGeneratorStandardControl,
	})
	require.NoError(t, err)
	assert.False(t, sim.Get(acct, region).Hub.AutoEnableControls)
	assert.Equal(t, "STANDARD_CONTROL", sim.Get(acct, region).Hub.Generator)
}

func TestDescribeStandardsInAnotherPartition(t *testing.T) {
	acct := newAccount(sandbox.Options{Partition: "aws-cn", PageSize: 3})
	sim.Edit(acct, "cn-north-1", func(s *sim.State) { s.Unavailable = []string{"pci-dss/v/4.0.1"} })
	c := client(acct, "cn-north-1")
	enable(t, c)
	pages := securityhub.NewDescribeStandardsPaginator(c, &securityhub.DescribeStandardsInput{})
	var arns []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		for _, s := range page.Standards {
			arns = append(arns, *s.StandardsArn)
		}
	}
	assert.Len(t, arns, 9)
	assert.Contains(t, arns, "arn:aws-cn:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0")
	assert.Contains(t, arns, "arn:aws-cn:securityhub:cn-north-1::standards/pci-dss/v/3.2.1")
	assert.NotContains(t, arns, "arn:aws-cn:securityhub:cn-north-1::standards/pci-dss/v/4.0.1")
}

func TestStandardsTakeTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acct := newAccount(sandbox.Options{PageSize: 1})
		record(acct, true)
		sim.Edit(acct, region, func(s *sim.State) { s.PendingFor, s.DeletingFor = time.Minute, time.Minute })
		c := client(acct, region)
		enable(t, c)
		require.NoError(t, register(t.Context(), c, fsbp, cis120))
		assert.Equal(t, map[string]string{fsbp: "PENDING", cis120: "PENDING"}, statuses(t, c))

		assertRefused(t, register(t.Context(), c, nist), "LimitExceededException", "Rate exceeded")
		time.Sleep(time.Second)
		subscription := "arn:aws:securityhub:eu-west-1:123456789012:subscription/cis-aws-foundations-benchmark/v/1.2.0"
		disable := func() error {
			_, err := c.BatchDisableStandards(t.Context(), &securityhub.BatchDisableStandardsInput{StandardsSubscriptionArns: []string{subscription}})
			return err
		}
		assertRefused(t, disable(), "InvalidInputException", "in state PENDING, please try later")

		time.Sleep(time.Minute)
		assert.Equal(t, map[string]string{fsbp: "READY", cis120: "READY"}, statuses(t, c))
		require.NoError(t, disable())
		assert.Equal(t, "DELETING", statuses(t, c)[cis120])
		assertRefused(t, register(t.Context(), c, cis120), "InvalidInputException", "in state DELETING, please try later")
		time.Sleep(time.Minute)
		assert.NotContains(t, statuses(t, c), cis120)
		require.NoError(t, register(t.Context(), c, cis120, fsbp), "a standard that is enabled may be named again")
		assert.Equal(t, "PENDING", statuses(t, c)[cis120])
	})
}

func TestStandardsWithoutARecorderStayIncomplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acct := newAccount(sandbox.Options{})
		c := client(acct, region)
		enable(t, c)
		record(acct, false)
		require.NoError(t, register(t.Context(), c, fsbp))
		record(acct, true)
		time.Sleep(time.Hour)
		require.NoError(t, register(t.Context(), c, fsbp))
		out, err := c.GetEnabledStandards(t.Context(), &securityhub.GetEnabledStandardsInput{})
		require.NoError(t, err)
		require.Len(t, out.StandardsSubscriptions, 1)
		assert.Equal(t, types.StandardsStatusIncomplete, out.StandardsSubscriptions[0].StandardsStatus)
		assert.Equal(t, types.StatusReasonCodeNoAvailableConfigurationRecorder, out.StandardsSubscriptions[0].StandardsStatusReason.StatusReasonCode)
		assert.True(t, config.Get(acct, region).Recorder.Recording)
	})
}

func TestEnablingAnswersPending(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	c := client(acct, region)
	enable(t, c)
	out, err := c.BatchEnableStandards(t.Context(), &securityhub.BatchEnableStandardsInput{
		StandardsSubscriptionRequests: []types.StandardsSubscriptionRequest{{StandardsArn: aws.String(fsbp)}},
	})
	require.NoError(t, err)
	require.Len(t, out.StandardsSubscriptions, 1)
	assert.Equal(t, types.StandardsStatusPending, out.StandardsSubscriptions[0].StandardsStatus)
	assert.Equal(t, "INCOMPLETE", statuses(t, c)[fsbp])
}

func TestUnknownStandardsAreRefusedWithTheRest(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	sim.Edit(acct, region, func(s *sim.State) { s.Unavailable = []string{"nist-800-53/v/5.0.0"} })
	c := client(acct, region)
	enable(t, c)
	for _, arn := range []string{
		nist,
		"arn:aws:securityhub:us-east-1::standards/pci-dss/v/3.2.1",
		"arn:aws:securityhub:eu-west-1::standards/cis-aws-foundations-benchmark/v/1.2.0",
		"arn:aws-cn:securityhub:eu-west-1::standards/pci-dss/v/3.2.1",
	} {
		assertRefused(t, register(t.Context(), c, fsbp, arn), "InvalidInputException", "Invalid StandardsSubscriptionRequest(s)")
	}
	assert.Empty(t, statuses(t, c))
}

func TestFindingAggregator(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	home, other := client(acct, "us-west-2"), client(acct, region)
	enable(t, home)
	enable(t, other)
	create := func(c *securityhub.Client, mode string, regions ...string) error {
		_, err := c.CreateFindingAggregator(t.Context(), &securityhub.CreateFindingAggregatorInput{RegionLinkingMode: &mode, Regions: regions})
		return err
	}
	assertRefused(t, create(home, "SOME_REGIONS"), "InvalidInputException", "RegionLinkingMode")
	assertRefused(t, create(home, "ALL_REGIONS", region), "InvalidInputException", "cannot be specified")
	assertRefused(t, create(home, "NO_REGIONS", region), "InvalidInputException", "cannot be specified")
	assertRefused(t, create(home, "SPECIFIED_REGIONS"), "InvalidInputException", "must be specified")
	require.NoError(t, create(home, "SPECIFIED_REGIONS", region))
	assertRefused(t, create(home, "ALL_REGIONS"), "InvalidInputException", "already exists")
	assertRefused(t, create(other, "ALL_REGIONS"), "InvalidInputException", "already exists")

	listed, err := other.ListFindingAggregators(t.Context(), &securityhub.ListFindingAggregatorsInput{})
	require.NoError(t, err)
	require.Len(t, listed.FindingAggregators, 1)
	arn := listed.FindingAggregators[0].FindingAggregatorArn
	assert.Regexp(t, `^arn:aws:securityhub:us-west-2:123456789012:finding-aggregator/[0-9a-f]{8}-[0-9a-f-]{27}$`, *arn)
	got, err := home.GetFindingAggregator(t.Context(), &securityhub.GetFindingAggregatorInput{FindingAggregatorArn: arn})
	require.NoError(t, err)
	assert.Equal(t, "us-west-2", aws.ToString(got.FindingAggregationRegion))
	assert.Equal(t, "SPECIFIED_REGIONS", aws.ToString(got.RegionLinkingMode))
	assert.Equal(t, []string{region}, got.Regions)

	update := &securityhub.UpdateFindingAggregatorInput{FindingAggregatorArn: arn, RegionLinkingMode: aws.String("ALL_REGIONS")}
	_, err = other.UpdateFindingAggregator(t.Context(), update)
	assertRefused(t, err, "InvalidInputException", "us-west-2")
	_, err = home.UpdateFindingAggregator(t.Context(), update)
	require.NoError(t, err)
	assert.Equal(t, "ALL_REGIONS", sim.GetAccount(acct).Aggregator.Mode)

	_, err = home.DeleteFindingAggregator(t.Context(), &securityhub.DeleteFindingAggregatorInput{FindingAggregatorArn: arn})
	require.NoError(t, err)
	_, err = home.GetFindingAggregator(t.Context(), &securityhub.GetFindingAggregatorInput{FindingAggregatorArn: arn})
	assertRefused(t, err, "ResourceNotFoundException", "finding-aggregator")
}

func TestAnOptInRegionCannotBeTheHome(t *testing.T) {
	c := client(newAccount(sandbox.Options{Regions: map[string]string{"ap-east-1": sandbox.Enabled}}), "ap-east-1")
	enable(t, c)
	_, err := c.CreateFindingAggregator(t.Context(), &securityhub.CreateFindingAggregatorInput{RegionLinkingMode: aws.String("ALL_REGIONS")})
	assertRefused(t, err, "InvalidInputException", "opt-in")
}

func TestMembers(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	c := client(acct, region)
	enable(t, c)
	none, err := c.GetAdministratorAccount(t.Context(), &securityhub.GetAdministratorAccountInput{})
	require.NoError(t, err)
	assert.Nil(t, none.Administrator)

	sim.Edit(acct, region, func(s *sim.State) {
		s.Administrator = &sim.Administrator{AccountID: "111122223333", InvitedAt: "2026-01-02T03:04:05.678Z", MemberStatus: "Enabled"}
	})
	some, err := c.GetAdministratorAccount(t.Context(), &securityhub.GetAdministratorAccountInput{})
	require.NoError(t, err)
	assert.Equal(t, "111122223333", aws.ToString(some.Administrator.AccountId))
	_, err = c.CreateFindingAggregator(t.Context(), &securityhub.CreateFindingAggregatorInput{RegionLinkingMode: aws.String("ALL_REGIONS")})
	assertRefused(t, err, "InvalidInputException", "A finding aggregator cannot be created by a member account.")
	require.NoError(t, register(t.Context(), c, fsbp), "a member without central configuration decides about its standards")

	sim.Edit(acct, region, func(s *sim.State) { s.CentralPolicy = true })
	assertRefused(t, register(t.Context(), c, nist), "AccessDeniedException", "central configuration policy")
}

func TestFaultsSpeakSecurityHub(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	acct.Inject(sandbox.Fault{Operation: "DescribeHub", Kind: sandbox.Deny, Reason: sandbox.DeniedBySCP})
	_, err := client(acct, region).DescribeHub(t.Context(), &securityhub.DescribeHubInput{})
	assertRefused(t, err, "AccessDeniedException", "with an explicit deny in a service control policy")
}
