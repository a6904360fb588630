package acceptance

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const trailName = "acceptance"

// checkCloudTrail looks for the one trail, its bucket, and the bucket's lock.
func checkCloudTrail(ctx context.Context, w *world) {
	client := cloudtrail.NewFromConfig(w.aws(w.home))
	list, err := client.DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{})
	require.NoError(w, err)
	require.Len(w, list.TrailList, 1)
	trail := list.TrailList[0]
	assert.Equal(w, trailName, aws.ToString(trail.Name))
	assert.Equal(w, w.home, aws.ToString(trail.HomeRegion))
	assert.Equal(w, w.bucket("cloudtrail"), aws.ToString(trail.S3BucketName))
	assert.True(w, aws.ToBool(trail.IsMultiRegionTrail))
	assert.True(w, aws.ToBool(trail.IncludeGlobalServiceEvents))
	assert.True(w, aws.ToBool(trail.LogFileValidationEnabled))
	status, err := client.GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: trail.TrailARN})
	require.NoError(w, err)
	assert.True(w, aws.ToBool(status.IsLogging))

	selectors, err := client.GetEventSelectors(ctx, &cloudtrail.GetEventSelectorsInput{TrailName: trail.TrailARN})
	require.NoError(w, err)
	if len(selectors.AdvancedEventSelectors) == 0 {
		require.NotEmpty(w, selectors.EventSelectors)
		all := selectors.EventSelectors[0]
		assert.True(w, aws.ToBool(all.IncludeManagementEvents))
		assert.Equal(w, types.ReadWriteTypeAll, all.ReadWriteType)
		assert.Empty(w, all.ExcludeManagementEventSources)
	}
	tags, err := client.ListTags(ctx, &cloudtrail.ListTagsInput{ResourceIdList: []string{*trail.TrailARN}})
	require.NoError(w, err)
	require.Len(w, tags.ResourceTagList, 1)
	require.Len(w, tags.ResourceTagList[0].TagsList, 1)
	assert.Equal(w, "managed-by", aws.ToString(tags.ResourceTagList[0].TagsList[0].Key))

	checkTrailBucket(ctx, w, aws.ToString(trail.TrailARN))
}

func checkTrailBucket(ctx context.Context, w *world, trailARN string) {
	name := w.bucket("cloudtrail")
	statements := checkBucket(ctx, w, name)
	const service = "cloudtrail.amazonaws.com"
	w.checkPermission(statements, service, "s3:GetBucketAcl", w.bucketARN(name), "aws:SourceArn", trailARN)
	w.checkPermission(statements, service, "s3:PutObject", w.bucketARN(name)+"/AWSLogs/"+w.accountID+"/*", "aws:SourceArn", trailARN)

	versioning, err := w.s3().GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &name})
	require.NoError(w, err)
	assert.Equal(w, s3types.BucketVersioningStatusEnabled, versioning.Status)
	lock, err := w.s3().GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &name})
	require.NoError(w, err)
	assert.Equal(w, s3types.ObjectLockEnabledEnabled, lock.ObjectLockConfiguration.ObjectLockEnabled)
	retention := lock.ObjectLockConfiguration.Rule.DefaultRetention
	assert.Equal(w, s3types.ObjectLockRetentionModeGovernance, retention.Mode)
	assert.EqualValues(w, 400, aws.ToInt32(retention.Days))
}

// tamperCloudTrail stops the trail.
func tamperCloudTrail(ctx context.Context, w *world) {
	name := trailName
	_, err := cloudtrail.NewFromConfig(w.aws(w.home)).StopLogging(ctx, &cloudtrail.StopLoggingInput{Name: &name})
	require.NoError(w, err)
}
