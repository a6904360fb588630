package property

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/pkg/sandbox/cloudtrail"
	"github.com/kiso-cli/kiso/pkg/sandbox/s3"
)

func (r *run) trails() {
	changed := 0
	for _, home := range regions {
		before, after := cloudtrail.Get(r.before, home).Trails, cloudtrail.Get(r.acct, home).Trails
		for name, a := range after {
			b := before[name]
			switch {
			case b == nil:
				r.must(r.sections["cloudtrail"] && name == r.trail && home == r.home, "the trail %s appeared in %s", name, home)
				changed++
			case text(b) != text(a):
				r.must(r.sections["cloudtrail"] && b.Account == "", "the trail %s of %s is not kiso's", name, home)
				r.trailRaised(name, *b, *a)
				changed++
			}
		}
		for name := range before {
			r.must(after[name] != nil, "the trail %s of %s is gone", name, home)
		}
	}
	r.must(changed <= 1, "%d trails were changed", changed)
}

func (r *run) trailRaised(name string, b, a cloudtrail.Trail) {
	r.recordsAsMuch(name, b, a)
	raise(&b.Logging, a.Logging)
	raise(&b.Validation, a.Validation)
	raise(&b.MultiRegion, a.MultiRegion)
	raise(&b.Global, a.Global)
	if name == r.trail && a.Bucket == r.logs && r.moves(b.Bucket) {
		b.Bucket = a.Bucket
	}
	b.Selectors, b.Advanced, b.Started, b.Stopped = a.Selectors, a.Advanced, a.Started, a.Stopped
	r.same("trail "+name, b, a)
}

// moves says whether a trail of the wanted name may be pointed from a bucket to the
// spec's: that one is named in the spec or was there, or the live one is not.
func (r *run) moves(from string) bool {
	buckets := s3.Get(r.before).Buckets
	return !strings.HasPrefix(r.logs, "kiso-cloudtrail-") || buckets[r.logs] != nil || buckets[from] == nil
}

// happening is an event that a trail may record.
type happening map[string]string

var happenings = []happening{
	{"eventCategory": "Management", "readOnly": "true", "eventSource": "ec2.amazonaws.com"},
	{"eventCategory": "Management", "readOnly": "false", "eventSource": "ec2.amazonaws.com"},
	{"eventCategory": "Management", "readOnly": "true", "eventSource": "kms.amazonaws.com"},
	{"eventCategory": "Management", "readOnly": "false", "eventSource": "kms.amazonaws.com"},
	{"eventCategory": "Data", "readOnly": "true", "resources.type": "AWS::S3::Object"},
	{"eventCategory": "Data", "readOnly": "false", "resources.type": "AWS::S3::Object"},
	{"eventCategory": "Data", "readOnly": "true", "resources.type": "AWS::Lambda::Function"},
	{"eventCategory": "Data", "readOnly": "false", "resources.type": "AWS::Lambda::Function"},
	{"eventCategory": "Data", "readOnly": "true", "resources.type": "AWS::DynamoDB::Table"},
}

// recordsAsMuch: no event is lost, and no data events are added, which cost money;
// but where five selectors are about data there is no room for another.
func (r *run) recordsAsMuch(name string, b, a cloudtrail.Trail) {
	full := len(b.Selectors) == 5 && !slices.ContainsFunc(b.Selectors, func(s cloudtrail.EventSelector) bool { return len(s.DataResources) == 0 })
	for _, h := range happenings {
		was, is := records(b, h), records(a, h)
		r.must(is || !was, "the trail %s no longer records %v", name, h)
		r.must(was || !is || h["eventCategory"] == "Management" || full, "the trail %s now records %v", name, h)
	}
}

func records(t cloudtrail.Trail, h happening) bool {
	if len(t.Selectors)+len(t.Advanced) == 0 {
		return h["eventCategory"] == "Management"
	}
	return slices.ContainsFunc(t.Selectors, func(s cloudtrail.EventSelector) bool { return basicRecords(s, h) }) ||
		slices.ContainsFunc(t.Advanced, func(s cloudtrail.AdvancedSelector) bool { return advancedRecords(s, h) })
}

func basicRecords(s cloudtrail.EventSelector, h happening) bool {
	if s.ReadWriteType != "All" && (s.ReadWriteType == "ReadOnly") != (h["readOnly"] == "true") {
		return false
	}
	if h["eventCategory"] == "Management" {
		return *s.Management && !slices.Contains(s.Exclude, h["eventSource"])
	}
	return slices.ContainsFunc(s.DataResources, func(d cloudtrail.DataResource) bool { return d.Type == h["resources.type"] })
}

func advancedRecords(s cloudtrail.AdvancedSelector, h happening) bool {
	for _, f := range s.Fields {
		if len(f.Equals) > 0 && !slices.Contains(f.Equals, h[f.Field]) || slices.Contains(f.NotEquals, h[f.Field]) {
			return false
		}
	}
	return true
}

func (r *run) buckets() {
	before, after := s3.Get(r.before).Buckets, s3.Get(r.acct).Buckets
	ours := map[string]bool{r.logs: r.sections["cloudtrail"], r.history: r.sections["config"]}
	for name := range after {
		r.must(before[name] != nil || ours[name], "the bucket %s appeared", name)
	}
	if r.sections["cloudtrail"] {
		for _, home := range regions {
			for _, t := range cloudtrail.Get(r.before, home).Trails {
				ours[t.Bucket] = ours[t.Bucket] || t.Account == ""
			}
		}
	}
	for name, b := range before {
		a := after[name]
		switch {
		case a == nil:
			r.must(false, "the bucket %s is gone", name)
		case text(b) == text(a):
		case !ours[name] || b.Owner != "":
			r.same("bucket "+name, b, a)
		default:
			r.bucketRaised(name, b, a)
		}
	}
}

func (r *run) bucketRaised(name string, was, is *s3.Bucket) {
	b, a := *was, *is
	if a.Versioning == "Enabled" {
		b.Versioning = a.Versioning
	}
	if a.Ownership == "BucketOwnerEnforced" {
		b.Ownership = a.Ownership
	}
	if len(b.Encryption) == 0 && len(a.Encryption) == 1 && a.Encryption[0].Algorithm == "AES256" {
		b.Encryption = a.Encryption
	}
	if a.Public != nil {
		public := s3.PublicAccessBlock{}
		if b.Public != nil {
			public = *b.Public
		}
		raise(&public.BlockPublicAcls, a.Public.BlockPublicAcls)
		raise(&public.IgnorePublicAcls, a.Public.IgnorePublicAcls)
		raise(&public.BlockPublicPolicy, a.Public.BlockPublicPolicy)
		raise(&public.RestrictPublicBuckets, a.Public.RestrictPublicBuckets)
		b.Public = &public
	}
	raise(&b.Locked, a.Locked)
	if b.Retention == nil || a.Retention != nil && days(*a.Retention) >= days(*b.Retention) && (a.Retention.Mode == "COMPLIANCE" || b.Retention.Mode == "GOVERNANCE") {
		b.Retention = a.Retention
	}
	r.policyKept(name, was, is)
	b.Policy = a.Policy
	r.same("bucket "+name, b, a)
}

func days(retention s3.Retention) int {
	if retention.Years != nil {
		return 365 * *retention.Years
	}
	return *retention.Days
}

// awsSids are the Sids that AWS's documentation gives to the statements of its
// services, and the one of kiso.
var awsSids = []string{
	"AllowSSLRequestsOnly", "AWSCloudTrailAclCheck20150319", "AWSCloudTrailWrite20150319",
	"AWSConfigBucketPermissionsCheck", "AWSConfigBucketExistenceCheck", "AWSConfigBucketDelivery",
}

// policyKept: the statements of others stand as they stood, and no delivery that
// the policy let through is refused now.
func (r *run) policyKept(name string, b, a *s3.Bucket) {
	r.subset("policy of "+name, statementsOf(b.Policy, awsSids), statementsOf(a.Policy, nil))
	for _, d := range r.deliveries(name) {
		r.must(d.through(a) || !d.through(b), "the policy of %s: %s cannot deliver any more: %s became %s", name, d.source, b.Policy, a.Policy)
	}
}

// statementsOf lists the statements of a policy that have none of some Sids.
func statementsOf(policy string, but []string) []string {
	var document struct{ Statement []json.RawMessage }
	if policy != "" {
		if err := json.Unmarshal([]byte(policy), &document); err != nil {
			panic(err)
		}
	}
	var list []string
	for _, raw := range document.Statement {
		var s struct{ Sid string }
		if err := json.Unmarshal(raw, &s); err != nil {
			panic(err)
		}
		if !slices.Contains(but, s.Sid) {
			list = append(list, string(raw))
		}
	}
	return list
}

// delivery is what a service does with a bucket, for a source.
type delivery struct {
	source string
	steps  []s3.Access
	// unlocked: not into a bucket with a default retention
	unlocked bool
}

func (d delivery) through(b *s3.Bucket) bool {
	if d.unlocked && b.Retention != nil {
		return false
	}
	return !slices.ContainsFunc(d.steps, func(a s3.Access) bool { return !b.Permits(a) })
}

// deliveries are those of the trails that have the bucket, of one that only its
// policy names, of another account's, and of AWS Config.
func (r *run) deliveries(bucket string) []delivery {
	list := []delivery{
		ofTrail(bucket, "", "arn:aws:cloudtrail:us-east-1:"+other+":trail/theirs", other),
		ofConfig(bucket, account), ofConfig(bucket, other),
	}
	b := s3.Get(r.before).Buckets[bucket]
	if named := trailARN("eu-west-1", "old"); strings.Contains(b.Policy, named) {
		list = append(list, ofTrail(bucket, "", named, account))
	}
	for _, home := range regions {
		for name, t := range cloudtrail.Get(r.before, home).Trails {
			if t.Account == "" && t.Bucket == bucket {
				list = append(list, ofTrail(bucket, t.Prefix, trailARN(home, name), account))
			}
		}
	}
	return list
}

func ofTrail(bucket, prefix, trail, owner string) delivery {
	arn := "arn:aws:s3:::" + bucket
	return delivered("cloudtrail.amazonaws.com", trail, owner, map[string]string{
		"s3:GetBucketAcl": arn, "s3:PutObject": arn + "/" + path.Join(prefix, "AWSLogs", owner, "CloudTrail/x.json.gz"),
	})
}

func ofConfig(bucket, owner string) delivery {
	arn := "arn:aws:s3:::" + bucket
	d := delivered("config.amazonaws.com", "arn:aws:config:eu-west-1:"+owner+":x", owner, map[string]string{
		"s3:GetBucketAcl": arn, "s3:ListBucket": arn, "s3:PutObject": arn + "/AWSLogs/" + owner + "/Config/x.json.gz",
	})
	d.unlocked = true
	return d
}

func delivered(service, source, owner string, actions map[string]string) delivery {
	d := delivery{source: source}
	for action, resource := range actions {
		d.steps = append(d.steps, s3.Access{Service: service, Action: action, Resource: resource, Context: map[string]string{
			"aws:SourceArn": source, "aws:SourceAccount": owner, "aws:SecureTransport": "true", "s3:x-amz-acl": "bucket-owner-full-control",
		}})
	}
	return d
}
