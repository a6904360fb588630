package config

import (
	"cmp"
	"path"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/s3"
)

const principal = "config.amazonaws.com"

// try refuses a channel whose bucket would not take files, as PutDeliveryChannel
// does when it writes its test file. The words are those of the real service.
func (c *Channel) try(req *sandbox.Request) error {
	bucket := s3.Peek(req)[c.Bucket]
	switch {
	case bucket == nil:
		return refuse("NoSuchBucketException", "Cannot find the S3 bucket '%s'.", c.Bucket)
	case !c.permitted(req, bucket, "s3:GetBucketAcl"):
		return refuse("InsufficientDeliveryPolicyException", "Insufficient delivery policy to s3 bucket: %s, unable to get s3 bucket acl.", c.Bucket)
	case !c.permitted(req, bucket, "s3:ListBucket"), !c.writable(req, bucket):
		return refuse("InsufficientDeliveryPolicyException",
			"Insufficient delivery policy to s3 bucket: %s, unable to write to bucket, provided s3 key prefix is '%s', provided kms key is '%s'.",
			c.Bucket, cmp.Or(c.Prefix, "null"), cmp.Or(c.KMSKeyARN, "null"))
	}
	return nil
}

// delivery is what goes wrong with a delivery to the channel's bucket now.
func (c *Channel) delivery(req *sandbox.Request) *Failure {
	switch bucket := s3.Peek(req)[c.Bucket]; {
	case bucket == nil:
		return &Failure{Code: "NoSuchBucket", Message: "The specified bucket does not exist"}
	case bucket.Retention != nil:
		return &Failure{Code: "InvalidRequest", Message: "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters"}
	case !c.writable(req, bucket):
		return &Failure{Code: "AccessDenied", Message: "Access Denied"}
	}
	return nil
}

// writable says whether AWS Config can put a file. It sends no checksum, which S3
// wants where new objects are locked (AWS Config developer guide, "Managing the
// Delivery Channel").
func (c *Channel) writable(req *sandbox.Request, bucket *s3.Bucket) bool {
	return bucket.Retention == nil && c.permitted(req, bucket, "s3:PutObject")
}

// permitted asks the bucket's policy. The service-linked role cannot write: AWS
// Config comes as its service principal, for this account.
func (c *Channel) permitted(req *sandbox.Request, bucket *s3.Bucket, action string) bool {
	access := s3.Access{
		Service: principal, Action: action, Resource: "arn:" + req.Partition + ":s3:::" + c.Bucket,
		Context: map[string]string{
			"aws:SourceAccount": req.AccountID, "aws:SourceArn": req.ARN(Service, req.Region, "delivery-channel"), "aws:SecureTransport": "true",
		},
	}
	if action == "s3:PutObject" {
		access.Resource += "/" + path.Join(c.Prefix, "AWSLogs", req.AccountID, "Config", "ConfigWritabilityCheckFile")
		access.Context["s3:x-amz-acl"] = "bucket-owner-full-control"
	}
	return bucket.Permits(access)
}
