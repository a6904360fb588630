package config

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"

	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/services/bucket"
	"github.com/kiso-cli/kiso/pkg/services/channel"
)

// Channel is the model of a region's delivery channel. What is not compared is
// sent along with every change.
type Channel struct {
	Name      string   `json:"name" diff:"create"`
	Bucket    string   `json:"s3_bucket_name"`
	Prefix    string   `json:"s3_key_prefix,omitzero" diff:"-"`
	KMSKeyARN string   `json:"s3_kms_key_arn,omitzero" diff:"-"`
	TopicARN  string   `json:"sns_topic_arn,omitzero" diff:"-"`
	Snapshots string   `json:"snapshot_frequency,omitzero" diff:"-"`
	Failures  []string `json:"delivery_failures,omitzero" diff:"-"`
	Unknown   string   `json:"delivery_unknown,omitzero" diff:"-"` // why the deliveries' status is not known
}

var channels = &resource.Type[Channel]{
	Kind: "config.delivery_channel",
	Doc: resource.Doc{
		Summary:  "The region's delivery channel, into the bucket of the spec.",
		Controls: []string{"Config.1"},
		Reads: append(bucket.ToFind(),
			resource.Permission{Action: "config:DescribeDeliveryChannels"}, resource.Permission{Action: "config:DescribeDeliveryChannelStatus"}),
		Writes: append(bucket.ToFind("GetBucketObjectLockConfiguration"),
			resource.Permission{Action: "config:PutDeliveryChannel"}),
		Changers: []resource.Changer{{Event: "PutDeliveryChannel", Parameter: "s3BucketName"}, {Event: "DeleteDeliveryChannel"}},
	},
	Observe: observeChannel,
	Adapt:   adaptChannel,
	Apply:   applyChannel,
	Risk:    redirection,
	Notes:   channelNotes,
	Settle: resource.Settle{RetryOn: []resource.Transient{
		// The bucket and its policy were made a moment ago.
		{Code: insufficientPolicy}, {Code: "NoSuchBucketException"}, {Code: "NoSuchBucket"}, {Code: "OperationAborted"},
		{Code: "NoAvailableConfigurationRecorderException"},
		// Another run, or a first try whose answer was lost, created it.
		{Code: "MaxNumberOfDeliveryChannelsExceededException"},
	}},
}

// observeChannel reads the deliveries' status beside the channel. It is for notes
// alone, so if AWS fails to answer, the channel is known all the same.
func observeChannel(ctx context.Context, env resource.Env, id resource.ID) (*Channel, error) {
	var live *types.DeliveryChannel
	var status *types.DeliveryChannelStatus
	var unknown string
	var both reads.Group
	both.Go(func() (err error) { live, err = channel.Of(ctx, env, id.Scope); return err })
	both.Go(func() (err error) {
		status, err = deliveryOf(ctx, env, id.Scope)
		if err != nil && ctx.Err() == nil && !awsx.Denied(err) {
			unknown, err = awsx.Explain(err), nil
		}
		return err
	})
	if err := both.Wait(); err != nil || live == nil {
		return nil, err
	}
	m := channelModel(live, status)
	m.Unknown = unknown
	return m, channelOwner(ctx, env, live)
}

// channelOwner returns a *resource.ManagedError for a channel that is Control
// Tower's, or delivers to another account's bucket.
func channelOwner(ctx context.Context, env resource.Env, live *types.DeliveryChannel) error {
	if err := controlTower(live.Name); err != nil {
		return err
	}
	return bucket.Foreign(ctx, env, bucket.Place{Name: aws.ToString(live.S3BucketName), Region: env.HomeRegion(), Source: "AWS Config's delivery channel"})
}

func channelModel(live *types.DeliveryChannel, status *types.DeliveryChannelStatus) *Channel {
	m := &Channel{
		Name: aws.ToString(live.Name), Bucket: aws.ToString(live.S3BucketName), Prefix: aws.ToString(live.S3KeyPrefix),
		KMSKeyARN: aws.ToString(live.S3KmsKeyArn), TopicARN: aws.ToString(live.SnsTopicARN),
	}
	if p := live.ConfigSnapshotDeliveryProperties; p != nil {
		m.Snapshots = string(p.DeliveryFrequency)
	}
	if status == nil {
		return m
	}
	if i := status.ConfigHistoryDeliveryInfo; i != nil && failed(string(i.LastStatus)) {
		m.Failures = append(m.Failures, "configuration history: "+failure(i.LastErrorCode, i.LastErrorMessage))
	}
	if i := status.ConfigSnapshotDeliveryInfo; i != nil && failed(string(i.LastStatus)) {
		m.Failures = append(m.Failures, "configuration snapshots: "+failure(i.LastErrorCode, i.LastErrorMessage))
	}
	if i := status.ConfigStreamDeliveryInfo; i != nil && failed(string(i.LastStatus)) {
		m.Failures = append(m.Failures, "notifications: "+failure(i.LastErrorCode, i.LastErrorMessage))
	}
	return m
}

func channelNotes(live Channel) []string {
	var notes []string
	if live.Unknown != "" {
		notes = append(notes, "whether deliveries succeed is not known: "+live.Unknown)
	}
	for _, f := range live.Failures {
		notes = append(notes, fmt.Sprintf("the last delivery failed, %s; look at the policy and the Object Lock of the bucket %s", f, live.Bucket))
	}
	return notes
}

// adaptChannel says what a move to another bucket takes along.
func adaptChannel(live, want Channel) (Channel, []string) {
	var notes []string
	if live.Bucket != want.Bucket && live.KMSKeyARN != "" {
		notes = append(notes, "the channel keeps its key "+live.KMSKeyARN+", "+keyHint(live.Bucket))
	}
	return want, notes
}

// redirection says whom the move of a channel concerns: it is adopted, its bucket is not.
func redirection(d resource.Delta[Channel]) []resource.Risk {
	if d.Before == nil || !d.Has("s3_bucket_name") {
		return nil
	}
	from, to := d.Before.Bucket, d.After.Bucket
	return []resource.Risk{{Kind: "redirection", Text: fmt.Sprintf(
		"the delivery channel %s is pointed from the bucket %s to %s: what is in the first stays there, who reads it there gets nothing new, and a recorder with a role of its own needs that role's leave to write to the second; to leave the channel where it is, name its bucket in config.bucket.name",
		d.Before.Name, from, to)}}
}

// keyHint says what a key must be for another bucket (AWS Config developer guide,
// "Permissions for the KMS Key").
func keyHint(bucket string) string {
	return fmt.Sprintf("which must be in the region of the new bucket and let AWS Config use it: name the bucket %s in the spec (config.bucket.name) to leave the channel where it is, or change the key by hand", bucket)
}

// applyChannel looks at the bucket's lock first: AWS Config answers for a bucket
// with default retention as for one whose policy has not propagated yet, and no
// waiting helps (AWS Config developer guide, "Managing the Delivery Channel").
func applyChannel(ctx context.Context, env resource.Env, d resource.Delta[Channel]) error {
	m := d.After
	retention, err := bucket.DefaultRetention(ctx, env, bucket.Place{Name: m.Bucket, Region: env.HomeRegion()})
	if err != nil {
		return err
	}
	if retention != "" {
		return fmt.Errorf("bucket %s has an Object Lock default retention of %s: %s", m.Bucket, retention, noRetention)
	}
	put := &types.DeliveryChannel{
		Name: &m.Name, S3BucketName: &m.Bucket,
		S3KeyPrefix: orNil(m.Prefix), S3KmsKeyArn: orNil(m.KMSKeyARN), SnsTopicARN: orNil(m.TopicARN),
	}
	if m.Snapshots != "" {
		put.ConfigSnapshotDeliveryProperties = &types.ConfigSnapshotDeliveryProperties{DeliveryFrequency: types.MaximumExecutionFrequency(m.Snapshots)}
	}
	_, err = client(env, d.ID.Scope).PutDeliveryChannel(ctx, &configservice.PutDeliveryChannelInput{DeliveryChannel: put})
	return explainChannel(err, d)
}

// explainChannel says what of an adopted channel a new bucket may not go with.
func explainChannel(err error, d resource.Delta[Channel]) error {
	m := d.After
	switch {
	case d.Before == nil:
		return err
	case m.KMSKeyARN != "" && awsx.IsCode(err, insufficientPolicy, "InvalidS3KmsKeyArnException"):
		return resource.Pending(fmt.Sprintf("%s The channel has the key %s, %s", awsx.Explain(err), m.KMSKeyARN, keyHint(d.Before.Bucket)))
	case awsx.IsCode(err, insufficientPolicy):
		return resource.Pending(fmt.Sprintf("%s If that stays so and the recorder has a role of its own, let that role write to the bucket %s, or name the bucket %s in the spec (config.bucket.name)", awsx.Explain(err), m.Bucket, d.Before.Bucket))
	}
	return err
}

// insufficientPolicy is AWS Config's code for a bucket that it cannot write to,
// or cannot write to yet.
const insufficientPolicy = "InsufficientDeliveryPolicyException"

// orNil leaves an empty text out, which the API refuses.
func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
