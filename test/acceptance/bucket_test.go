package acceptance

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (w *world) s3() *s3.Client {
	return s3.NewFromConfig(w.aws(w.home), func(o *s3.Options) { o.UsePathStyle = true })
}

func (w *world) bucketARN(name string) string { return "arn:" + w.partition + ":s3:::" + name }

// checkBucket looks at what the two log buckets have in common, and returns the
// statements of the policy.
func checkBucket(ctx context.Context, w *world, name string) []statement {
	client := w.s3()
	location, err := client.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: &name})
	require.NoError(w, err, name)
	assert.Equal(w, w.home, string(location.LocationConstraint))

	access, err := client.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: &name})
	require.NoError(w, err)
	block := access.PublicAccessBlockConfiguration
	for _, on := range []*bool{block.BlockPublicAcls, block.BlockPublicPolicy, block.IgnorePublicAcls, block.RestrictPublicBuckets} {
		assert.True(w, aws.ToBool(on))
	}

	ownership, err := client.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: &name})
	require.NoError(w, err)
	require.Len(w, ownership.OwnershipControls.Rules, 1)
	assert.Equal(w, types.ObjectOwnershipBucketOwnerEnforced, ownership.OwnershipControls.Rules[0].ObjectOwnership)

	encryption, err := client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &name})
	require.NoError(w, err)
	require.Len(w, encryption.ServerSideEncryptionConfiguration.Rules, 1)
	assert.NotEmpty(w, encryption.ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm)

	if !w.skips(bucketTags) {
		tags, err := client.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &name})
		require.NoError(w, err)
		assert.True(w, slices.ContainsFunc(tags.TagSet, func(tag types.Tag) bool {
			return aws.ToString(tag.Key) == "managed-by" && aws.ToString(tag.Value) == "kiso"
		}))
	}

	policy, err := client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &name})
	require.NoError(w, err)
	statements := w.statements(aws.ToString(policy.Policy))
	for _, resource := range []string{w.bucketARN(name), w.bucketARN(name) + "/*"} {
		assert.True(w, slices.ContainsFunc(statements, func(s statement) bool { return s.deniesPlainHTTP(resource) }), "TLS only: %s", resource)
	}
	return statements
}

// checkPermission looks for a statement that lets a service in, bound by a condition.
func (w *world) checkPermission(statements []statement, service, action, resource, key, value string) {
	w.Helper()
	assert.True(w, slices.ContainsFunc(statements, func(s statement) bool {
		return s.allows(service, action, resource) && slices.Contains(s.condition(key), value)
	}), "%s may %s on %s where %s is %s: %+v", service, action, resource, key, value, statements)
}
