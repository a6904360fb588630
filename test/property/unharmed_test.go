package property

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/iam"
)

// allowed are all operations that raise a setting or create what is missing.
var allowed = []string{
	"cloudtrail:CreateTrail", "cloudtrail:UpdateTrail", "cloudtrail:PutEventSelectors", "cloudtrail:StartLogging",
	"s3:CreateBucket", "s3:PutBucketVersioning", "s3:PutPublicAccessBlock", "s3:PutBucketOwnershipControls", "s3:PutBucketEncryption",
	"s3:PutBucketPolicy", "s3:PutObjectLockConfiguration",
	"iam:CreateServiceLinkedRole", "config:PutConfigurationRecorder", "config:PutDeliveryChannel", "config:StartConfigurationRecorder",
	"guardduty:CreateDetector", "guardduty:UpdateDetector",
	"securityhub:EnableSecurityHub", "securityhub:BatchEnableStandards", "securityhub:CreateFindingAggregator", "securityhub:UpdateFindingAggregator",
	"sns:CreateTopic", "sns:SetTopicAttributes", "sns:Subscribe", "events:PutRule", "events:PutTargets",
}

// unharmed compares what the account was with what it is.
func (r *run) unharmed() {
	for _, operation := range operations(r.acct.Writes()) {
		r.must(slices.Contains(allowed, operation), "forbidden: %s", operation)
	}
	r.trails()
	r.buckets()
	for _, region := range regions {
		r.recorder(region)
		r.detector(region)
		r.hub(region)
		r.topics(region)
		r.rules(region)
	}
	r.aggregator()
	before, after := iam.Get(r.before).Roles, iam.Get(r.acct).Roles
	for name := range before {
		r.same("role "+name, before[name], after[name])
	}
}

func operations(calls []sandbox.Call) []string {
	names := map[string]bool{}
	for _, c := range calls {
		names[c.Service+":"+c.Operation] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// same requires two states to be the same, to the byte.
func (r *run) same(what string, before, after any) {
	b, a := text(before), text(after)
	r.must(b == a, "%s: %s became %s", what, b, a)
}

func text(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// raise takes over a setting that has been switched on since.
func raise(before *bool, after bool) { *before = *before || after }

// subset requires that all of before is in after.
func (r *run) subset(what string, before, after []string) {
	for _, item := range before {
		r.must(slices.Contains(after, item), "%s: %s is gone", what, item)
	}
}
