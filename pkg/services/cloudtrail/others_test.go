package cloudtrail_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/resource"
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

// A policy that says all that ours would, under the Sids of the console and of other
// tools, is as good; what of it is taken away is written under ours.
func TestStatementsThatAreSaidUnderOtherSids(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, "us-west-2")
	w.seed("us-west-2", "company", nil)
	require.NoError(t, w.apply(true).Err())
	s3.Edit(w.acct, func(s *s3.State) {
		b := s.Buckets["company-logs"]
		b.Policy = strings.NewReplacer(
			`"AWSCloudTrailAclCheck20150319"`, `"AWSCloudTrailAclCheck20150319-3b1c9a2e"`,
			`"Sid":"AWSCloudTrailWrite20150319",`, ``,
			`"AllowSSLRequestsOnly"`, `"DenyInsecureTransport"`,
		).Replace(b.Policy)
	})
	before := s3.Get(w.acct).Buckets["company-logs"].Policy
	w.inSync()
	assert.Empty(t, w.plan()["bucket_policy"].Notes)

	s3.Edit(w.acct, func(s *s3.State) {
		s.Buckets["company-logs"].Policy = strings.Replace(before, `"aws:SecureTransport":"false"`, `"aws:SecureTransport":"true"`, 1)
	})
	assert.Equal(t, []string{"statements.AllowSSLRequestsOnly"}, paths(w.plan()["bucket_policy"]))

	// One of our Sid that has been opened is bound, whatever is said elsewhere.
	s3.Edit(w.acct, func(s *s3.State) {
		s.Buckets["company-logs"].Policy = strings.Replace(before, `"Statement":[`, `"Statement":[{"Sid":"AWSCloudTrailAclCheck20150319","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::company-logs"},`, 1)
	})
	assert.Equal(t, []string{"statements.AWSCloudTrailAclCheck20150319"}, paths(w.plan()["bucket_policy"]))
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
		"two services":      `{"Sid":"AWSCloudTrailWrite20150319","Effect":"Allow","Principal":{"Service":["cloudtrail.amazonaws.com","delivery.logs.amazonaws.com"]},"Action":"s3:PutObject","Resource":["arn:aws:s3:::company-logs","arn:aws:s3:::company-logs/*"]}`,
		"two, to our trail": `{"Sid":"AWSCloudTrailWrite20150319","Effect":"Allow","Principal":{"Service":["cloudtrail.amazonaws.com","delivery.logs.amazonaws.com"]},"Action":"s3:PutObject","Resource":["arn:aws:s3:::company-logs","arn:aws:s3:::company-logs/*"],"Condition":{"StringEquals":{"aws:SourceArn":"arn:aws:cloudtrail:us-east-1:123456789012:trail/company"}}}`,
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
			shared := name != "two, to our trail"
			require.Equal(t, shared, check())
			require.NoError(t, w.apply(true).Err())
			assert.Equal(t, shared, check(), s3.Get(w.acct).Buckets["company-logs"].Policy)
			if strings.HasPrefix(name, "two, ") {
				assert.Contains(t, s3.Get(w.acct).Buckets["company-logs"].Policy, "delivery.logs.amazonaws.com")
			}
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

// The management account's own trail for the organization keeps its bucket, which
// lets every account in, and what a change means for them is said.
func TestTheOrganizationsTrailOfThisAccount(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, "eu-west-1")
	w.section = "cloudtrail: {trail_name: org-trail, bucket: {name: named-logs}}"
	w.seed("eu-west-1", "org-trail", func(t *trailsim.Trail) { t.Organization, t.Validation = true, false })
	p := w.plan()["trail"]
	assert.Equal(t, []string{"log_file_validation"}, paths(p))
	require.Len(t, p.Risks, 2)
	assert.Contains(t, p.Risks[1].Text, "the trail org-trail is the organization's: the change holds in every account of it")
	require.NoError(t, w.apply(true).Err())
	w.inSync()
	assert.Equal(t, "org-trail-logs", trailsim.Get(w.acct, "eu-west-1").Trails["org-trail"].Bucket)
}

// Control Tower's own trail in a member account is its own.
func TestTheTrailOfControlTower(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, "eu-west-1")
	w.seed("eu-west-1", "aws-controltower-BaselineCloudTrail", func(t *trailsim.Trail) { t.Logging = false })
	for name, c := range w.plan() {
		assert.Equal(t, resource.Managed, c.Action, name)
		assert.Equal(t, "AWS Control Tower", c.Owner)
	}
	require.NoError(t, w.apply(true).Err())
	assert.Empty(t, w.acct.Writes())
}

// A name that a trail elsewhere has does not become free by waiting.
func TestATrailNameThatIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Options{}, "eu-west-1")
		w.acct.Inject(sandbox.Fault{Operation: "CreateTrail", Kind: sandbox.Custom, Code: "TrailAlreadyExistsException", Message: "Trail kiso already exists for customer: 999999999999"})
		assert.ErrorContains(t, w.apply(true).Err(), "choose another one in cloudtrail.trail_name")
	})
}
