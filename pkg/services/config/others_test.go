package config_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/s3"
)

// The spec names a bucket that other accounts' AWS Config delivers to as well.
func TestOtherAccountsOfTheBucketGoOnDelivering(t *testing.T) {
	access := func(action, resource string) s3.Access {
		return s3.Access{Service: "config.amazonaws.com", Action: action, Resource: "arn:aws:s3:::" + resource,
			Context: map[string]string{"aws:SourceAccount": "222222222222", "aws:SourceArn": "arn:aws:config:eu-west-1:222222222222:x", "s3:x-amz-acl": "bucket-owner-full-control", "aws:SecureTransport": "true", "aws:SourceOrgID": "o-abc"}}
	}
	doc := func(further string) string {
		return `{"Version":"2012-10-17","Statement":[
		{"Sid":"AWSConfigBucketPermissionsCheck","Effect":"Allow","Principal":{"Service":"config.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::` + logs + `"},
		{"Sid":"AWSConfigBucketExistenceCheck","Effect":"Allow","Principal":{"Service":"config.amazonaws.com"},"Action":"s3:ListBucket","Resource":"arn:aws:s3:::` + logs + `"},` + further + `]}`
	}
	for name, further := range map[string]string{
		"a statement per account": `{"Sid":"AWSConfigBucketDelivery","Effect":"Allow","Principal":{"Service":"config.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::` + logs + `/AWSLogs/123456789012/Config/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}}},
			{"Sid":"Delivery222222222222","Effect":"Allow","Principal":{"Service":"config.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::` + logs + `/AWSLogs/222222222222/Config/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control","aws:SourceAccount":"222222222222"}}}`,
		"an own Sid with the organization":   `{"Sid":"AWSConfigBucketDeliveryOrg","Effect":"Allow","Principal":{"Service":"config.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::` + logs + `/AWSLogs/*/Config/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control","aws:SourceOrgID":"o-abc"}}}`,
		"one statement, another action list": `{"Sid":"AWSConfigBucketDelivery","Effect":"Allow","Principal":{"Service":"config.amazonaws.com"},"Action":["s3:PutObject","s3:PutObjectAcl"],"Resource":["arn:aws:s3:::` + logs + `/AWSLogs/123456789012/Config/*","arn:aws:s3:::` + logs + `/AWSLogs/222222222222/Config/*"]}`,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sandbox.Options{})
			s3.Edit(w.acct, func(s *s3.State) { s.Buckets[logs] = &s3.Bucket{Region: home, Policy: doc(further)} })
			ok := func() bool {
				b := s3.Get(w.acct).Buckets[logs]
				return b.Permits(access("s3:GetBucketAcl", logs)) && b.Permits(access("s3:ListBucket", logs)) && b.Permits(access("s3:PutObject", logs+"/AWSLogs/222222222222/Config/x"))
			}
			require.True(t, ok(), "before")
			require.NoError(t, w.apply().Err())
			assert.True(t, ok(), "after: %s", s3.Get(w.acct).Buckets[logs].Policy)
		})
	}
}

// Roles of other accounts in a statement that has one of our Sids keep what it gives.
func TestRolesInAStatementOfOurSid(t *testing.T) {
	w := newWorld(t, sandbox.Options{})
	s3.Edit(w.acct, func(s *s3.State) {
		s.Buckets[logs] = &s3.Bucket{Region: home, Policy: `{"Version":"2012-10-17","Statement":[{"Sid":"AWSConfigBucketDelivery","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::222222222222:root","arn:aws:iam::333333333333:root"]},"Action":"s3:PutObject","Resource":["arn:aws:s3:::` + logs + `/AWSLogs/222222222222/Config/*","arn:aws:s3:::` + logs + `/AWSLogs/333333333333/Config/*"]}]}`}
	})
	require.NoError(t, w.apply().Err())
	assert.Contains(t, s3.Get(w.acct).Buckets[logs].Policy, "222222222222")
}
