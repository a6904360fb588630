package drift_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	awsguardduty "github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/drift"
	"github.com/kiso-cli/kiso/pkg/sandbox/guardduty"
)

const (
	everything = `
version: 1
home_region: eu-west-1
regions: {include: [eu-west-1, us-east-1]}
cloudtrail: {}
guardduty: {}
config: {}
securityhub: {}
root_login_alarm: {emails: [security@example.com]}
`
	logs  = "kiso-config-123456789012-eu-west-1"
	alarm = "kiso-root-login"
)

// vandal takes things away, signed with one access key.
type vandal func(ctx context.Context, h *house, cfg aws.Config) error

// TestWhoeverTakesSomethingAwayIsNamed does one deed at a time. What else falls
// with it is put down to the same person.
func TestWhoeverTakesSomethingAwayIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		region, address, event string
		status                 drift.Status
		deed                   vandal
	}{
		"trail": {
			"eu-west-1", "cloudtrail.trail/eu-west-1/kiso", "DeleteTrail", drift.Gone,
			func(ctx context.Context, _ *house, cfg aws.Config) error {
				_, err := cloudtrail.NewFromConfig(cfg).DeleteTrail(ctx, &cloudtrail.DeleteTrailInput{Name: aws.String("kiso")})
				return err
			},
		},
		"detector": {
			"us-east-1", "guardduty.detector/us-east-1/detector", "DeleteDetector", drift.Gone,
			func(ctx context.Context, h *house, cfg aws.Config) error {
				id := guardduty.Get(h.acct, "us-east-1").Detector.ID
				_, err := awsguardduty.NewFromConfig(cfg).DeleteDetector(ctx, &awsguardduty.DeleteDetectorInput{DetectorId: &id})
				return err
			},
		},
		"recorder": {
			"us-east-1", "config.recorder/us-east-1/recorder", "DeleteConfigurationRecorder", drift.Gone,
			func(ctx context.Context, _ *house, cfg aws.Config) error {
				_, err := configservice.NewFromConfig(cfg).DeleteConfigurationRecorder(ctx, &configservice.DeleteConfigurationRecorderInput{ConfigurationRecorderName: aws.String("default")})
				return err
			},
		},
		"recording": {
			"us-east-1", "config.recording/us-east-1/recording", "StopConfigurationRecorder", drift.Drifted,
			func(ctx context.Context, _ *house, cfg aws.Config) error {
				_, err := configservice.NewFromConfig(cfg).StopConfigurationRecorder(ctx, &configservice.StopConfigurationRecorderInput{ConfigurationRecorderName: aws.String("default")})
				return err
			},
		},
		"channel": {
			"us-east-1", "config.delivery_channel/us-east-1/channel", "DeleteDeliveryChannel", drift.Gone,
			func(ctx context.Context, _ *house, cfg aws.Config) error {
				client := configservice.NewFromConfig(cfg)
				if _, err := client.StopConfigurationRecorder(ctx, &configservice.StopConfigurationRecorderInput{ConfigurationRecorderName: aws.String("default")}); err != nil {
					return err
				}
				_, err := client.DeleteDeliveryChannel(ctx, &configservice.DeleteDeliveryChannelInput{DeliveryChannelName: aws.String("default")})
				return err
			},
		},
		"hub": {
			"us-east-1", "securityhub.hub/us-east-1/hub", "DisableSecurityHub", drift.Gone,
			func(ctx context.Context, _ *house, cfg aws.Config) error {
				_, err := securityhub.NewFromConfig(cfg).DisableSecurityHub(ctx, &securityhub.DisableSecurityHubInput{})
				return err
			},
		},
		"aggregator": {
			"eu-west-1", "securityhub.finding_aggregator/eu-west-1/aggregator", "DeleteFindingAggregator", drift.Gone,
			func(ctx context.Context, _ *house, cfg aws.Config) error {
				client := securityhub.NewFromConfig(cfg)
				list, err := client.ListFindingAggregators(ctx, &securityhub.ListFindingAggregatorsInput{})
				if err != nil {
					return err
				}
				_, err = client.DeleteFindingAggregator(ctx, &securityhub.DeleteFindingAggregatorInput{FindingAggregatorArn: list.FindingAggregators[0].FindingAggregatorArn})
				return err
			},
		},
		"topic": {
			"us-east-1", "root_login_alarm.topic/us-east-1/" + alarm, "DeleteTopic", drift.Gone,
			func(ctx context.Context, _ *house, cfg aws.Config) error {
				_, err := sns.NewFromConfig(cfg).DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: aws.String("arn:aws:sns:us-east-1:123456789012:" + alarm)})
				return err
			},
		},
		"target": {
			"us-east-1", "root_login_alarm.target/us-east-1/" + alarm, "RemoveTargets", drift.Gone,
			func(ctx context.Context, _ *house, cfg aws.Config) error {
				_, err := eventbridge.NewFromConfig(cfg).RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: aws.String(alarm), Ids: []string{alarm}})
				return err
			},
		},
		"rule": {
			"us-east-1", "root_login_alarm.rule/us-east-1/" + alarm, "DeleteRule", drift.Gone,
			func(ctx context.Context, _ *house, cfg aws.Config) error {
				client := eventbridge.NewFromConfig(cfg)
				if _, err := client.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: aws.String(alarm), Ids: []string{alarm}}); err != nil {
					return err
				}
				_, err := client.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: aws.String(alarm)})
				return err
			},
		},
		"bucket policy": {
			"eu-west-1", "config.bucket_policy/eu-west-1/" + logs, "DeleteBucketPolicy", drift.Gone,
			func(ctx context.Context, _ *house, cfg aws.Config) error {
				_, err := s3.NewFromConfig(cfg).DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: aws.String(logs)})
				return err
			},
		},
		"public access block": {
			"eu-west-1", "config.bucket/eu-west-1/" + logs, "DeleteBucketPublicAccessBlock", drift.Drifted,
			func(ctx context.Context, _ *house, cfg aws.Config) error {
				_, err := s3.NewFromConfig(cfg).DeletePublicAccessBlock(ctx, &s3.DeletePublicAccessBlockInput{Bucket: aws.String(logs)})
				return err
			},
		},
		"lock": {
			"eu-west-1", "cloudtrail.bucket_lock/eu-west-1/kiso/kiso-cloudtrail-123456789012-eu-west-1", "PutBucketObjectLockConfiguration", drift.Gone,
			func(ctx context.Context, _ *house, cfg aws.Config) error {
				_, err := s3.NewFromConfig(cfg).PutObjectLockConfiguration(ctx, &s3.PutObjectLockConfigurationInput{
					Bucket:                  aws.String("kiso-cloudtrail-123456789012-eu-west-1"),
					ObjectLockConfiguration: &s3types.ObjectLockConfiguration{ObjectLockEnabled: s3types.ObjectLockEnabledEnabled},
				})
				return err
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHouseOf(t, everything, true)
				require.NoError(t, c.deed(t.Context(), h, h.as("AKIAMALLORY", c.region)))
				time.Sleep(time.Minute)
				found := false
				for _, item := range h.drift().Items {
					for _, f := range item.Fields {
						require.NotNil(t, f.By, "%s %s", item.Address, f.Path)
						assert.Equal(t, "AKIAMALLORY", f.By.AccessKey, "%s %s by %s", item.Address, f.Path, f.By)
					}
					if item.Address.String() != c.address {
						continue
					}
					found = true
					assert.Equal(t, c.status, item.Status)
					require.NotEmpty(t, item.Fields)
					assert.Equal(t, c.event, item.Fields[0].By.Name)
				}
				assert.True(t, found, "%s is named", c.address)
			})
		})
	}
}
