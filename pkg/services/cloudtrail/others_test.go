package cloudtrail_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	trailsim "github.com/kiso-cli/kiso/pkg/sandbox/cloudtrail"
	"github.com/kiso-cli/kiso/pkg/sandbox/s3"
)

// theirs is a trail of another account that delivers to a bucket of this one.
const theirs = "arn:aws:cloudtrail:eu-west-1:222222222222:trail/theirs"

// permitted says whether a bucket lets CloudTrail act for a trail.
func permitted(w *world, b, action, resource, source string) bool {
	bk := s3.Get(w.acct).Buckets[b]
	return bk.Permits(s3.Access{Service: "cloudtrail.amazonaws.com", Action: action, Resource: "arn:aws:s3:::" + resource,
		Context: map[string]string{"aws:SourceArn": source, "aws:SourceAccount": "222222222222", "aws:SecureTransport": "true", "s3:x-amz-acl": "bucket-owner-full-control"}})
}

// One statement for each account that writes, and one check of the bucket for all of
// them: binding the check would end the deliveries of the others.
func TestTheCheckThatOthersRestOn(t *testing.T) {
	for name, bound := range map[string]string{"write bound": `,"aws:SourceArn":"` + theirs + `"`, "write unbound": ""} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sandbox.Options{}, "eu-west-1")
			w.seed("us-east-1", "company", nil)
			s3.Edit(w.acct, func(s *s3.State) {
				s.Buckets["company-logs"].Policy = `{"Version":"2012-10-17","Statement":[
			{"Sid":"AWSCloudTrailAclCheck20150319","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::company-logs"},
			{"Sid":"AWSCloudTrailWrite20150319","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::company-logs/AWSLogs/123456789012/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}}},
			{"Sid":"WriteFromAccount222222222222","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::company-logs/AWSLogs/222222222222/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"` + bound + `}}}]}`
			})
			check := func() bool {
				return permitted(w, "company-logs", "s3:GetBucketAcl", "company-logs", theirs) && permitted(w, "company-logs", "s3:PutObject", "company-logs/AWSLogs/222222222222/CloudTrail/x", theirs)
			}
			require.True(t, check(), "before")
			require.NoError(t, w.apply(true).Err())
			assert.True(t, check(), "after: %s", s3.Get(w.acct).Buckets["company-logs"].Policy)
		})
	}
}

// A log archive: the organization delivers beside the account's own trail, by the
// statements that AWS's documentation had before it bound them.
func TestTheCheckThatAnOrganizationRestsOn(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, "eu-west-1")
	w.seed("eu-west-1", "kiso", func(t *trailsim.Trail) { t.Bucket = "central" })
	w.seed("us-east-1", "org", func(t *trailsim.Trail) { t.Account, t.Organization, t.Bucket = "999999999999", true, "central" })
	const org = "arn:aws:cloudtrail:us-east-1:999999999999:trail/org"
	s3.Edit(w.acct, func(s *s3.State) {
		s.Buckets["central"].Policy = `{"Version":"2012-10-17","Statement":[
			{"Sid":"AWSCloudTrailAclCheck20150319","Effect":"Allow","Principal":{"Service":["cloudtrail.amazonaws.com"]},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::central"},
			{"Sid":"AWSCloudTrailWrite20150319","Effect":"Allow","Principal":{"Service":["cloudtrail.amazonaws.com"]},"Action":"s3:PutObject","Resource":"arn:aws:s3:::central/AWSLogs/123456789012/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}}},
			{"Sid":"AWSCloudTrailOrganizationWrite20150319","Effect":"Allow","Principal":{"Service":["cloudtrail.amazonaws.com"]},"Action":"s3:PutObject","Resource":"arn:aws:s3:::central/AWSLogs/o-exampleorg/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}}}]}`
	})
	require.True(t, permitted(w, "central", "s3:GetBucketAcl", "central", org))
	require.NoError(t, w.apply(true).Err())
	assert.True(t, permitted(w, "central", "s3:GetBucketAcl", "central", org), s3.Get(w.acct).Buckets["central"].Policy)
}

// What has one of our Sids and is for others too stays, and ours goes beside it.
func TestAStatementOfOursSidThatIsForOthers(t *testing.T) {
	for name, statement := range map[string]string{
		"two actions":       `{"Sid":"AWSCloudTrailWrite20150319","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":["s3:PutObject","s3:GetBucketAcl"],"Resource":["arn:aws:s3:::company-logs","arn:aws:s3:::company-logs/AWSLogs/123456789012/*","arn:aws:s3:::company-logs/AWSLogs/222222222222/*"]}`,
		"any action":        `{"Sid":"AWSCloudTrailWrite20150319","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:*","Resource":["arn:aws:s3:::company-logs","arn:aws:s3:::company-logs/*"]}`,
		"other condition":   `{"Sid":"AWSCloudTrailWrite20150319","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:*","Resource":["arn:aws:s3:::company-logs","arn:aws:s3:::company-logs/*"],"Condition":{"Bool":{"aws:SecureTransport":"true"}}}`,
		"principal as well": `{"Sid":"AWSCloudTrailWrite20150319","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com","AWS":"arn:aws:iam::222222222222:root"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::company-logs/*"}`,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sandbox.Options{}, "eu-west-1")
			w.seed("us-east-1", "company", nil)
			s3.Edit(w.acct, func(s *s3.State) {
				s.Buckets["company-logs"].Policy = `{"Version":"2012-10-17","Statement":[{"Sid":"Acl","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::company-logs"},` + statement + `]}`
			})
			check := func() bool {
				return permitted(w, "company-logs", "s3:PutObject", "company-logs/AWSLogs/222222222222/CloudTrail/x", theirs)
			}
			require.True(t, check())
			require.NoError(t, w.apply(true).Err())
			assert.True(t, check(), s3.Get(w.acct).Buckets["company-logs"].Policy)
			if name == "principal as well" {
				assert.Contains(t, s3.Get(w.acct).Buckets["company-logs"].Policy, "222222222222:root")
			}
		})
	}
}

// A denial stays, whatever its Sid.
func TestADenialThatHasOneOfOurSids(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, "eu-west-1")
	w.seed("us-east-1", "company", nil)
	s3.Edit(w.acct, func(s *s3.State) {
		s.Buckets["company-logs"].Policy = `{"Version":"2012-10-17","Statement":[{"Sid":"AllowSSLRequestsOnly","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::company-logs/*","arn:aws:s3:::company-logs","arn:aws:s3:::company-logs/x"],"Condition":{"Bool":{"aws:SecureTransport":["false"]}}},
		{"Sid":"AWSCloudTrailWrite20150319","Effect":"Deny","Principal":"*","Action":"s3:DeleteObject*","Resource":"arn:aws:s3:::company-logs/*"}]}`
	})
	require.NoError(t, w.apply(true).Err())
	assert.Contains(t, s3.Get(w.acct).Buckets["company-logs"].Policy, "s3:DeleteObject*")
}
