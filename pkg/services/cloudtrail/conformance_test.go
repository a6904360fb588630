package cloudtrail_test

import (
	"strings"
	"testing"

	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/account"
	trailsim "github.com/kiso-cli/kiso/pkg/sandbox/cloudtrail"
	configsim "github.com/kiso-cli/kiso/pkg/sandbox/config"
	"github.com/kiso-cli/kiso/pkg/sandbox/ec2"
	"github.com/kiso-cli/kiso/pkg/sandbox/iam"
	"github.com/kiso-cli/kiso/pkg/sandbox/s3"
	"github.com/kiso-cli/kiso/pkg/sandbox/sts"
	"github.com/kiso-cli/kiso/pkg/services/cloudtrail"
	"github.com/kiso-cli/kiso/pkg/services/servicetest"
)

const logs = "kiso-cloudtrail-123456789012-" + servicetest.Home

func editTrail(change func(*trailsim.Trail)) servicetest.Tamper {
	return func(a *sandbox.Account, _ resource.ID) {
		trailsim.Edit(a, servicetest.Home, func(s *trailsim.State) { change(s.Trails["kiso"]) })
	}
}

func editBucket(change func(*s3.Bucket)) servicetest.Tamper {
	return func(a *sandbox.Account, _ resource.ID) {
		s3.Edit(a, func(s *s3.State) { change(s.Buckets[logs]) })
	}
}

// weaken replaces a text of the policy with another.
func weaken(from, to string) servicetest.Tamper {
	return editBucket(func(b *s3.Bucket) { b.Policy = strings.Replace(b.Policy, from, to, 1) })
}

func simulators() []sandbox.Simulator {
	return []sandbox.Simulator{sts.New(), account.New(), ec2.New(), s3.New(), trailsim.New(), configsim.New(), iam.New()}
}

func TestConformance(t *testing.T) {
	no, yes := false, true
	servicetest.Run(t, servicetest.Case{
		Service:    cloudtrail.Service,
		Spec:       "cloudtrail: {}\n",
		Simulators: simulators(),
		Drift: map[string]servicetest.Tamper{
			"cloudtrail.trail/*": func(a *sandbox.Account, _ resource.ID) {
				trailsim.Edit(a, servicetest.Home, func(s *trailsim.State) { delete(s.Trails, "kiso") })
			},
			"cloudtrail.trail/* s3_bucket_name":        editTrail(func(t *trailsim.Trail) { t.Bucket = "elsewhere" }),
			"cloudtrail.trail/* multi_region":          editTrail(func(t *trailsim.Trail) { t.MultiRegion = false }),
			"cloudtrail.trail/* global_service_events": editTrail(func(t *trailsim.Trail) { t.Global = false }),
			"cloudtrail.trail/* log_file_validation":   editTrail(func(t *trailsim.Trail) { t.Validation = false }),
			"cloudtrail.trail/* logging":               editTrail(func(t *trailsim.Trail) { t.Logging = false }),
			"cloudtrail.trail/* management_events": editTrail(func(t *trailsim.Trail) {
				t.Selectors[0].ReadWriteType, t.Selectors[0].Management = "WriteOnly", &yes
			}),

			"cloudtrail.bucket/*": func(a *sandbox.Account, _ resource.ID) {
				s3.Edit(a, func(s *s3.State) { delete(s.Buckets, logs) })
			},
			"cloudtrail.bucket/* versioning":                                  editBucket(func(b *s3.Bucket) { b.Versioning = "" }),
			"cloudtrail.bucket/* public_access_block.block_public_acls":       editBucket(func(b *s3.Bucket) { b.Public.BlockPublicAcls = false }),
			"cloudtrail.bucket/* public_access_block.ignore_public_acls":      editBucket(func(b *s3.Bucket) { b.Public.IgnorePublicAcls = false }),
			"cloudtrail.bucket/* public_access_block.block_public_policy":     editBucket(func(b *s3.Bucket) { b.Public.BlockPublicPolicy = false }),
			"cloudtrail.bucket/* public_access_block.restrict_public_buckets": editBucket(func(b *s3.Bucket) { b.Public.RestrictPublicBuckets = false }),
			"cloudtrail.bucket/* object_ownership":                            editBucket(func(b *s3.Bucket) { b.Ownership = "" }),
			"cloudtrail.bucket/* encryption":                                  editBucket(func(b *s3.Bucket) { b.Encryption = nil }),

			"cloudtrail.bucket_lock/*":                     editBucket(func(b *s3.Bucket) { b.Retention = nil }),
			"cloudtrail.bucket_lock/* object_lock_enabled": nil, // nobody can turn it off, and a bucket without is not kiso's
			"cloudtrail.bucket_lock/* mode":                nil, // there is none that is weaker
			"cloudtrail.bucket_lock/* retention":           editBucket(func(b *s3.Bucket) { *b.Retention.Days = 1 }),

			"cloudtrail.bucket_policy/* statements.AllowSSLRequestsOnly":          weaken(`"aws:SecureTransport":"false"`, `"aws:SecureTransport":"true"`),
			"cloudtrail.bucket_policy/* statements.AWSCloudTrailAclCheck20150319": weaken(`,"Condition":{"StringEquals":{"aws:SourceArn":"arn:aws:cloudtrail:`, `,"Condition":{"StringNotEquals":{"aws:SourceArn":"arn:aws:cloudtrail:`),
			"cloudtrail.bucket_policy/* statements.AWSCloudTrailWrite20150319":    weaken(`"s3:x-amz-acl":"bucket-owner-full-control"`, `"s3:x-amz-acl":"private"`),
		},
		Foreign: func(a *sandbox.Account) {
			trailsim.Edit(a, servicetest.Home, func(s *trailsim.State) {
				kiso := s.Trails["kiso"]
				kiso.Tags["team"], kiso.Insights, kiso.Topic = "blue", []string{"ApiCallRateInsight"}, "arn:aws:sns:eu-west-1:123456789012:logs"
				kiso.Selectors = []trailsim.EventSelector{
					{ReadWriteType: "All", Management: &yes, DataResources: []trailsim.DataResource{}, Exclude: []string{}},
				}
				kiso.Selectors = append(kiso.Selectors, trailsim.EventSelector{
					ReadWriteType: "WriteOnly", Management: &no, Exclude: []string{},
					DataResources: []trailsim.DataResource{{Type: "AWS::S3::Object", Values: []string{"arn:aws:s3"}}},
				})
				s.Trails["local"] = &trailsim.Trail{Bucket: "local", Logging: true}
			})
			s3.Edit(a, func(s *s3.State) {
				b := s.Buckets[logs]
				b.Tags["team"] = "blue"
				b.Policy = strings.Replace(b.Policy, `"Statement":[`, `"Statement":[{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"s3:DeleteBucket","Resource":"arn:aws:s3:::`+logs+`"},`, 1)
			})
		},
		Stricter: func(a *sandbox.Account) {
			editBucket(func(b *s3.Bucket) {
				years := 10
				b.Retention = &s3.Retention{Mode: "COMPLIANCE", Years: &years}
				b.Encryption = []s3.EncryptionRule{{Algorithm: "aws:kms", KeyID: "arn:aws:kms:eu-west-1:123456789012:key/k"}}
			})(a, resource.ID{})
			editTrail(func(t *trailsim.Trail) { t.KMSKey = "arn:aws:kms:eu-west-1:123456789012:key/k" })(a, resource.ID{})
		},
	})
}
