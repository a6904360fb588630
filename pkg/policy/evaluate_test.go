package policy_test

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/pkg/policy"
	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// request is what IAM decides about: an action on a resource in a context.
type request struct {
	action, resource string
	context          map[string]string
}

// allows decides as IAM does, for the part of the grammar that the policies use
// (IAM user guide, Policy evaluation logic). What it does not know it refuses.
func allows(d *policy.Document, r request) bool {
	return slices.ContainsFunc(d.Statement, func(s policy.Statement) bool {
		return s.Effect == "Allow" && slices.Contains(s.Action, r.action) &&
			slices.ContainsFunc(s.Resource, func(pattern string) bool { return like(pattern, r.resource) }) && meets(s.Condition, r.context)
	})
}

func meets(c policy.Condition, context map[string]string) bool {
	for operator, keys := range c {
		for key, values := range keys {
			live, present := context[key]
			fill := strings.NewReplacer("${aws:PrincipalAccount}", context["aws:PrincipalAccount"])
			equal := present && slices.ContainsFunc(values, func(v string) bool { return fill.Replace(v) == live })
			switch operator {
			case "StringEquals":
				if !equal {
					return false
				}
			case "StringEqualsIfExists":
				if present && !equal {
					return false
				}
			default:
				return false
			}
		}
	}
	return true
}

// like matches ARNs. The wildcard does not span colons here, which is stricter
// than IAM.
func like(pattern, arn string) bool {
	if pattern == anything || arn == unknown {
		return true
	}
	patterns, parts := strings.SplitN(pattern, ":", 6), strings.SplitN(arn, ":", 6)
	if len(patterns) != len(parts) {
		return false
	}
	for i := range parts {
		// A slash is nothing special to IAM.
		matched, err := path.Match(strings.ReplaceAll(patterns[i], "/", "|"), strings.ReplaceAll(parts[i], "/", "|"))
		if err != nil || !matched {
			return false
		}
	}
	return true
}

// requests are what IAM decides about when a call is made: the call's own
// action, and those that AWS wants besides because of what is in it.
func requests(acct *sandbox.Account, c sandbox.Call) []request {
	in := map[string]any{}
	if json.Unmarshal(c.Params, &in) != nil {
		in = map[string]any{}
	}
	w := &wording{account: acct, call: c, in: in}
	all := []request{}
	for _, resource := range w.resources() {
		all = append(all, w.request(c.Action, resource))
	}
	return append(all, w.implied()...)
}

type wording struct {
	account *sandbox.Account
	call    sandbox.Call
	in      map[string]any
}

// text returns a member of the call's input.
func (w *wording) text(names ...string) string {
	for _, name := range names {
		if s, ok := w.in[name].(string); ok {
			return s
		}
	}
	return ""
}

func (w *wording) arn(service, region, account, resource string) string {
	return strings.Join([]string{"arn", w.account.Partition(), service, region, account, resource}, ":")
}

func (w *wording) role(pathAndName string) string {
	return w.arn("iam", "", w.account.AccountID(), "role/"+pathAndName)
}

// anything is the resource of actions that IAM takes none for, unknown that of
// services whose resources are not described here.
const (
	anything = "*"
	unknown  = ""
)

// resources are the ARNs that a call is about (Service Authorization Reference).
func (w *wording) resources() []string {
	id, region := w.account.AccountID(), w.call.Region
	named := func(name, arn string) []string {
		switch {
		case strings.HasPrefix(name, "arn:"):
			return []string{name}
		case name == "":
			return []string{anything}
		}
		return []string{arn}
	}
	switch w.call.Service {
	case "s3":
		bucket := w.text("Bucket")
		return named(bucket, w.arn("s3", "", "", bucket))
	case "sns":
		topic := w.text("TopicArn", "ResourceArn", "Name")
		return named(topic, w.arn("sns", region, id, topic))
	case "events":
		rule := w.text("ResourceARN", "Rule", "Name")
		return named(rule, w.arn("events", region, id, "rule/"+rule))
	case "cloudtrail":
		trail := w.text("TrailName", "Name", "ResourceId")
		return named(trail, w.arn("cloudtrail", region, id, "trail/"+trail))
	case "securityhub":
		aggregator := w.text("FindingAggregatorArn")
		return named(aggregator, aggregator)
	case "iam":
		return w.roles()
	case "sts", "account", "ec2", "config", "guardduty":
		return []string{anything}
	}
	return []string{unknown}
}

// roles are those of a call to IAM. Of a role that is not there IAM does not
// know the path, so that its name alone must do as well.
func (w *wording) roles() []string {
	if service := w.text("AWSServiceName"); service != "" {
		return []string{w.role("aws-service-role/" + service + "/" + linkedRoles[service])}
	}
	for service, name := range linkedRoles {
		if name == w.text("RoleName") {
			return []string{w.role("aws-service-role/" + service + "/" + name), w.role(name)}
		}
	}
	return []string{anything}
}

// linkedRoles are the service-linked roles that are made on kiso's account (the
// services' user guides, "Using service-linked roles").
var linkedRoles = map[string]string{
	"config.amazonaws.com":      "AWSServiceRoleForConfig",
	"guardduty.amazonaws.com":   "AWSServiceRoleForAmazonGuardDuty",
	"securityhub.amazonaws.com": "AWSServiceRoleForSecurityHub",
}

// implied are the actions that AWS wants besides the call's own.
func (w *wording) implied() []request {
	var all []request
	add := func(action, resource string) { all = append(all, w.request(action, resource)) }
	_, tags := firstOf(w.in, "Tags", "tags", "TagsList", "Tag.1.Key")
	linked := func(service string) {
		r := w.request("iam:CreateServiceLinkedRole", w.role("aws-service-role/"+service+"/"+linkedRoles[service]))
		r.context["iam:AWSServiceName"] = service
		all = append(all, r)
	}
	resource := w.resources()[0]
	switch w.call.Operation {
	case "CreateDetector":
		linked("guardduty.amazonaws.com")
	case "EnableSecurityHub":
		linked("securityhub.amazonaws.com")
	case "PutConfigurationRecorder":
		recorder, _ := w.in["ConfigurationRecorder"].(map[string]any)
		role, _ := recorder["roleARN"].(string)
		r := w.request("iam:PassRole", role)
		r.context["iam:PassedToService"] = "config.amazonaws.com"
		all = append(all, r)
	case "CreateBucket":
		add("s3:PutBucketOwnershipControls", resource)
		if _, locked := firstOf(w.in, "ObjectLockEnabledForBucket", "x-amz-bucket-object-lock-enabled"); locked {
			add("s3:PutBucketObjectLockConfiguration", resource)
			add("s3:PutBucketVersioning", resource)
		}
		if configuration, ok := w.in["CreateBucketConfiguration"].(map[string]any); ok && configuration["Tags"] != nil {
			add("s3:TagResource", resource)
		}
	}
	if action, taggable := tagging[w.call.Operation]; tags && taggable {
		add(action, resource)
	}
	return all
}

// tagging are the actions that tags in a call want.
var tagging = map[string]string{
	"CreateDetector": "guardduty:TagResource", "EnableSecurityHub": "securityhub:TagResource", "PutConfigurationRecorder": "config:TagResource",
	"CreateTopic": "sns:TagResource", "PutRule": "events:TagResource", "CreateTrail": "cloudtrail:AddTags",
}

func firstOf(in map[string]any, names ...string) (any, bool) {
	for _, name := range names {
		if v, ok := in[name]; ok {
			return v, true
		}
	}
	return nil, false
}

// request is an action with the context that every call has. A bucket that is
// being created belongs to no account yet.
func (w *wording) request(action, resource string) request {
	context := map[string]string{"aws:PrincipalAccount": w.account.AccountID(), "aws:RequestedRegion": w.call.Region}
	if w.call.Service == "s3" && w.call.Operation != "CreateBucket" {
		context["aws:ResourceAccount"] = w.account.AccountID()
	}
	for key, name := range map[string]string{"iam:AWSServiceName": "AWSServiceName", "sns:Protocol": "Protocol"} {
		if value := w.text(name); value != "" {
			context[key] = value
		}
	}
	return request{action: action, resource: resource, context: context}
}
