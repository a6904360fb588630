package awsx_test

import (
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/sandbox"
)

var statuses = map[string]string{
	region: sandbox.EnabledByDefault, "us-east-1": sandbox.EnabledByDefault, "af-south-1": sandbox.Enabled,
	"ap-east-1": sandbox.Disabled, "eu-south-1": sandbox.Enabling, "eu-south-2": sandbox.Disabling,
}

func actions(acct *sandbox.Account) []string {
	var names []string
	for _, c := range acct.Calls() {
		names = append(names, c.Action)
	}
	return names
}

func TestTheAccountAPITellsRegionsOnTheirWay(t *testing.T) {
	acct := newAccount(sandbox.Options{Regions: statuses, PageSize: 1, Reversed: true})
	regions, err := open(t, acct, awsx.Options{}).Regions(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []awsx.Region{
		{Name: "af-south-1", Enabled: true, Status: "ENABLED"},
		{Name: "ap-east-1", Status: "DISABLED"},
		{Name: "eu-south-1", Status: "ENABLING"},
		{Name: "eu-south-2", Status: "DISABLING"},
		{Name: region, Enabled: true, Status: "ENABLED_BY_DEFAULT"},
		{Name: "us-east-1", Enabled: true, Status: "ENABLED_BY_DEFAULT"},
	}, regions)
	for _, c := range acct.Calls() {
		if c.Service == "account" {
			assert.Equal(t, "us-east-1", c.Region, "the account API's own region")
		}
	}
}

func TestEC2StandsInForTheAccountAPI(t *testing.T) {
	want := []awsx.Region{
		{Name: "af-south-1", Enabled: true, Status: "opted-in"},
		{Name: "ap-east-1", Status: "not-opted-in"},
		{Name: "eu-south-1", Status: "not-opted-in"},
		{Name: "eu-south-2", Status: "not-opted-in"},
		{Name: region, Enabled: true, Status: "opt-in-not-required"},
		{Name: "us-east-1", Enabled: true, Status: "opt-in-not-required"},
	}
	for name, fault := range map[string]sandbox.Fault{
		"and answers":                        {Kind: sandbox.Hook, Times: 1, Do: func(sandbox.Call) {}},
		"and is throttled at first":          {Kind: sandbox.Throttle, Times: 4},
		"and fails at first":                 {Kind: sandbox.InternalError, Times: 4},
		"and its connection is cut at first": {Kind: sandbox.CutConnection, Times: 4},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				acct := newAccount(sandbox.Options{Regions: statuses, Reversed: true})
				acct.Inject(sandbox.Fault{Kind: sandbox.Deny, Service: "account"})
				fault.Service = "ec2"
				struck := acct.Inject(fault)
				regions, err := open(t, acct, awsx.Options{}).Regions(t.Context())
				require.NoError(t, err)
				assert.Equal(t, want, regions)
				assert.Equal(t, fault.Times, struck.Hits())
			})
		})
	}
}

func TestEC2GivesUpAfterTwelveTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acct := newAccount(sandbox.Options{})
		acct.Inject(sandbox.Fault{Kind: sandbox.Deny, Service: "account"})
		struck := acct.Inject(sandbox.Fault{Kind: sandbox.Throttle, Service: "ec2"})
		_, err := open(t, acct, awsx.Options{}).Regions(t.Context())
		assert.ErrorContains(t, err, "RequestLimitExceeded")
		assert.Equal(t, 12, struck.Hits())
	})
}

func TestBothDenied(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	acct.Inject(sandbox.Fault{Kind: sandbox.Deny, Service: "account", Reason: sandbox.NoBoundary})
	acct.Inject(sandbox.Fault{Kind: sandbox.Deny, Service: "ec2", Reason: sandbox.DeniedBySCP})
	_, err := open(t, acct, awsx.Options{}).Regions(t.Context())
	for _, words := range []string{
		"allow account:ListRegions or ec2:DescribeRegions, or name regions.include", "permissions boundary", "service control policy",
	} {
		assert.ErrorContains(t, err, words)
	}
}

func TestRegionsOfEachPartition(t *testing.T) {
	for partition, asked := range map[string]string{
		"aws": "account:ListRegions", "aws-cn": "account:ListRegions", "aws-us-gov": "ec2:DescribeRegions", "aws-eusc": "ec2:DescribeRegions",
	} {
		acct := newAccount(sandbox.Options{Partition: partition})
		s := open(t, acct, awsx.Options{})
		regions, err := s.Regions(t.Context())
		require.NoError(t, err)
		enabled := 0
		for _, r := range regions {
			if r.Enabled {
				enabled++
			}
		}
		want := 0
		for _, status := range sandbox.DefaultRegions(partition) {
			if status == sandbox.EnabledByDefault {
				want++
			}
		}
		assert.Equal(t, want, enabled, partition)
		assert.Equal(t, []string{"sts:GetCallerIdentity", asked}, actions(acct), partition)
	}
}

func TestAnUnknownPartitionHasTheLeast(t *testing.T) {
	p := awsx.PartitionOf("aws-iso-z", "us-isoz-1")
	assert.Equal(t, "us-isoz-1", p.GlobalRegion)
	assert.Empty(t, p.AccountAPI)
	assert.False(t, p.RootSignIn)
}

func TestEC2OnACustomEndpoint(t *testing.T) {
	acct := newAccount(sandbox.Options{Regions: statuses})
	acct.Inject(sandbox.Fault{Kind: sandbox.Deny, Service: "account"})
	server := httptest.NewServer(acct)
	defer server.Close()
	for name, configure := range map[string]func(*aws.Config){
		"of all services": func(cfg *aws.Config) { cfg.BaseEndpoint = &server.URL },
		"of EC2 alone":    func(*aws.Config) { t.Setenv("AWS_ENDPOINT_URL_EC2", server.URL) },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := acct.Config(region)
			configure(&cfg)
			s, err := awsx.Open(t.Context(), awsx.Options{Base: &cfg})
			require.NoError(t, err)
			regions, err := s.Regions(t.Context())
			require.NoError(t, err)
			assert.Len(t, regions, len(statuses))
		})
	}
}
