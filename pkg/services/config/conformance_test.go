package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	accountsim "github.com/kiso-cli/kiso/pkg/sandbox/account"
	sim "github.com/kiso-cli/kiso/pkg/sandbox/config"
	"github.com/kiso-cli/kiso/pkg/sandbox/ec2"
	"github.com/kiso-cli/kiso/pkg/sandbox/iam"
	"github.com/kiso-cli/kiso/pkg/sandbox/s3"
	"github.com/kiso-cli/kiso/pkg/sandbox/sts"
	"github.com/kiso-cli/kiso/pkg/services/config"
	"github.com/kiso-cli/kiso/pkg/services/servicetest"
)

func TestConformance(t *testing.T) {
	servicetest.Run(t, servicetest.Case{
		Service:    config.Service,
		Spec:       "config: {}\n",
		Simulators: []sandbox.Simulator{sts.New(), accountsim.New(), ec2.New(), iam.New(), s3.New(), sim.New()},
		Drift: map[string]servicetest.Tamper{
			"config.service_linked_role/*": func(a *sandbox.Account, _ resource.ID) {
				iam.Edit(a, func(s *iam.State) { s.Roles = nil })
			},

			"config.bucket/*": func(a *sandbox.Account, id resource.ID) {
				s3.Edit(a, func(s *s3.State) { delete(s.Buckets, id.Name) })
			},
			"config.bucket/* public_access_block.block_public_acls":       inBucket(func(b *s3.Bucket) { b.Public.BlockPublicAcls = false }),
			"config.bucket/* public_access_block.ignore_public_acls":      inBucket(func(b *s3.Bucket) { b.Public.IgnorePublicAcls = false }),
			"config.bucket/* public_access_block.block_public_policy":     inBucket(func(b *s3.Bucket) { b.Public.BlockPublicPolicy = false }),
			"config.bucket/* public_access_block.restrict_public_buckets": inBucket(func(b *s3.Bucket) { b.Public.RestrictPublicBuckets = false }),
			"config.bucket/* object_ownership":                            inBucket(func(b *s3.Bucket) { b.Ownership = "ObjectWriter" }),
			"config.bucket/* encryption":                                  inBucket(func(b *s3.Bucket) { b.Encryption = nil }),

			"config.bucket_policy/* statements.AllowSSLRequestsOnly":            inPolicy(`"aws:SecureTransport":"false"`, `"aws:SecureTransport":"true"`),
			"config.bucket_policy/* statements.AWSConfigBucketPermissionsCheck": inPolicy("s3:GetBucketAcl", "s3:GetBucketLocation"),
			"config.bucket_policy/* statements.AWSConfigBucketExistenceCheck":   inPolicy("s3:ListBucket", "s3:GetBucketLocation"),
			"config.bucket_policy/* statements.AWSConfigBucketDelivery":         inPolicy("bucket-owner-full-control", "public-read"),

			"config.recorder/*": inRegion(func(s *sim.State) { s.Recorder = nil }),
			"config.recorder/* all_supported": func(a *sandbox.Account, id resource.ID) {
				strategy := map[bool]string{true: sim.Exclusion, false: sim.Inclusion}[id.Scope == servicetest.Home] // the global types stay as they are
				sim.Edit(a, string(id.Scope), func(s *sim.State) { s.Recorder.Group = sim.Group{Strategy: strategy} })
			},
			"config.recorder/eu-west-1/recorder include_global_resource_types":      inRegion(func(s *sim.State) { s.Recorder.Group.IncludeGlobal = false }),
			"config.recorder/us-east-1/recorder include_global_resource_types":      nil, // wanted in the home region alone
			"config.recorder/ap-northeast-1/recorder include_global_resource_types": nil,
			"config.recorder/* recording_frequency":                                 inRegion(func(s *sim.State) { s.Recorder.Mode.Frequency = "DAILY" }),

			"config.delivery_channel/*": inRegion(func(s *sim.State) {
				s.Channel, s.Recorder.Recording, s.Recorder.StartedAt = nil, false, time.Time{}
			}),
			"config.delivery_channel/* s3_bucket_name": inRegion(func(s *sim.State) { s.Channel.Bucket = "nowhere" }),

			"config.recording/*":           inRegion(func(s *sim.State) { s.Recorder.Recording, s.Recorder.StartedAt = false, time.Time{} }),
			"config.recording/* recording": inRegion(func(s *sim.State) { s.Recorder.Recording = false }),
		},
		Foreign: func(a *sandbox.Account) {
			sim.Edit(a, servicetest.Home, func(s *sim.State) {
				s.Recorder.Tags["theirs"] = "yes"
				s.Recorder.Mode.Overrides = []sim.Override{{Description: "theirs", Types: []string{"AWS::EC2::Volume"}, Frequency: "DAILY"}}
				s.Channel.TopicARN, s.Channel.Frequency = "arn:aws:sns:eu-west-1:123456789012:theirs", "Six_Hours"
				s.Linked = []*sim.Recorder{{Name: "AWSConfigurationRecorderForTheirs", ServicePrincipal: "theirs.amazonaws.com", Recording: true}}
			})
			s3.Edit(a, func(s *s3.State) {
				b := s.Buckets[logs]
				b.Tags["theirs"] = "yes"
				b.Policy = strings.Replace(b.Policy, `"Statement":[`,
					`"Statement":[{"Sid":"Theirs","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::`+logs+`/*"},`, 1)
			})
		},
		Stricter: func(a *sandbox.Account) {
			sim.Edit(a, "us-east-1", func(s *sim.State) {
				s.Recorder.Group.IncludeGlobal = true
				if s.Recorder.Group.Strategy != sim.AllSupported { // tampered with: there the types themselves say so
					s.Recorder.Group = sim.Group{Strategy: sim.Inclusion, Types: []string{"AWS::IAM::Role"}}
				}
			})
			s3.Edit(a, func(s *s3.State) {
				s.Buckets[logs].Encryption = []s3.EncryptionRule{{Algorithm: "aws:kms", KeyID: "arn:aws:kms:eu-west-1:123456789012:key/k", BucketKey: true}}
				s.Buckets[logs].Versioning = "Enabled"
			})
		},
	})
}

func inRegion(change func(*sim.State)) servicetest.Tamper {
	return func(a *sandbox.Account, id resource.ID) { sim.Edit(a, string(id.Scope), change) }
}

func inBucket(change func(*s3.Bucket)) servicetest.Tamper {
	return func(a *sandbox.Account, id resource.ID) {
		s3.Edit(a, func(s *s3.State) { change(s.Buckets[id.Name]) })
	}
}

// inPolicy changes a word of the bucket policy.
func inPolicy(word, to string) servicetest.Tamper {
	return inBucket(func(b *s3.Bucket) { b.Policy = strings.Replace(b.Policy, word, to, 1) })
}

func TestTheWordsOfTheConformancePolicy(t *testing.T) {
	w := settled(t)
	policy := s3.Get(w.acct).Buckets[logs].Policy
	for _, word := range []string{`"aws:SecureTransport":"false"`, "s3:GetBucketAcl", "s3:ListBucket", "bucket-owner-full-control"} {
		require.Equal(t, 1, strings.Count(policy, word), word)
	}
}
