// Package cloudtrail keeps one multi-region trail that records every management
// event into a locked bucket. It adopts a trail that is there before it makes
// one. It knows the CloudTrail API and nothing of how plans are made or carried
// out; the bucket is package bucket's.
package cloudtrail

import (
	"regexp"
	"slices"

	"github.com/kiso-cli/kiso/internal/policydoc"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/services/bucket"
)

// Service is the cloudtrail section of the spec.
var Service = &resource.Service{
	Name:    "cloudtrail",
	Title:   "AWS CloudTrail",
	Summary: "One multi-region trail with log file validation that records all management events into a bucket with Object Lock. A suitable trail that is there is raised to this under its own name, with its own bucket.",
	Cost:    "The first copy of management events is free in each region; a second trail that records them costs $2.00 per 100,000 events. S3 storage, which locked objects occupy until their retention ends.",
	New: func() resource.Section {
		days := 365
		return &Section{TrailName: "kiso", Bucket: Bucket{
			Name: defaultBucket, ObjectLock: Lock{Mode: "GOVERNANCE", Days: &days},
		}}
	},
	Kinds: append([]resource.KindInfo{trails}, logs.Kinds()...),
	Example: `cloudtrail:
  trail_name: kiso
  bucket:
    name: ` + defaultBucket + `
    object_lock: {mode: GOVERNANCE, days: 365}
`,
}

// defaultBucket is what kiso calls the bucket where the spec does not.
const defaultBucket = "kiso-cloudtrail-{account_id}-{home_region}"

// Section is what the spec may say of CloudTrail.
type Section struct {
	TrailName string `yaml:"trail_name" jsonschema:"minLength=3,maxLength=128,pattern=^[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]$" doc:"The name of the trail that kiso creates. A suitable multi-region trail under another name is adopted instead."`
	Bucket    Bucket `yaml:"bucket" doc:"The bucket of that trail. A trail that was there first keeps its own, which is raised to the same settings; one of the wanted name only while the name here is the default one, and kiso has not made that bucket."`
}

// Bucket is what the spec may say of the bucket.
type Bucket struct {
	Name       bucket.Name `yaml:"name" jsonschema:"minLength=3" doc:"Its name; {account_id} and {home_region} are filled in."`
	ObjectLock Lock        `yaml:"object_lock" doc:"The default retention of the logs. A longer or stricter one that is live stays."`
}

// Lock is what the spec may say of the retention.
type Lock struct {
	Mode  string `yaml:"mode" jsonschema:"enum=GOVERNANCE,enum=COMPLIANCE" doc:"GOVERNANCE can be bypassed with a permission; COMPLIANCE by nobody, root included: setting it is irreversible and needs approval."`
	Days  *int   `yaml:"days" jsonschema:"minimum=1,maximum=36500" doc:"The retention in days; or years."`
	Years *int   `yaml:"years" jsonschema:"minimum=1,maximum=100" doc:"The retention in years, instead of days."`
}

// Reset drops the default in days where the spec says years.
func (l *Lock) Reset(named []string) {
	if slices.Contains(named, "years") {
		l.Days = nil
	}
}

// Validate refuses what S3 does: no period, or two.
func (l *Lock) Validate(report func(path, problem, hint string)) {
	if (l.Days == nil) == (l.Years == nil) {
		report("", "a retention is in days or in years", "name one of days and years")
	}
}

// JSONSchemaExtend puts the second into the JSON Schema.
func (Lock) JSONSchemaExtend(schema map[string]any) {
	schema["not"] = map[string]any{"required": []string{"days", "years"}}
}

var adjacent = regexp.MustCompile(`[._-]{2}|^\d+\.\d+\.\d+\.\d+$`)

// Validate refuses trail names that CloudTrail does (CloudTrail API reference,
// CreateTrail) and no pattern can.
func (s *Section) Validate(report func(path, problem, hint string)) {
	if adjacent.MatchString(s.TrailName) {
		report("trail_name", "CloudTrail takes no adjacent periods, underscores or dashes, and no IP address", "such as kiso")
	}
}

// JSONSchemaExtend puts the same into the JSON Schema.
func (Section) JSONSchemaExtend(schema map[string]any) {
	properties, _ := schema["properties"].(map[string]any)
	if name, ok := properties["trail_name"].(map[string]any); ok {
		name["not"] = map[string]any{"pattern": adjacent.String()}
	}
}

// Claims is the bucket: its default retention keeps AWS Config out.
func (s *Section) Claims() map[string]string {
	return map[string]string{"bucket.name": "bucket " + string(s.Bucket.Name)}
}

// Expand declares the trail and its bucket in the home region.
func (s *Section) Expand(in resource.Input, d *resource.Declaration) {
	name, ok := s.Bucket.Name.Fill(in, d, "bucket.name")
	if !ok {
		return
	}
	home := resource.Scope(in.HomeRegion)
	arn := in.Identity.ARN("cloudtrail", in.HomeRegion, "trail/"+s.TrailName)
	needs := logs.Declare(in, d, bucket.Wanted{
		ID: s.TrailName + "/" + name, Name: name, Region: in.HomeRegion, Path: "bucket", Versioned: true, Tags: in.Tags,
		Statements: statements(in, name, arn), Source: arn, Lock: s.Bucket.ObjectLock.wanted(),
	})
	yes := true
	d.Add(trails.New(home, s.TrailName, "", Trail{
		Name: s.TrailName, HomeRegion: in.HomeRegion, Bucket: name, MultiRegion: true, GlobalEvents: true,
		Validation: true, Management: &yes, Logging: true, Tags: in.Tags,
	}, needs...))
}

func (l Lock) wanted() *bucket.Lock {
	want := &bucket.Lock{Enabled: true, Mode: bucket.Mode(l.Mode)}
	if l.Years != nil {
		want.Retention = bucket.Years(*l.Years)
	} else {
		want.Retention = bucket.Days(*l.Days)
	}
	return want
}

// statements let CloudTrail write for one trail, under the Sids of the CloudTrail
// user guide, "Amazon S3 bucket policy for CloudTrail".
func statements(in resource.Input, name, trailARN string) []policydoc.Statement {
	bucketARN := in.Identity.ARN("s3", "", name)
	principal := map[string]any{"Service": "cloudtrail.amazonaws.com"}
	return []policydoc.Statement{
		{
			Sid: "AWSCloudTrailAclCheck20150319", Effect: "Allow", Principal: principal, Action: "s3:GetBucketAcl", Resource: bucketARN,
			Condition: policydoc.Condition{"StringEquals": {"aws:SourceArn": trailARN}},
		},
		{
			Sid: "AWSCloudTrailWrite20150319", Effect: "Allow", Principal: principal, Action: "s3:PutObject",
			Resource:  bucketARN + "/AWSLogs/" + in.Identity.AccountID + "/*",
			Condition: policydoc.Condition{"StringEquals": {"aws:SourceArn": trailARN, "s3:x-amz-acl": "bucket-owner-full-control"}},
		},
	}
}
