package realaccounts

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	configtypes "github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	guarddutytypes "github.com/aws/aws-sdk-go-v2/service/guardduty/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	iamsim "github.com/kiso-cli/kiso/pkg/sandbox/iam"
)

const (
	clickedTrail  = "management-events"
	clickedBucket = "aws-cloudtrail-logs-123456789012-4f2e1a9b"
	clickedPolicy = `{"Version":"2012-10-17","Statement":[{"Sid":"AWSCloudTrailAclCheck20150319","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::` + clickedBucket + `","Condition":{"StringEquals":{"aws:SourceArn":"arn:aws:cloudtrail:eu-west-1:123456789012:trail/management-events"}}},{"Sid":"AWSCloudTrailWrite20150319","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::` + clickedBucket + `/AWSLogs/123456789012/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control","aws:SourceArn":"arn:aws:cloudtrail:eu-west-1:123456789012:trail/management-events"}}},{"Sid":"Auditors","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::210987654321:root"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::` + clickedBucket + `/*"}]}`
	configBucket  = "config-bucket-123456789012"
	configPolicy  = `{"Version":"2012-10-17","Statement":[{"Sid":"Config","Effect":"Allow","Principal":{"Service":"config.amazonaws.com"},"Action":["s3:GetBucketAcl","s3:ListBucket"],"Resource":"arn:aws:s3:::` + configBucket + `"},{"Sid":"ConfigPut","Effect":"Allow","Principal":{"Service":"config.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::` + configBucket + `/AWSLogs/123456789012/Config/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}}}]}`
	customRole    = "arn:aws:iam::123456789012:role/config-role"
)

// livedIn is an account in which somebody has clicked for years.
func livedIn(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, sandbox.Options{})
	ctx, home := w.Context(), w.aws("eu-west-1")
	buckets := s3.NewFromConfig(home, func(o *s3.Options) { o.UsePathStyle = true })
	for name, policy := range map[string]string{clickedBucket: clickedPolicy, configBucket: configPolicy} {
		_, err := buckets.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: "eu-west-1"}})
		require.NoError(t, err)
		_, err = buckets.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &name, Policy: &policy})
		require.NoError(t, err)
	}
	trails := cloudtrail.NewFromConfig(home)
	_, err := trails.CreateTrail(ctx, &cloudtrail.CreateTrailInput{Name: aws.String(clickedTrail), S3BucketName: aws.String(clickedBucket), IsMultiRegionTrail: aws.Bool(true), IncludeGlobalServiceEvents: aws.Bool(true)})
	require.NoError(t, err)

	iamsim.Edit(w.Account, func(s *iamsim.State) {
		s.Roles = map[string]*iamsim.Role{"config-role": {Path: "/", ID: "AROACONFIG", TrustPolicy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"config.amazonaws.com"},"Action":"sts:AssumeRole"}]}`}}
	})
	recorders := configservice.NewFromConfig(home)
	_, err = recorders.PutConfigurationRecorder(ctx, &configservice.PutConfigurationRecorderInput{ConfigurationRecorder: &configtypes.ConfigurationRecorder{
		Name: aws.String("default"), RoleARN: aws.String(customRole),
		RecordingGroup: &configtypes.RecordingGroup{ResourceTypes: []configtypes.ResourceType{"AWS::S3::Bucket"}, RecordingStrategy: &configtypes.RecordingStrategy{UseOnly: configtypes.RecordingStrategyTypeInclusionByResourceTypes}},
	}})
	require.NoError(t, err)
	_, err = recorders.PutDeliveryChannel(ctx, &configservice.PutDeliveryChannelInput{DeliveryChannel: &configtypes.DeliveryChannel{Name: aws.String("my-channel"), S3BucketName: aws.String(configBucket)}})
	require.NoError(t, err)

	detectors := guardduty.NewFromConfig(home)
	detector, err := detectors.CreateDetector(ctx, &guardduty.CreateDetectorInput{Enable: aws.Bool(true), FindingPublishingFrequency: guarddutytypes.FindingPublishingFrequencyFifteenMinutes})
	require.NoError(t, err)
	_, err = detectors.UpdateDetector(ctx, &guardduty.UpdateDetectorInput{DetectorId: detector.DetectorId, Enable: aws.Bool(false)})
	require.NoError(t, err)

	for _, region := range []string{"eu-west-1", "us-east-1"} {
		_, err = securityhub.NewFromConfig(w.aws(region)).EnableSecurityHub(ctx, &securityhub.EnableSecurityHubInput{EnableDefaultStandards: aws.Bool(true)})
		require.NoError(t, err)
	}
	_, err = securityhub.NewFromConfig(w.aws("us-east-1")).CreateFindingAggregator(ctx, &securityhub.CreateFindingAggregatorInput{RegionLinkingMode: aws.String("ALL_REGIONS")})
	require.NoError(t, err)

	topics := sns.NewFromConfig(w.aws("us-east-1"))
	topic, err := topics.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("kiso-root-login")})
	require.NoError(t, err)
	_, err = topics.Subscribe(ctx, &sns.SubscribeInput{TopicArn: topic.TopicArn, Protocol: aws.String("https"), Endpoint: aws.String("https://pager.example.com/sns")})
	require.NoError(t, err)
	return w
}

const lockAddress = "cloudtrail.bucket_lock/eu-west-1/kiso/kiso-cloudtrail-123456789012-eu-west-1"

// TestALivedInAccountIsAdopted applies to it, looks with other clients at what
// became of what was there, and then approves the lock.
func TestALivedInAccountIsAdopted(t *testing.T) {
	w := livedIn(t)
	r := w.plan()
	assert.Equal(t, 2, r.code, r.err)
	says(t, r.out,
		"ADOPTION: the trail "+clickedTrail+", which delivers to the bucket "+clickedBucket+", is brought up to the spec; no other is made",
		"IRREVERSIBLE: Object Lock on the bucket "+clickedBucket+" cannot be turned off again",
		"the recorder keeps its role "+customRole,
		"by finding aggregator in us-east-1: an account has one finding aggregator, and AWS cannot move it",
		"is INCOMPLETE NO_AVAILABLE_CONFIGURATION_RECORDER",
	)
	r = w.apply()
	assert.Equal(t, 1, r.code, "the lock was not approved")
	says(t, r.out, lockAddress+": left out: it cannot be undone and was not approved", "approve it with --allow-irreversible="+lockAddress, "1 not applied")
	w.untouched(false)

	r = w.kiso("apply", "-f", w.spec, "--auto-approve", "--allow-irreversible="+lockAddress)
	assert.Equal(t, 0, r.code, "%s\n%s", r.out, r.err)
	w.untouched(true)
	w.settled()
}

// TestIrreversibleAtATerminal asks by name, and takes nothing but the address.
func TestIrreversibleAtATerminal(t *testing.T) {
	for answer, code := range map[string]int{"\n": 1, "yes\n": 1, lockAddress + "\n": 0} {
		w := livedIn(t)
		r := w.answering("yes\n"+answer, "apply", "-f", w.spec)
		assert.Equal(t, code, r.code, "%s\n%s", r.out, r.err)
		says(t, r.err, "Make these changes?", "Object Lock on the bucket "+clickedBucket+" cannot be turned off again", "Type the address to approve this step")
		w.untouched(code == 0)
	}
	compliance := livedIn(t)
	compliance.write(strings.Replace(everything, "cloudtrail: {}", "cloudtrail: {bucket: {object_lock: {mode: COMPLIANCE, days: 400}}}", 1))
	r := compliance.answering("yes\n\n", "apply", "-f", compliance.spec)
	says(t, r.err, "cannot be turned off again", "COMPLIANCE retention: nobody, root included, can delete what is written to the bucket "+clickedBucket+" for 400 days, nor shorten that")
	compliance.untouched(false)

	w := livedIn(t)
	writes := len(w.Writes())
	r = w.answering("no\n", "apply", "-f", w.spec)
	assert.Equal(t, 1, r.code)
	says(t, r.err, "not approved; nothing was changed")
	assert.Len(t, w.Writes(), writes)
}

// untouched looks for all that was there before, and for what it became.
func (w *world) untouched(locked bool) {
	w.Helper()
	ctx, home := w.Context(), w.aws("eu-west-1")
	trails, err := cloudtrail.NewFromConfig(home).DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{})
	require.NoError(w, err)
	require.Len(w, trails.TrailList, 1, "a second trail would be billed")
	assert.Equal(w, clickedTrail, *trails.TrailList[0].Name)
	assert.Equal(w, clickedBucket, *trails.TrailList[0].S3BucketName)
	assert.True(w, *trails.TrailList[0].LogFileValidationEnabled)
	status, err := cloudtrail.NewFromConfig(home).GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: aws.String(clickedTrail)})
	require.NoError(w, err)
	assert.True(w, *status.IsLogging)

	buckets := s3.NewFromConfig(home, func(o *s3.Options) { o.UsePathStyle = true })
	policy, err := buckets.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: aws.String(clickedBucket)})
	require.NoError(w, err)
	assert.Contains(w, *policy.Policy, "arn:aws:iam::210987654321:root", "somebody else's statement")
	assert.Contains(w, *policy.Policy, "aws:SecureTransport")
	_, err = buckets.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: aws.String(clickedBucket)})
	assert.Equal(w, locked, err == nil, "%v", err)

	recorder, err := configservice.NewFromConfig(home).DescribeConfigurationRecorders(ctx, &configservice.DescribeConfigurationRecordersInput{})
	require.NoError(w, err)
	require.Len(w, recorder.ConfigurationRecorders, 1)
	assert.Equal(w, customRole, *recorder.ConfigurationRecorders[0].RoleARN)
	assert.True(w, recorder.ConfigurationRecorders[0].RecordingGroup.AllSupported)
	channels, err := configservice.NewFromConfig(home).DescribeDeliveryChannels(ctx, &configservice.DescribeDeliveryChannelsInput{})
	require.NoError(w, err)
	require.Len(w, channels.DeliveryChannels, 1)
	assert.Equal(w, "my-channel", *channels.DeliveryChannels[0].Name)

	detectors := guardduty.NewFromConfig(home)
	ids, err := detectors.ListDetectors(ctx, &guardduty.ListDetectorsInput{})
	require.NoError(w, err)
	require.Len(w, ids.DetectorIds, 1)
	detector, err := detectors.GetDetector(ctx, &guardduty.GetDetectorInput{DetectorId: &ids.DetectorIds[0]})
	require.NoError(w, err)
	assert.Equal(w, guarddutytypes.DetectorStatusEnabled, detector.Status)
	assert.Equal(w, guarddutytypes.FindingPublishingFrequencyFifteenMinutes, detector.FindingPublishingFrequency, "more often than the spec asks")

	standards, err := securityhub.NewFromConfig(home).GetEnabledStandards(ctx, &securityhub.GetEnabledStandardsInput{})
	require.NoError(w, err)
	assert.Len(w, standards.StandardsSubscriptions, 2, "CIS 1.2.0 is more than the spec asks")
	aggregators, err := securityhub.NewFromConfig(home).ListFindingAggregators(ctx, &securityhub.ListFindingAggregatorsInput{})
	require.NoError(w, err)
	require.Len(w, aggregators.FindingAggregators, 1)
	assert.Contains(w, *aggregators.FindingAggregators[0].FindingAggregatorArn, ":us-east-1:")

	subscriptions, err := sns.NewFromConfig(w.aws("us-east-1")).ListSubscriptionsByTopic(ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: aws.String("arn:aws:sns:us-east-1:123456789012:kiso-root-login")})
	require.NoError(w, err)
	assert.Len(w, subscriptions.Subscriptions, 2, "the pager's and the spec's")
}
