package ec2_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	sim "github.com/kiso-cli/kiso/pkg/sandbox/ec2"
)

func regions(t *testing.T, acct *sandbox.Account, in *ec2.DescribeRegionsInput) map[string]string {
	t.Helper()
	out, err := ec2.NewFromConfig(acct.Config("us-east-1")).DescribeRegions(t.Context(), in)
	require.NoError(t, err)
	statuses := map[string]string{}
	for _, r := range out.Regions {
		statuses[aws.ToString(r.RegionName)] = aws.ToString(r.OptInStatus)
	}
	return statuses
}

func TestDescribeRegions(t *testing.T) {
	acct := sandbox.New(sandbox.Options{Regions: map[string]string{
		"us-east-1": sandbox.EnabledByDefault, "eu-south-1": sandbox.Enabled,
		"ap-east-1": sandbox.Disabled, "ap-east-2": sandbox.Enabling,
	}}, sim.New())

	on := map[string]string{"us-east-1": "opt-in-not-required", "eu-south-1": "opted-in"}
	assert.Equal(t, on, regions(t, acct, &ec2.DescribeRegionsInput{}))
	assert.Len(t, regions(t, acct, &ec2.DescribeRegionsInput{AllRegions: aws.Bool(true)}), 4)
	assert.Equal(t, map[string]string{"ap-east-1": "not-opted-in"}, regions(t, acct, &ec2.DescribeRegionsInput{
		AllRegions: aws.Bool(true), RegionNames: []string{"ap-east-1", "us-east-1"},
		Filters: []types.Filter{{Name: aws.String("opt-in-status"), Values: []string{"not-*", "opted-in"}}},
	}))
}

func TestDescribeRegionsRefused(t *testing.T) {
	acct := sandbox.New(sandbox.Options{}, sim.New())
	_, err := ec2.NewFromConfig(acct.Config("ap-east-1")).DescribeRegions(t.Context(), &ec2.DescribeRegionsInput{})
	assert.ErrorContains(t, err, "AuthFailure: AWS was not able to validate the provided access credentials")
	_, err = ec2.NewFromConfig(acct.Config("us-east-1")).DescribeRegions(t.Context(), &ec2.DescribeRegionsInput{DryRun: aws.Bool(true)})
	assert.ErrorContains(t, err, "DryRunOperation")
}
