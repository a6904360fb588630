package property

import (
	"encoding/json"
	"maps"

	"pgregory.net/rapid"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/s3"
)

// The buckets that there may be. The last one is another account's.
var bucketNames = []string{"shared-logs", "trail-logs", "config-logs", "corporate-logs"}

const foreignBucket = "corporate-logs"

func liveBuckets(t *rapid.T, acct *sandbox.Account, w wish) {
	buckets := map[string]*s3.Bucket{}
	for _, name := range append([]string{w.logs, w.history}, bucketNames...) {
		if buckets[name] == nil && yes(t, "bucket "+name) {
			buckets[name] = liveBucket(t, name)
		}
	}
	s3.Edit(acct, func(s *s3.State) { s.Buckets = buckets })
}

func liveBucket(t *rapid.T, name string) *s3.Bucket {
	b := &s3.Bucket{
		Region: pick(t, name+" region", regions...), Created: past, Tags: tags(t, name),
		Versioning: pick(t, name+" versioning", "", "Suspended", "Enabled"),
		Ownership:  pick(t, name+" ownership", "", "ObjectWriter", "BucketOwnerPreferred", "BucketOwnerEnforced"),
		Public: pick(t, name+" public access", nil,
			&s3.PublicAccessBlock{BlockPublicAcls: true}, &s3.PublicAccessBlock{BlockPublicPolicy: true, RestrictPublicBuckets: true},
			&s3.PublicAccessBlock{BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true}),
		Encryption: pick(t, name+" encryption", nil, []s3.EncryptionRule{{Algorithm: "AES256"}},
			[]s3.EncryptionRule{{Algorithm: "aws:kms", KeyID: "arn:aws:kms:eu-west-1:" + account + ":key/k", BucketKey: true}}),
	}
	if name == foreignBucket {
		b.Owner = other
	}
	if one(t, 8, name+" ACL") && b.Ownership != "BucketOwnerEnforced" {
		b.Grants = []s3.Grant{{Grantee: "c0ffee", Permission: "READ"}}
	}
	if b.Versioning == "Enabled" && yes(t, name+" locked") {
		b.Locked, b.Retention = true, pick(t, name+" retention", nil,
			&s3.Retention{Mode: "GOVERNANCE", Days: ref(30)}, &s3.Retention{Mode: "GOVERNANCE", Years: ref(2)},
			&s3.Retention{Mode: "COMPLIANCE", Days: ref(365)}, &s3.Retention{Mode: "COMPLIANCE", Years: ref(7)})
	}
	b.Policy = livePolicy(t, name)
	return b
}

type statement = map[string]any

// livePolicy draws a policy in which each Sid stands once, as S3 wants it.
func livePolicy(t *rapid.T, bucket string) string {
	arn := "arn:aws:s3:::" + bucket
	groups := [][]statement{
		{{"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": arn}},
		{{"Sid": "Theirs", "Effect": "Allow", "Principal": statement{"AWS": "arn:aws:iam::" + account + ":root"}, "Action": []string{"s3:GetObject"}, "Resource": arn + "/*"}},
		pick(t, bucket+" trail statements", nil, forTrails(arn, trailARN("eu-west-1", "old"), account), forTrails(arn, trailARN("us-east-1", "audit"), account),
			forTrails(arn, "", account), forTrails(arn, "", account, other), forTrails(arn, trailARN("eu-west-1", "old"), account, other)),
		pick(t, bucket+" config statements", nil, forConfig(arn, account), forConfig(arn, account, other), forConfig(arn)),
		pick(t, bucket+" TLS", nil, []statement{tlsOnly(arn, "AllowSSLRequestsOnly", arn, arn+"/*")}, []statement{tlsOnly(arn, "AllowSSLRequestsOnly", arn)}, []statement{tlsOnly(arn, "DenyHTTP", arn, arn+"/*")}),
	}
	if one(t, 16, bucket+" is public") {
		groups = append(groups, []statement{{"Sid": "Everybody", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": arn + "/*"}})
	}
	var all []statement
	for _, group := range some(t, bucket+" statements", groups...) {
		for _, s := range group {
			all = append(all, calledOtherwise(t, bucket, s))
		}
	}
	if len(all) == 0 {
		return ""
	}
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": all})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// calledOtherwise gives a statement a Sid as the console makes them, or none, now
// and then.
func calledOtherwise(t *rapid.T, bucket string, s statement) statement {
	sid, named := s["Sid"].(string)
	if !named || !one(t, 6, bucket+" "+sid+" is called otherwise") {
		return s
	}
	out := maps.Clone(s)
	if out["Sid"] = sid + "-3b1c9a2e"; one(t, 2, bucket+" "+sid+" has no Sid") {
		delete(out, "Sid")
	}
	return out
}

func tlsOnly(bucket, sid string, resources ...string) statement {
	return statement{"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": resources, "Condition": statement{"Bool": statement{"aws:SecureTransport": "false"}}}
}

func trailARN(region, name string) string {
	return "arn:aws:cloudtrail:" + region + ":" + account + ":trail/" + name
}

// forTrails lets CloudTrail write for accounts, bound to one trail or to none.
func forTrails(bucket, trail string, accounts ...string) []statement {
	principal := statement{"Service": "cloudtrail.amazonaws.com"}
	check, write := statement{}, statement{"s3:x-amz-acl": "bucket-owner-full-control"}
	if trail != "" {
		check["aws:SourceArn"], write["aws:SourceArn"] = trail, trail
	}
	objects := []string{}
	for _, a := range accounts {
		objects = append(objects, bucket+"/AWSLogs/"+a+"/*")
	}
	acl := statement{"Sid": "AWSCloudTrailAclCheck20150319", "Effect": "Allow", "Principal": principal, "Action": "s3:GetBucketAcl", "Resource": bucket}
	if len(check) > 0 {
		acl["Condition"] = statement{"StringEquals": check}
	}
	return []statement{acl, {
		"Sid": "AWSCloudTrailWrite20150319", "Effect": "Allow", "Principal": principal, "Action": "s3:PutObject", "Resource": objects,
		"Condition": statement{"StringEquals": write},
	}}
}

// forConfig lets AWS Config deliver for accounts, or with none for any.
func forConfig(bucket string, accounts ...string) []statement {
	principal := statement{"Service": "config.amazonaws.com"}
	allow := func(sid, action string, resources []string, further statement) statement {
		condition := statement{}
		for k, v := range further {
			condition[k] = v
		}
		if len(accounts) > 0 {
			condition["AWS:SourceAccount"] = accounts
		}
		s := statement{"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": action, "Resource": resources}
		if len(condition) > 0 {
			s["Condition"] = statement{"StringEquals": condition}
		}
		return s
	}
	objects := []string{bucket + "/AWSLogs/" + account + "/Config/*"}
	if len(accounts) != 1 {
		objects = append(objects, bucket+"/AWSLogs/"+other+"/Config/*")
	}
	return []statement{
		allow("AWSConfigBucketPermissionsCheck", "s3:GetBucketAcl", []string{bucket}, nil),
		allow("AWSConfigBucketExistenceCheck", "s3:ListBucket", []string{bucket}, nil),
		allow("AWSConfigBucketDelivery", "s3:PutObject", objects, statement{"s3:x-amz-acl": "bucket-owner-full-control"}),
	}
}
