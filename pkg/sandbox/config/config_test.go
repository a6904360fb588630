package config_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"
	iamapi "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	sim "github.com/kiso-cli/kiso/pkg/sandbox/config"
	"github.com/kiso-cli/kiso/pkg/sandbox/iam"
	"github.com/kiso-cli/kiso/pkg/sandbox/s3"
)

const (
	role   = "arn:aws:iam::123456789012:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
	bucket = "config-logs"
	region = "eu-west-1"
)

// policy is the bucket policy of the AWS Config developer guide, "Permissions for
// the Amazon S3 Bucket for the AWS Config Delivery Channel".
const policy = `{"Version":"2012-10-17","Statement":[
{"Sid":"AWSConfigBucketPermissionsCheck","Effect":"Allow","Principal":{"Service":"config.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::config-logs","Condition":{"StringEquals":{"AWS:SourceAccount":"123456789012"}}},
{"Sid":"AWSConfigBucketExistenceCheck","Effect":"Allow","Principal":{"Service":"config.amazonaws.com"},"Action":"s3:ListBucket","Resource":"arn:aws:s3:::config-logs","Condition":{"StringEquals":{"AWS:SourceAccount":"123456789012"}}},
{"Sid":"AWSConfigBucketDelivery","Effect":"Allow","Principal":{"Service":"config.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::config-logs/AWSLogs/123456789012/Config/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control","AWS:SourceAccount":"123456789012"}}}]}`

// account has the role and a bucket that takes AWS Config's files.
func account(t *testing.T) (*sandbox.Account, *configservice.Client) {
	t.Helper()
	acct := sandbox.New(sandbox.Options{}, sim.New(), iam.New(), s3.New())
	iam.Edit(acct, func(s *iam.State) {
		s.Roles = map[string]*iam.Role{"AWSServiceRoleForConfig": {Path: "/aws-service-role/config.amazonaws.com/"}}
	})
	s3.Edit(acct, func(s *s3.State) { s.Buckets[bucket] = &s3.Bucket{Region: region, Policy: policy} })
	return acct, configservice.NewFromConfig(acct.Config(region))
}

func putRecorder(t *testing.T, c *configservice.Client, r types.ConfigurationRecorder) error {
	t.Helper()
	_, err := c.PutConfigurationRecorder(t.Context(), &configservice.PutConfigurationRecorderInput{ConfigurationRecorder: &r})
	return err
}

func putChannel(t *testing.T, c *configservice.Client, d types.DeliveryChannel) error {
	t.Helper()
	_, err := c.PutDeliveryChannel(t.Context(), &configservice.PutDeliveryChannelInput{DeliveryChannel: &d})
	return err
}

func start(t *testing.T, c *configservice.Client) error {
	t.Helper()
	_, err := c.StartConfigurationRecorder(t.Context(), &configservice.StartConfigurationRecorderInput{ConfigurationRecorderName: aws.String("default")})
	return err
}

func assertRefused(t *testing.T, err error, code, message string) {
	t.Helper()
	var refused smithy.APIError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, code, refused.ErrorCode())
	assert.Contains(t, refused.ErrorMessage(), message)
}

func TestTheOrderOfSettingUp(t *testing.T) {
	acct, c := account(t)
	recorder := types.ConfigurationRecorder{RoleARN: aws.String(role)}
	channel := types.DeliveryChannel{S3BucketName: aws.String(bucket)}

	assertRefused(t, putChannel(t, c, channel), "NoAvailableConfigurationRecorderException", "Configuration recorder is not available")
	assertRefused(t, start(t, c), "NoSuchConfigurationRecorderException", "'default'")
	assertRefused(t, putRecorder(t, c, types.ConfigurationRecorder{}), "InvalidRoleException", "null or empty")
	require.NoError(t, putRecorder(t, c, recorder))
	assertRefused(t, start(t, c), "NoAvailableDeliveryChannelException", "Delivery channel is not available")
	require.NoError(t, putChannel(t, c, channel))
	require.NoError(t, start(t, c))
	require.NoError(t, start(t, c), "starting twice is no error")

	status, err := c.DescribeConfigurationRecorderStatus(t.Context(), &configservice.DescribeConfigurationRecorderStatusInput{})
	require.NoError(t, err)
	require.Len(t, status.ConfigurationRecordersStatus, 1)
	assert.True(t, status.ConfigurationRecordersStatus[0].Recording)
	assert.NotNil(t, status.ConfigurationRecordersStatus[0].LastStartTime)
	assert.True(t, sim.Get(acct, region).Recorder.Recording)
	assert.Zero(t, sim.Get(acct, "us-east-1"), "each region has its own")
}

func TestReadBackShowsDefaults(t *testing.T) {
	_, c := account(t)
	empty, err := c.DescribeConfigurationRecorders(t.Context(), &configservice.DescribeConfigurationRecordersInput{})
	require.NoError(t, err)
	assert.Empty(t, empty.ConfigurationRecorders)

	require.NoError(t, putRecorder(t, c, types.ConfigurationRecorder{RoleARN: aws.String(role)}))
	out, err := c.DescribeConfigurationRecorders(t.Context(), &configservice.DescribeConfigurationRecordersInput{})
	require.NoError(t, err)
	require.Len(t, out.ConfigurationRecorders, 1)
	live := out.ConfigurationRecorders[0]
	assert.Equal(t, "default", aws.ToString(live.Name))
	assert.Equal(t, types.RecordingScopePaid, live.RecordingScope)
	assert.True(t, live.RecordingGroup.AllSupported)
	assert.False(t, live.RecordingGroup.IncludeGlobalResourceTypes)
	assert.Equal(t, types.RecordingStrategyTypeAllSupportedResourceTypes, live.RecordingGroup.RecordingStrategy.UseOnly)
	assert.Equal(t, types.RecordingFrequencyContinuous, live.RecordingMode.RecordingFrequency)
}

func TestOneRecorderAndOneChannel(t *testing.T) {
	acct, c := account(t)
	require.NoError(t, putRecorder(t, c, types.ConfigurationRecorder{RoleARN: aws.String(role)}))
	require.NoError(t, putChannel(t, c, types.DeliveryChannel{S3BucketName: aws.String(bucket)}))

	assertRefused(t, putRecorder(t, c, types.ConfigurationRecorder{Name: aws.String("second"), RoleARN: aws.String(role)}),
		"MaxNumberOfConfigurationRecordersExceededException", "'second'")
	assertRefused(t, putChannel(t, c, types.DeliveryChannel{Name: aws.String("second"), S3BucketName: aws.String(bucket)}),
		"MaxNumberOfDeliveryChannelsExceededException", "'second'")
	assertRefused(t, putRecorder(t, c, types.ConfigurationRecorder{Name: aws.String("AWSConfigurationRecorderForMine"), RoleARN: aws.String(role)}),
		"InvalidConfigurationRecorderNameException", "reserved")
	assertRefused(t, putRecorder(t, c, types.ConfigurationRecorder{RoleARN: aws.String("arn:aws:iam::123456789012:role/other")}),
		"InvalidRoleException", "does not exist")
	assert.Equal(t, role, sim.Get(acct, region).Recorder.RoleARN)
}

func TestRecordingGroupsThatFitTogether(t *testing.T) {
	_, c := account(t)
	some := []types.ResourceType{types.ResourceTypeBucket}
	strategy := func(s types.RecordingStrategyType) *types.RecordingStrategy {
		return &types.RecordingStrategy{UseOnly: s}
	}
	const all, in, ex = types.RecordingStrategyTypeAllSupportedResourceTypes, types.RecordingStrategyTypeInclusionByResourceTypes, types.RecordingStrategyTypeExclusionByResourceTypes
	for name, test := range map[string]struct {
		group types.RecordingGroup
		valid bool
	}{
		"everything":                  {types.RecordingGroup{AllSupported: true}, true},
		"everything, named":           {types.RecordingGroup{AllSupported: true, IncludeGlobalResourceTypes: true, RecordingStrategy: strategy(all)}, true},
		"some":                        {types.RecordingGroup{ResourceTypes: some}, true},
		"some, named":                 {types.RecordingGroup{ResourceTypes: some, RecordingStrategy: strategy(in)}, true},
		"all but some":                {types.RecordingGroup{ExclusionByResourceTypes: &types.ExclusionByResourceTypes{ResourceTypes: some}, RecordingStrategy: strategy(ex)}, true},
		"nothing":                     {types.RecordingGroup{}, false},
		"everything and some":         {types.RecordingGroup{AllSupported: true, ResourceTypes: some}, false},
		"everything but some":         {types.RecordingGroup{AllSupported: true, RecordingStrategy: strategy(ex)}, false},
		"some under another name":     {types.RecordingGroup{ResourceTypes: some, RecordingStrategy: strategy(all)}, false},
		"excluded without a strategy": {types.RecordingGroup{ExclusionByResourceTypes: &types.ExclusionByResourceTypes{ResourceTypes: some}}, false},
		"globals without everything":  {types.RecordingGroup{ResourceTypes: some, IncludeGlobalResourceTypes: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := putRecorder(t, c, types.ConfigurationRecorder{RoleARN: aws.String(role), RecordingGroup: &test.group})
			if test.valid {
				require.NoError(t, err)
				return
			}
			assertRefused(t, err, "InvalidRecordingGroupException", "not valid")
		})
	}
	assertRefused(t, putRecorder(t, c, types.ConfigurationRecorder{RoleARN: aws.String(role), RecordingGroup: &types.RecordingGroup{ResourceTypes: []types.ResourceType{"AWS::S3::Bukket"}}}),
		"ValidationException", "AWS::S3::Bukket")
}

func TestAPutReplacesTheRecorderAndMergesTheChannel(t *testing.T) {
	acct, c := account(t)
	full := types.ConfigurationRecorder{
		RoleARN:        aws.String(role),
		RecordingGroup: &types.RecordingGroup{AllSupported: true, IncludeGlobalResourceTypes: true},
		RecordingMode: &types.RecordingMode{RecordingFrequency: types.RecordingFrequencyDaily, RecordingModeOverrides: []types.RecordingModeOverride{{
			Description: aws.String("more often"), RecordingFrequency: types.RecordingFrequencyContinuous, ResourceTypes: []types.ResourceType{types.ResourceTypeBucket},
		}}},
	}
	require.NoError(t, putRecorder(t, c, full))
	assert.Equal(t, "more often", sim.Get(acct, region).Recorder.Mode.Overrides[0].Description)
	require.NoError(t, putRecorder(t, c, types.ConfigurationRecorder{RoleARN: aws.String(role)}))
	got := sim.Get(acct, region).Recorder
	assert.Equal(t, sim.Group{Strategy: sim.AllSupported}, got.Group)
	assert.Equal(t, sim.Mode{Frequency: "CONTINUOUS"}, got.Mode)

	require.NoError(t, putChannel(t, c, types.DeliveryChannel{
		S3BucketName: aws.String(bucket), SnsTopicARN: aws.String("arn:aws:sns:eu-west-1:123456789012:changes"),
		ConfigSnapshotDeliveryProperties: &types.ConfigSnapshotDeliveryProperties{DeliveryFrequency: types.MaximumExecutionFrequencySixHours},
	}))
	require.NoError(t, putChannel(t, c, types.DeliveryChannel{S3BucketName: aws.String(bucket)}))
	assert.Equal(t, &sim.Channel{Name: "default", Bucket: bucket, TopicARN: "arn:aws:sns:eu-west-1:123456789012:changes", Frequency: "Six_Hours"}, sim.Get(acct, region).Channel)

	assertRefused(t, putChannel(t, c, types.DeliveryChannel{S3KeyPrefix: aws.String("")}), "InvalidS3KeyPrefixException", "empty")
	assertRefused(t, putChannel(t, c, types.DeliveryChannel{SnsTopicARN: aws.String("changes")}), "InvalidSNSTopicARNException", "changes")
	assertRefused(t, putChannel(t, c, types.DeliveryChannel{S3KmsKeyArn: aws.String("key")}), "InvalidS3KmsKeyArnException", "key")
}

func TestTheBucketMustTakeFiles(t *testing.T) {
	const cannotWrite = "Insufficient delivery policy to s3 bucket: config-logs, unable to write to bucket, provided s3 key prefix is 'null', provided kms key is 'null'."
	for name, test := range map[string]struct {
		change        func(*s3.Bucket)
		code, message string
	}{
		"no policy":         {func(b *s3.Bucket) { b.Policy = "" }, "InsufficientDeliveryPolicyException", "unable to get s3 bucket acl"},
		"default retention": {func(b *s3.Bucket) { b.Locked, b.Retention = true, &s3.Retention{Mode: "GOVERNANCE", Days: aws.Int(1)} }, "InsufficientDeliveryPolicyException", cannotWrite},
		"another account's condition": {func(b *s3.Bucket) {
			b.Policy = `{"Statement":[{"Effect":"Allow","Principal":{"Service":"config.amazonaws.com"},"Action":["s3:GetBucketAcl","s3:ListBucket"],"Resource":"arn:aws:s3:::config-logs"},
				{"Effect":"Allow","Principal":{"Service":"config.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::config-logs/*","Condition":{"StringEquals":{"aws:SourceAccount":"999999999999"}}}]}`
		}, "InsufficientDeliveryPolicyException", cannotWrite},
	} {
		t.Run(name, func(t *testing.T) {
			acct, c := account(t)
			require.NoError(t, putRecorder(t, c, types.ConfigurationRecorder{RoleARN: aws.String(role)}))
			s3.Edit(acct, func(s *s3.State) { test.change(s.Buckets[bucket]) })
			assertRefused(t, putChannel(t, c, types.DeliveryChannel{S3BucketName: aws.String(bucket)}), test.code, test.message)
			assert.Nil(t, sim.Get(acct, region).Channel)
		})
	}
	_, c := account(t)
	require.NoError(t, putRecorder(t, c, types.ConfigurationRecorder{RoleARN: aws.String(role)}))
	assertRefused(t, putChannel(t, c, types.DeliveryChannel{S3BucketName: aws.String("nowhere")}), "NoSuchBucketException", "nowhere")
	assertRefused(t, putChannel(t, c, types.DeliveryChannel{}), "NoSuchBucketException", "empty bucket name")
	assertRefused(t, putChannel(t, c, types.DeliveryChannel{S3BucketName: aws.String(bucket), S3KeyPrefix: aws.String("pre")}),
		"InsufficientDeliveryPolicyException", "provided s3 key prefix is 'pre'")
}

func TestDeliveryStatusShowsABucketThatStoppedTakingFiles(t *testing.T) {
	acct, c := account(t)
	require.NoError(t, putRecorder(t, c, types.ConfigurationRecorder{RoleARN: aws.String(role)}))
	require.NoError(t, putChannel(t, c, types.DeliveryChannel{S3BucketName: aws.String(bucket)}))
	require.NoError(t, start(t, c))
	history := func() *types.ConfigExportDeliveryInfo {
		out, err := c.DescribeDeliveryChannelStatus(t.Context(), &configservice.DescribeDeliveryChannelStatusInput{})
		require.NoError(t, err)
		require.Len(t, out.DeliveryChannelsStatus, 1)
		return out.DeliveryChannelsStatus[0].ConfigHistoryDeliveryInfo
	}
	assert.EqualValues(t, "SUCCESS", history().LastStatus)

	s3.Edit(acct, func(s *s3.State) { s.Buckets[bucket].Policy = "" })
	assert.EqualValues(t, "FAILURE", history().LastStatus)
	assert.Equal(t, "AccessDenied", aws.ToString(history().LastErrorCode))

	sim.Edit(acct, region, func(s *sim.State) { s.Channel.Failure = &sim.Failure{Code: "Odd", Message: "odd"} })
	assert.Equal(t, "Odd", aws.ToString(history().LastErrorCode))
}

func TestNewRolesAndPoliciesAreSeenLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acct := sandbox.New(sandbox.Options{Propagation: 10 * time.Second}, sim.New(), iam.New(), s3.New())
		c := configservice.NewFromConfig(acct.Config(region))
		created := time.Now()
		_, err := iamapi.NewFromConfig(acct.Config("us-east-1")).CreateServiceLinkedRole(t.Context(),
			&iamapi.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("config.amazonaws.com")})
		require.NoError(t, err)
		assertRefused(t, putRecorder(t, c, types.ConfigurationRecorder{RoleARN: aws.String(role)}), "InvalidRoleException", "does not exist")
		time.Sleep(time.Until(created.Add(11 * time.Second)))
		require.NoError(t, putRecorder(t, c, types.ConfigurationRecorder{RoleARN: aws.String(role)}))
	})
}

func TestServiceLinkedRecordersAreNobodyElses(t *testing.T) {
	acct, c := account(t)
	linked := &sim.Recorder{
		Name: "AWSConfigurationRecorderForObservabilityAdmin_x", ARN: "arn:aws:config:eu-west-1:123456789012:configuration-recorder/AWSConfigurationRecorderForObservabilityAdmin_x/1",
		ServicePrincipal: "observabilityadmin.amazonaws.com", Recording: true, Group: sim.Group{Strategy: sim.Inclusion},
	}
	sim.Edit(acct, region, func(s *sim.State) { s.Linked = append(s.Linked, linked) })

	out, err := c.DescribeConfigurationRecorders(t.Context(), &configservice.DescribeConfigurationRecordersInput{})
	require.NoError(t, err)
	assert.Empty(t, out.ConfigurationRecorders, "only customer managed ones are described unasked")
	out, err = c.DescribeConfigurationRecorders(t.Context(), &configservice.DescribeConfigurationRecordersInput{ServicePrincipal: &linked.ServicePrincipal})
	require.NoError(t, err)
	assert.Len(t, out.ConfigurationRecorders, 1)
	list, err := c.ListConfigurationRecorders(t.Context(), &configservice.ListConfigurationRecordersInput{})
	require.NoError(t, err)
	assert.Len(t, list.ConfigurationRecorderSummaries, 1)
	_, err = c.StopConfigurationRecorder(t.Context(), &configservice.StopConfigurationRecorderInput{ConfigurationRecorderName: &linked.Name})
	assertRefused(t, err, "UnmodifiableEntityException", "service-linked")
	_, err = c.DescribeConfigurationRecorders(t.Context(), &configservice.DescribeConfigurationRecordersInput{ConfigurationRecorderNames: []string{"a", "b"}})
	assertRefused(t, err, "ValidationException", "only one")
}

func TestTakingDown(t *testing.T) {
	acct, c := account(t)
	require.NoError(t, putRecorder(t, c, types.ConfigurationRecorder{RoleARN: aws.String(role)}))
	require.NoError(t, putChannel(t, c, types.DeliveryChannel{S3BucketName: aws.String(bucket)}))
	require.NoError(t, start(t, c))
	_, err := c.DeleteDeliveryChannel(t.Context(), &configservice.DeleteDeliveryChannelInput{DeliveryChannelName: aws.String("default")})
	assertRefused(t, err, "LastDeliveryChannelDeleteFailedException", "running")
	_, err = c.StopConfigurationRecorder(t.Context(), &configservice.StopConfigurationRecorderInput{ConfigurationRecorderName: aws.String("default")})
	require.NoError(t, err)
	_, err = c.DeleteDeliveryChannel(t.Context(), &configservice.DeleteDeliveryChannelInput{DeliveryChannelName: aws.String("default")})
	require.NoError(t, err)
	_, err = c.DeleteConfigurationRecorder(t.Context(), &configservice.DeleteConfigurationRecorderInput{ConfigurationRecorderName: aws.String("default")})
	require.NoError(t, err)
	assert.Zero(t, sim.Get(acct, region))
}

func TestTagsCountOnCreation(t *testing.T) {
	acct, c := account(t)
	in := &configservice.PutConfigurationRecorderInput{
		ConfigurationRecorder: &types.ConfigurationRecorder{RoleARN: aws.String(role)},
		Tags:                  []types.Tag{{Key: aws.String("managed-by"), Value: aws.String("kiso")}},
	}
	_, err := c.PutConfigurationRecorder(t.Context(), in)
	require.NoError(t, err)
	in.Tags[0].Value = aws.String("somebody")
	_, err = c.PutConfigurationRecorder(t.Context(), in)
	require.NoError(t, err)
	live := sim.Get(acct, region).Recorder
	assert.Equal(t, map[string]string{"managed-by": "kiso"}, live.Tags)

	_, err = c.TagResource(t.Context(), &configservice.TagResourceInput{ResourceArn: &live.ARN, Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}}})
	require.NoError(t, err)
	listed, err := c.ListTagsForResource(t.Context(), &configservice.ListTagsForResourceInput{ResourceArn: &live.ARN})
	require.NoError(t, err)
	assert.Len(t, listed.Tags, 2)
	_, err = c.UntagResource(t.Context(), &configservice.UntagResourceInput{ResourceArn: &live.ARN, TagKeys: []string{"team"}})
	require.NoError(t, err)

	tooMany := make([]types.Tag, 50)
	for i := range tooMany {
		tooMany[i] = types.Tag{Key: aws.String(fmt.Sprint("k", i)), Value: aws.String("")}
	}
	_, err = c.TagResource(t.Context(), &configservice.TagResourceInput{ResourceArn: &live.ARN, Tags: tooMany})
	assertRefused(t, err, "TooManyTagsException", "50")
}
