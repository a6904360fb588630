package acceptance

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// checkSecurityHub looks in a region for the hub and for just the standards asked for.
func checkSecurityHub(ctx context.Context, w *world, region string) {
	client := securityhub.NewFromConfig(w.aws(region))
	_, err := client.DescribeHub(ctx, &securityhub.DescribeHubInput{})
	require.NoError(w, err)
	if w.skips(standards) {
		return
	}
	enabled, err := client.GetEnabledStandards(ctx, &securityhub.GetEnabledStandardsInput{})
	require.NoError(w, err)
	require.Len(w, enabled.StandardsSubscriptions, 1, "none slipped in")
	arn := aws.ToString(enabled.StandardsSubscriptions[0].StandardsArn)
	assert.True(w, strings.HasSuffix(arn, "standards/aws-foundational-security-best-practices/v/1.0.0"), arn)
}

// checkAggregator looks for one aggregator, at home, that links all regions.
func checkAggregator(ctx context.Context, w *world) {
	if w.skips(aggregator) {
		return
	}
	client := securityhub.NewFromConfig(w.aws(w.home))
	list, err := client.ListFindingAggregators(ctx, &securityhub.ListFindingAggregatorsInput{})
	require.NoError(w, err)
	require.Len(w, list.FindingAggregators, 1)
	live, err := client.GetFindingAggregator(ctx, &securityhub.GetFindingAggregatorInput{FindingAggregatorArn: list.FindingAggregators[0].FindingAggregatorArn})
	require.NoError(w, err)
	assert.Equal(w, w.home, aws.ToString(live.FindingAggregationRegion))
	assert.Equal(w, "ALL_REGIONS", aws.ToString(live.RegionLinkingMode))
}
