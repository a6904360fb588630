package acceptance

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/awsx"
)

// checkConfig looks in a region for a recorder of everything that records into
// the bucket.
func checkConfig(ctx context.Context, w *world, region string) {
	client := configservice.NewFromConfig(w.aws(region))
	recorders, err := client.DescribeConfigurationRecorders(ctx, &configservice.DescribeConfigurationRecordersInput{})
	require.NoError(w, err)
	require.Len(w, recorders.ConfigurationRecorders, 1)
	recorder := recorders.ConfigurationRecorders[0]
	assert.True(w, recorder.RecordingGroup.AllSupported)
	assert.Equal(w, recordsGlobals(ctx, w) == region, recorder.RecordingGroup.IncludeGlobalResourceTypes)
	assert.True(w, strings.HasSuffix(aws.ToString(recorder.RoleARN), "role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"))
	if !w.skips(recordingMode) {
		require.NotNil(w, recorder.RecordingMode)
		assert.Equal(w, types.RecordingFrequencyContinuous, recorder.RecordingMode.RecordingFrequency)
	}

	channels, err := client.DescribeDeliveryChannels(ctx, &configservice.DescribeDeliveryChannelsInput{})
	require.NoError(w, err)
	require.Len(w, channels.DeliveryChannels, 1)
	assert.Equal(w, w.bucket("config"), aws.ToString(channels.DeliveryChannels[0].S3BucketName))

	status, err := client.DescribeConfigurationRecorderStatus(ctx, &configservice.DescribeConfigurationRecorderStatusInput{})
	require.NoError(w, err)
	require.Len(w, status.ConfigurationRecordersStatus, 1)
	assert.True(w, status.ConfigurationRecordersStatus[0].Recording)
}

// recordsGlobals is the one region that records IAM's types.
func recordsGlobals(ctx context.Context, w *world) string {
	recording := slices.DeleteFunc(slices.Clone(w.regions), func(region string) bool {
		out, err := configservice.NewFromConfig(w.aws(region)).DescribeConfigurationRecorders(ctx, &configservice.DescribeConfigurationRecordersInput{})
		require.NoError(w, err)
		return !out.ConfigurationRecorders[0].RecordingGroup.IncludeGlobalResourceTypes
	})
	require.Len(w, recording, 1)
	return recording[0]
}

// checkConfigBucket looks for a bucket that AWS Config can deliver to: without
// default retention.
func checkConfigBucket(ctx context.Context, w *world) {
	name := w.bucket("config")
	statements := checkBucket(ctx, w, name)
	const service, key = "config.amazonaws.com", "aws:SourceAccount"
	w.checkPermission(statements, service, "s3:GetBucketAcl", w.bucketARN(name), key, w.accountID)
	w.checkPermission(statements, service, "s3:ListBucket", w.bucketARN(name), key, w.accountID)
	w.checkPermission(statements, service, "s3:PutObject", w.bucketARN(name)+"/AWSLogs/"+w.accountID+"/Config/*", key, w.accountID)
	_, err := w.s3().GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &name})
	assert.True(w, awsx.IsCode(err, "ObjectLockConfigurationNotFoundError"), "%v", err)
}
