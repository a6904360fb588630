package s3_test

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/s3"
)

const logs = "logs-123456789012"

func setUp(t *testing.T) (*sandbox.Account, *awss3.Client) {
	t.Helper()
	acct := sandbox.New(sandbox.Options{}, s3.New())
	return acct, client(acct, "eu-west-1")
}

func client(acct *sandbox.Account, region string) *awss3.Client {
	return awss3.NewFromConfig(acct.Config(region))
}

func create(t *testing.T, c *awss3.Client, change func(*awss3.CreateBucketInput)) error {
	t.Helper()
	in := &awss3.CreateBucketInput{
		Bucket:                    aws.String(logs),
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-west-1"},
	}
	if change != nil {
		change(in)
	}
	_, err := c.CreateBucket(t.Context(), in)
	return err
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func TestCreateHeadAndDefaults(t *testing.T) {
	acct, c := setUp(t)
	require.NoError(t, create(t, c, func(in *awss3.CreateBucketInput) {
		in.ObjectLockEnabledForBucket = aws.Bool(true)
		in.CreateBucketConfiguration.Tags = []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}
	}))
	head, err := c.HeadBucket(t.Context(), &awss3.HeadBucketInput{Bucket: aws.String(logs), ExpectedBucketOwner: aws.String("123456789012")})
	require.NoError(t, err)
	assert.Equal(t, "eu-west-1", aws.ToString(head.BucketRegion))

	versioning, err := c.GetBucketVersioning(t.Context(), &awss3.GetBucketVersioningInput{Bucket: aws.String(logs)})
	require.NoError(t, err)
	assert.Equal(t, types.BucketVersioningStatusEnabled, versioning.Status)
	block, err := c.GetPublicAccessBlock(t.Context(), &awss3.GetPublicAccessBlockInput{Bucket: aws.String(logs)})
	require.NoError(t, err)
	assert.True(t, *block.PublicAccessBlockConfiguration.RestrictPublicBuckets)
	ownership, err := c.GetBucketOwnershipControls(t.Context(), &awss3.GetBucketOwnershipControlsInput{Bucket: aws.String(logs)})
	require.NoError(t, err)
	assert.Equal(t, types.ObjectOwnershipBucketOwnerEnforced, ownership.OwnershipControls.Rules[0].ObjectOwnership)
	encryption, err := c.GetBucketEncryption(t.Context(), &awss3.GetBucketEncryptionInput{Bucket: aws.String(logs)})
	require.NoError(t, err)
	assert.Equal(t, types.ServerSideEncryptionAes256, encryption.ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm)
	lock, err := c.GetObjectLockConfiguration(t.Context(), &awss3.GetObjectLockConfigurationInput{Bucket: aws.String(logs)})
	require.NoError(t, err)
	assert.Nil(t, lock.ObjectLockConfiguration.Rule)
	tags, err := c.GetBucketTagging(t.Context(), &awss3.GetBucketTaggingInput{Bucket: aws.String(logs)})
	require.NoError(t, err)
	assert.Len(t, tags.TagSet, 1)
	acl, err := c.GetBucketAcl(t.Context(), &awss3.GetBucketAclInput{Bucket: aws.String(logs)})
	require.NoError(t, err)
	assert.Equal(t, types.TypeCanonicalUser, acl.Grants[0].Grantee.Type)
	list, err := c.ListBuckets(t.Context(), &awss3.ListBucketsInput{Prefix: aws.String("logs-")})
	require.NoError(t, err)
	require.Len(t, list.Buckets, 1)
	assert.Equal(t, "eu-west-1", aws.ToString(list.Buckets[0].BucketRegion))
	for _, call := range acct.Writes() {
		assert.True(t, call.Effective, call.Operation)
	}
}

func TestCreateRefusals(t *testing.T) {
	acct, c := setUp(t)
	s3.Edit(acct, func(s *s3.State) { s.Buckets["taken"] = &s3.Bucket{Region: "us-west-2", Owner: "999999999999"} })
	require.NoError(t, create(t, c, nil))
	for name, want := range map[string]struct {
		region, bucket, location, code string
	}{
		"ours":             {"eu-west-1", logs, "eu-west-1", "BucketAlreadyOwnedByYou"},
		"ours, elsewhere":  {"us-east-1", logs, "", "BucketAlreadyOwnedByYou"},
		"theirs":           {"eu-west-1", "taken", "eu-west-1", "BucketAlreadyExists"},
		"no location":      {"eu-west-1", "new", "", "IllegalLocationConstraintException"},
		"another location": {"eu-west-1", "new", "us-west-2", "IllegalLocationConstraintException"},
		"us-east-1 said":   {"us-east-1", "new", "us-east-1", "InvalidLocationConstraint"},
		"upper case":       {"us-east-1", "NEW", "", "InvalidBucketName"},
	} {
		t.Run(name, func(t *testing.T) {
			err := create(t, client(acct, want.region), func(in *awss3.CreateBucketInput) {
				in.Bucket, in.CreateBucketConfiguration = &want.bucket, nil
				if want.location != "" {
					in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(want.location)}
				}
			})
			assert.Equal(t, want.code, code(err), "%v", err)
		})
	}
}

func TestUsEast1RecreatesAndResetsACL(t *testing.T) {
	acct, _ := setUp(t)
	c := client(acct, "us-east-1")
	noConfig := func(in *awss3.CreateBucketInput) { in.CreateBucketConfiguration = nil }
	require.NoError(t, create(t, c, noConfig))
	s3.Edit(acct, func(s *s3.State) { s.Buckets[logs].Grants = []s3.Grant{{Grantee: "x", Permission: "READ"}} })
	require.NoError(t, create(t, c, noConfig))
	assert.Empty(t, s3.Get(acct).Buckets[logs].Grants)
}

func TestWhoseAndWhere(t *testing.T) {
	acct, c := setUp(t)
	require.NoError(t, create(t, c, nil))
	s3.Edit(acct, func(s *s3.State) { s.Buckets["taken"] = &s3.Bucket{Region: "eu-west-1", Owner: "999999999999"} })
	for name, want := range map[string]struct {
		region, bucket, owner string
		status                int
		at                    string
	}{
		"absent":         {"eu-west-1", "nothing", "", 404, ""},
		"another region": {"us-east-1", logs, "", 301, "eu-west-1"},
		"not the owner":  {"eu-west-1", logs, "999999999999", 403, "eu-west-1"},
		"theirs":         {"eu-west-1", "taken", "", 403, "eu-west-1"},
	} {
		t.Run(name, func(t *testing.T) {
			in := &awss3.HeadBucketInput{Bucket: &want.bucket}
			if want.owner != "" {
				in.ExpectedBucketOwner = &want.owner
			}
			_, err := client(acct, want.region).HeadBucket(t.Context(), in)
			var answer *awshttp.ResponseError
			require.ErrorAs(t, err, &answer)
			assert.Equal(t, want.status, answer.HTTPStatusCode())
			assert.Equal(t, want.at, answer.Response.Header.Get("x-amz-bucket-region"))
		})
	}
	_, err := c.GetBucketPolicy(t.Context(), &awss3.GetBucketPolicyInput{Bucket: aws.String("taken")})
	assert.Equal(t, "MethodNotAllowed", code(err))
	_, err = client(acct, "us-east-1").GetBucketVersioning(t.Context(), &awss3.GetBucketVersioningInput{Bucket: aws.String(logs)})
	assert.Equal(t, "PermanentRedirect", code(err))
}

func TestNotConfigured(t *testing.T) {
	acct, c := setUp(t)
	s3.Edit(acct, func(s *s3.State) { s.Buckets[logs] = &s3.Bucket{Region: "eu-west-1"} })
	name := aws.String(logs)
	_, policy := c.GetBucketPolicy(t.Context(), &awss3.GetBucketPolicyInput{Bucket: name})
	_, lock := c.GetObjectLockConfiguration(t.Context(), &awss3.GetObjectLockConfigurationInput{Bucket: name})
	_, block := c.GetPublicAccessBlock(t.Context(), &awss3.GetPublicAccessBlockInput{Bucket: name})
	_, ownership := c.GetBucketOwnershipControls(t.Context(), &awss3.GetBucketOwnershipControlsInput{Bucket: name})
	_, encryption := c.GetBucketEncryption(t.Context(), &awss3.GetBucketEncryptionInput{Bucket: name})
	_, tagging := c.GetBucketTagging(t.Context(), &awss3.GetBucketTaggingInput{Bucket: name})
	assert.Equal(t, []string{
		"NoSuchBucketPolicy", "ObjectLockConfigurationNotFoundError", "NoSuchPublicAccessBlockConfiguration",
		"OwnershipControlsNotFoundError", "ServerSideEncryptionConfigurationNotFoundError", "NoSuchTagSet",
	}, []string{code(policy), code(lock), code(block), code(ownership), code(encryption), code(tagging)})
	versioning, err := c.GetBucketVersioning(t.Context(), &awss3.GetBucketVersioningInput{Bucket: name})
	require.NoError(t, err)
	assert.Empty(t, versioning.Status)
}

func putLock(t *testing.T, c *awss3.Client, r *types.DefaultRetention) error {
	t.Helper()
	config := &types.ObjectLockConfiguration{ObjectLockEnabled: types.ObjectLockEnabledEnabled}
	if r != nil {
		config.Rule = &types.ObjectLockRule{DefaultRetention: r}
	}
	_, err := c.PutObjectLockConfiguration(t.Context(), &awss3.PutObjectLockConfigurationInput{Bucket: aws.String(logs), ObjectLockConfiguration: config})
	return err
}

func putVersioning(t *testing.T, c *awss3.Client, status types.BucketVersioningStatus) error {
	t.Helper()
	_, err := c.PutBucketVersioning(t.Context(), &awss3.PutBucketVersioningInput{
		Bucket: aws.String(logs), VersioningConfiguration: &types.VersioningConfiguration{Status: status},
	})
	return err
}

func TestObjectLock(t *testing.T) {
	_, c := setUp(t)
	require.NoError(t, create(t, c, nil))
	year := &types.DefaultRetention{Mode: types.ObjectLockRetentionModeGovernance, Days: aws.Int32(365)}
	assert.Equal(t, "InvalidBucketState", code(putLock(t, c, year)), "needs versioning")
	require.NoError(t, putVersioning(t, c, types.BucketVersioningStatusSuspended))
	require.NoError(t, putVersioning(t, c, types.BucketVersioningStatusEnabled))
	require.NoError(t, putLock(t, c, year))
	assert.Equal(t, "InvalidBucketState", code(putVersioning(t, c, types.BucketVersioningStatusSuspended)))
	require.NoError(t, putVersioning(t, c, types.BucketVersioningStatusEnabled))

	lock, err := c.GetObjectLockConfiguration(t.Context(), &awss3.GetObjectLockConfigurationInput{Bucket: aws.String(logs)})
	require.NoError(t, err)
	assert.Equal(t, year, lock.ObjectLockConfiguration.Rule.DefaultRetention)
	for name, bad := range map[string]*types.DefaultRetention{
		"MalformedXML":    {Mode: "GOVERNANCE", Days: aws.Int32(1), Years: aws.Int32(1)},
		"InvalidArgument": {Mode: "GOVERNANCE", Days: aws.Int32(36501)},
	} {
		assert.Equal(t, name, code(putLock(t, c, bad)))
	}
	_, err = c.PutObjectLockConfiguration(t.Context(), &awss3.PutObjectLockConfigurationInput{
		Bucket: aws.String(logs), ObjectLockConfiguration: &types.ObjectLockConfiguration{},
	})
	assert.Equal(t, "MalformedXML", code(err), "ObjectLockEnabled is wanted every time")
	require.NoError(t, putLock(t, c, nil))
}

func TestOwnershipWithForeignGrants(t *testing.T) {
	acct, c := setUp(t)
	require.NoError(t, create(t, c, nil))
	s3.Edit(acct, func(s *s3.State) {
		s.Buckets[logs].Ownership, s.Buckets[logs].Grants = "ObjectWriter", []s3.Grant{{Grantee: "x", Permission: "WRITE"}}
	})
	_, err := c.PutBucketOwnershipControls(t.Context(), &awss3.PutBucketOwnershipControlsInput{
		Bucket:            aws.String(logs),
		OwnershipControls: &types.OwnershipControls{Rules: []types.OwnershipControlsRule{{ObjectOwnership: types.ObjectOwnershipBucketOwnerEnforced}}},
	})
	assert.Equal(t, "InvalidBucketAclWithObjectOwnership", code(err))
}

func putPolicy(t *testing.T, c *awss3.Client, policy string) error {
	t.Helper()
	_, err := c.PutBucketPolicy(t.Context(), &awss3.PutBucketPolicyInput{Bucket: aws.String(logs), Policy: &policy})
	return err
}

func TestPolicy(t *testing.T) {
	_, c := setUp(t)
	require.NoError(t, create(t, c, nil))
	statement := func(change func(map[string]any)) string {
		s := map[string]any{
			"Sid": "a", "Effect": "Allow", "Principal": map[string]any{"Service": "cloudtrail.amazonaws.com"},
			"Action": "s3:GetBucketAcl", "Resource": "arn:aws:s3:::" + logs,
		}
		change(s)
		text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{s}})
		require.NoError(t, err)
		return string(text)
	}
	same := func(map[string]any) {}
	require.NoError(t, putPolicy(t, c, statement(same)))
	got, err := c.GetBucketPolicy(t.Context(), &awss3.GetBucketPolicyInput{Bucket: aws.String(logs)})
	require.NoError(t, err)
	assert.Equal(t, statement(same), *got.Policy)

	for name, change := range map[string]func(map[string]any){
		"effect":       func(s map[string]any) { s["Effect"] = "allow" },
		"no principal": func(s map[string]any) { delete(s, "Principal") },
		"member":       func(s map[string]any) { s["Actions"] = "s3:*" },
		"other bucket": func(s map[string]any) { s["Resource"] = "arn:aws:s3:::other" },
		"partition":    func(s map[string]any) { s["Resource"] = "arn:aws-cn:s3:::" + logs },
		"object":       func(s map[string]any) { s["Action"] = "s3:PutObject" },
		"service":      func(s map[string]any) { s["Action"] = "sns:Publish" },
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, "MalformedPolicy", code(putPolicy(t, c, statement(change)))) })
	}
	assert.Equal(t, "MalformedPolicy", code(putPolicy(t, c, "nonsense")))
	everybody := statement(func(s map[string]any) { s["Principal"] = "*" })
	assert.Equal(t, "AccessDenied", code(putPolicy(t, c, everybody)), "BlockPublicPolicy")
	deny := statement(func(s map[string]any) { s["Principal"], s["Effect"] = "*", "Deny" })
	assert.NoError(t, putPolicy(t, c, deny))
}

func TestPermits(t *testing.T) {
	const object = "arn:aws:s3:::logs/AWSLogs/1/CloudTrail/x"
	allow := `{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/AWSLogs/1/*",` +
		`"Condition":{"StringEquals":{"aws:SourceArn":["a","b"],"s3:x-amz-acl":"bucket-owner-full-control"}}}`
	tls := `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::logs","arn:aws:s3:::logs/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}`
	shut := `{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"s3:put*","Resource":"arn:aws:s3:::logs/*"}`
	access := func(source string) s3.Access {
		return s3.Access{Service: "cloudtrail.amazonaws.com", Action: "s3:PutObject", Resource: object, Context: map[string]string{
			"aws:SourceArn": source, "s3:x-amz-acl": "bucket-owner-full-control", "aws:SecureTransport": "true",
		}}
	}
	permits := func(source string, statements string) bool {
		b := s3.Bucket{Policy: `{"Statement":[` + statements + `]}`}
		return b.Permits(access(source))
	}
	assert.True(t, permits("a", allow))
	assert.True(t, permits("b", allow+","+tls))
	assert.False(t, permits("c", allow))
	assert.False(t, permits("a", tls))
	assert.False(t, permits("a", allow+","+shut))
	assert.False(t, (&s3.Bucket{}).Permits(access("a")))
}

func TestPathStyleOnLoopbackAndLag(t *testing.T) {
	acct, _ := setUp(t)
	acct.Adjust(func(o *sandbox.Options) { o.ReadLag = time.Hour })
	server := httptest.NewServer(acct)
	defer server.Close()
	cfg := acct.Config("eu-west-1")
	cfg.HTTPClient, cfg.BaseEndpoint = server.Client(), aws.String(server.URL)
	c := awss3.NewFromConfig(cfg, func(o *awss3.Options) { o.UsePathStyle = true })
	require.NoError(t, create(t, c, nil))
	_, err := c.HeadBucket(t.Context(), &awss3.HeadBucketInput{Bucket: aws.String(logs)})
	assert.Equal(t, "NotFound", code(err), "not yet visible")
	acct.Adjust(func(o *sandbox.Options) { o.ReadLag = 0 })
	_, err = c.HeadBucket(t.Context(), &awss3.HeadBucketInput{Bucket: aws.String(logs)})
	assert.NoError(t, err)
}
