// Package config keeps AWS Config recording in every region, into one bucket of
// the account. It knows the AWS Config API and nothing of how plans are made or
// carried out.
package config

import (
	"context"

	"github.com/kiso-cli/kiso/internal/policydoc"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/services/bucket"
)

// Service is the config section of the spec.
var Service = &resource.Service{
	Name:    "config",
	Title:   "AWS Config",
	Summary: "A recorder of every supported resource type, recording in every region, IAM's global types in one of them, delivering into one bucket.",
	Cost:    "By configuration item recorded: $0.003 continuously, $0.012 daily, and the storage of the bucket. Busy accounts notice it most in the first month.",
	New: func() resource.Section {
		return &Section{Bucket: Bucket{Name: "kiso-config-{account_id}-{home_region}"}, Frequency: continuous}
	},
	Kinds: append([]resource.KindInfo{roles, recorders, channels, recordings}, buckets.Kinds()...),
	Example: `config:
  bucket: {name: "kiso-config-{account_id}-{home_region}"}
  recording_frequency: CONTINUOUS
`,
}

// Section is what the spec may say of AWS Config.
type Section struct {
	Bucket    Bucket    `yaml:"bucket" doc:"Where configuration history and snapshots are delivered to."`
	Frequency Frequency `yaml:"recording_frequency" jsonschema:"enum=CONTINUOUS,enum=DAILY" doc:"How often changes are recorded. A live recorder that records continuously is left so."`
}

// Bucket names the bucket.
type Bucket struct {
	Name bucket.Name `yaml:"name" jsonschema:"minLength=3" doc:"Name of the bucket, in the home region. {account_id} and {home_region} are filled in. It cannot be one with Object Lock default retention, such as CloudTrail's."`
}

// noRetention is why a bucket with default retention is refused.
const noRetention = "AWS Config cannot deliver into such a bucket; name another one in the spec (config.bucket.name)"

var buckets = bucket.NewTypes(bucket.Options{
	Service: "config", NoRetention: noRetention, Locate: locate, Unused: unused,
	UnusedReads: channelsRead, PrefixesReads: channelsRead,
})

var channelsRead = []resource.Permission{{Action: "config:DescribeDeliveryChannels", Anywhere: true}}

// locate finds the bucket of the spec. Channels that are moved to it keep their
// prefixes.
func locate(_ context.Context, env resource.Env, id resource.ID) (bucket.Place, error) {
	return bucket.Place{Name: id.Name, Region: string(id.Scope), Prefixes: func(ctx context.Context) []string { return prefixes(ctx, env) }}, nil
}

// Claims is the bucket: AWS Config cannot deliver into one with a default
// retention, which CloudTrail's has.
func (s *Section) Claims() map[string]string {
	return map[string]string{"bucket.name": "bucket " + string(s.Bucket.Name)}
}

// Expand declares the role and the bucket once, and in each region the recorder,
// the channel and the recording, in the order that AWS Config wants them.
func (s *Section) Expand(in resource.Input, d *resource.Declaration) {
	name, ok := s.Bucket.Name.Fill(in, d, "bucket.name")
	if !ok {
		return
	}
	role := roles.New(resource.Global, roleName, "", Role{Service: servicePrincipal})
	d.Add(role)
	toDeliver := buckets.Declare(in, d, bucket.Wanted{
		Name: name, Region: in.HomeRegion, Path: "bucket", Tags: in.Tags, Statements: statements(in, name),
	})
	globals := globalTypesRegion(in)
	if globals == "" {
		d.Note("AWS Config: none of the managed regions can record IAM's users, groups, roles and policies (only those that had AWS Config before February 2022 can); manage one that can to have them recorded")
	}
	for _, region := range in.Regions {
		scope := resource.Scope(region)
		recorder := recorders.New(scope, "recorder", "", Recorder{
			Name: defaultName, RoleARN: in.Identity.ARN("iam", "", roleResource), Tags: in.Tags,
			AllSupported: true, IncludeGlobal: Included(region == globals), Frequency: s.Frequency,
		}, resource.Needs(role.ID()))
		channel := channels.New(scope, "channel", "bucket.name", Channel{Name: defaultName, Bucket: name},
			append([]resource.Ref{resource.Needs(recorder.ID())}, toDeliver...)...)
		recording := recordings.New(scope, "recording", "", Recording{Recording: true},
			resource.Needs(recorder.ID()), resource.Needs(channel.ID()))
		d.Add(recorder, channel, recording)
	}
}

// statements let AWS Config deliver for this account and no other: with the
// service-linked role it comes as its service principal, also within the account
// (AWS Config developer guide, "Permissions for the Amazon S3 Bucket").
func statements(in resource.Input, name string) []policydoc.Statement {
	arn, account := in.Identity.ARN("s3", "", name), in.Identity.AccountID
	allow := func(sid, action, on string, further map[string]any) policydoc.Statement {
		conditions := map[string]any{"AWS:SourceAccount": account}
		for k, v := range further {
			conditions[k] = v
		}
		return policydoc.Statement{
			Sid: sid, Effect: "Allow", Principal: map[string]any{"Service": servicePrincipal},
			Action: action, Resource: on, Condition: policydoc.Condition{"StringEquals": conditions},
		}
	}
	return []policydoc.Statement{
		allow("AWSConfigBucketPermissionsCheck", "s3:GetBucketAcl", arn, nil),
		allow("AWSConfigBucketExistenceCheck", "s3:ListBucket", arn, nil),
		allow("AWSConfigBucketDelivery", "s3:PutObject", arn+"/AWSLogs/"+account+"/Config/*", map[string]any{"s3:x-amz-acl": "bucket-owner-full-control"}),
	}
}
