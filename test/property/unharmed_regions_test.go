package property

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/pkg/sandbox/config"
	"github.com/kiso-cli/kiso/pkg/sandbox/events"
	"github.com/kiso-cli/kiso/pkg/sandbox/guardduty"
	"github.com/kiso-cli/kiso/pkg/sandbox/s3"
	"github.com/kiso-cli/kiso/pkg/sandbox/securityhub"
	"github.com/kiso-cli/kiso/pkg/sandbox/sns"
)

// frozen says that a service's region must be as it was, and is checked.
func (r *run) frozen(section, what string, before, after any) bool {
	if text(before) == text(after) {
		return true
	}
	r.must(r.sections[section], "%s changed, and the spec has no %s", what, section)
	return false
}

func (r *run) recorder(region string) {
	before, after := config.Get(r.before, region), config.Get(r.acct, region)
	if r.frozen("config", "Config in "+region, before, after) {
		return
	}
	r.same("linked recorders of "+region, before.Linked, after.Linked)
	if b, a := before.Recorder, after.Recorder; b != nil && text(b) != text(a) {
		r.recorderRaised(region, *b, a)
	}
	if b, a := before.Channel, after.Channel; b != nil && text(b) != text(a) {
		r.channelMoved(region, *b, a)
	}
}

func (r *run) recorderRaised(region string, b config.Recorder, a *config.Recorder) {
	if a == nil || strings.HasPrefix(b.Name, "aws-controltower-") {
		r.same("recorder of "+region, b, a)
		return
	}
	r.subset("types recorded in "+region, recorded(b.Group), recorded(a.Group))
	if a.Mode.Frequency == "CONTINUOUS" {
		b.Mode.Frequency = a.Mode.Frequency
	}
	if a.Recording {
		b.Recording, b.StartedAt, b.StoppedAt = true, a.StartedAt, a.StoppedAt
	}
	b.Group = a.Group
	r.same("recorder of "+region, b, a)
}

// recorded lists which of some types a recorder records, IAM's global ones too.
func recorded(g config.Group) []string {
	global := []string{"AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::Policy"}
	all := append([]string{"AWS::EC2::Instance", "AWS::S3::Bucket"}, global...)
	return slices.DeleteFunc(all, func(name string) bool {
		switch g.Strategy {
		case config.Inclusion:
			return !slices.Contains(g.Types, name)
		case config.Exclusion:
			return slices.Contains(g.Excluded, name)
		default:
			return slices.Contains(global, name) && !g.IncludeGlobal
		}
	})
}

func (r *run) channelMoved(region string, b config.Channel, a *config.Channel) {
	bucket := s3.Get(r.before).Buckets[b.Bucket]
	movable := !strings.HasPrefix(b.Name, "aws-controltower-") && (bucket == nil || bucket.Owner == "")
	if movable && a != nil && a.Bucket == r.history {
		b.Bucket = a.Bucket
	}
	r.same("channel of "+region, b, a)
}

var often = []string{"SIX_HOURS", "ONE_HOUR", "FIFTEEN_MINUTES"}

func (r *run) detector(region string) {
	before, after := guardduty.Get(r.before, region), guardduty.Get(r.acct, region)
	if r.frozen("guardduty", "GuardDuty in "+region, before, after) || before.Detector == nil {
		return
	}
	if before.Administrator != nil && before.Administrator.RelationshipStatus == "Enabled" || after.Detector == nil {
		r.same("a member's detector in "+region, before, after)
		return
	}
	b, a := *before.Detector, *after.Detector
	raise(&b.Enabled, a.Enabled)
	if slices.Index(often, a.Frequency) > slices.Index(often, b.Frequency) {
		b.Frequency = a.Frequency
	}
	for name, was := range b.Features {
		is := *a.Features[name]
		r.must(was.Status == is.Status || is.Status == "ENABLED" && r.asked(name), "%s: %s went from %s to %s", region, name, was.Status, is.Status)
		for agent, status := range was.Additional {
			r.must(status == is.Additional[agent] || is.Additional[agent] == "ENABLED" && slices.Contains(r.features, agent), "%s: %s of %s went from %s to %s", region, agent, name, status, is.Additional[agent])
		}
	}
	b.Features, b.UpdatedAt = a.Features, a.UpdatedAt
	r.same("detector of "+region, b, a)
}

// asked says whether the spec names a feature, or a part of it, which needs it.
func (r *run) asked(feature string) bool {
	return slices.Contains(r.features, feature) || feature == "RUNTIME_MONITORING" && slices.Contains(r.features, "EC2_AGENT_MANAGEMENT")
}

func (r *run) hub(region string) {
	before, after := securityhub.Get(r.before, region), securityhub.Get(r.acct, region)
	if r.frozen("securityhub", "Security Hub in "+region, before, after) {
		return
	}
	if before.Hub == nil {
		for name := range after.Hub.Standards {
			r.must(slices.Contains(r.standards, name), "%s: nobody asked for the standard %s", region, name)
		}
		return
	}
	member := before.Administrator != nil && before.Administrator.MemberStatus == "Enabled"
	r.must(!member && !before.CentralPolicy && after.Hub != nil, "%s: the organization decides about the hub", region)
	b, a := *before.Hub, *after.Hub
	for name, is := range a.Standards {
		was := b.Standards[name]
		r.must(text(was) == text(is) || slices.Contains(r.standards, name) && is.GoneAt.IsZero(), "%s: standard %s: %s became %s", region, name, text(was), text(is))
	}
	for name, was := range b.Standards {
		r.must(a.Standards[name] != nil || !was.GoneAt.IsZero(), "%s: the standard %s is gone", region, name)
	}
	b.Standards, b.EnabledAt = a.Standards, a.EnabledAt
	r.same("hub of "+region, b, a)
}

// central says whether a central configuration decides about a hub.
func (r *run) central() bool {
	return slices.ContainsFunc(regions, func(region string) bool { return securityhub.Get(r.before, region).CentralPolicy })
}

func (r *run) aggregator() {
	before, after := securityhub.GetAccount(r.before).Aggregator, securityhub.GetAccount(r.acct).Aggregator
	if r.frozen("securityhub", "the aggregator", before, after) || before == nil {
		return
	}
	b := *before
	if b.Region == r.home {
		b.Mode, b.Regions = "ALL_REGIONS", nil
	}
	r.same("aggregator", b, after)
}

func (r *run) topics(region string) {
	before, after := sns.Get(r.before, region), sns.Get(r.acct, region)
	if r.frozen("root_login_alarm", "SNS in "+region, before, after) {
		return
	}
	for name, b := range before.Topics {
		switch a := after.Topics[name]; {
		case a == nil || name != topicName:
			r.same("topic "+name+" of "+region, b, a)
		default:
			r.topicKept(region, *b, *a)
		}
	}
	for name := range after.Topics {
		r.must(before.Topics[name] != nil || name == topicName, "the topic %s appeared in %s", name, region)
	}
	for address, n := range after.Mails {
		r.must(n == 1 && slices.Contains(r.emails, address) && !subscribed(before.Topics[topicName], address), "%s: %d mails to %s", region, n, address)
	}
}

func (r *run) topicKept(region string, b, a sns.Topic) {
	r.subset("topic policy of "+region, statementsOf(b.Attributes["Policy"], []string{"KisoRootAlarms"}), statementsOf(a.Attributes["Policy"], nil))
	b.Attributes["Policy"] = a.Attributes["Policy"]
	for _, s := range b.Subscriptions {
		r.must(s.Deleted || slices.ContainsFunc(a.Subscriptions, func(now *sns.Subscription) bool { return text(now) == text(s) }), "%s: the subscription %s changed", region, s.Endpoint)
	}
	b.Subscriptions = a.Subscriptions
	r.same("topic of "+region, b, a)
}

// subscribed says whether an address is a topic's, waiting for its click or not.
func subscribed(t *sns.Topic, address string) bool {
	return t != nil && slices.ContainsFunc(t.Subscriptions, func(s *sns.Subscription) bool {
		return s.Protocol == "email" && strings.EqualFold(s.Endpoint, address) && !s.Deleted
	})
}

var reach = []string{events.Disabled, events.Enabled, events.AllEvents}

func (r *run) rules(region string) {
	before, after := events.Get(r.before, region).Rules, events.Get(r.acct, region).Rules
	if r.frozen("root_login_alarm", "EventBridge in "+region, before, after) {
		return
	}
	for name, b := range before {
		if a := after[name]; a == nil || name == "theirs" || b.ManagedBy != "" {
			r.same("rule "+name+" of "+region, b, a)
		} else {
			r.ruleRaised(region+" "+name, *b, *a)
		}
	}
}

func (r *run) ruleRaised(what string, b, a events.Rule) {
	if slices.Index(reach, a.State) > slices.Index(reach, b.State) {
		b.State = a.State
	}
	for _, was := range b.Targets {
		at := slices.IndexFunc(a.Targets, func(t events.Target) bool { return t.ID == was.ID })
		switch {
		case at < 0:
			r.must(false, "%s: the target %s is gone", what, was.ID)
		case was.ID == "theirs":
			r.same(what+" target", was, a.Targets[at])
		default:
			is := a.Targets[at]
			was.ARN, was.InputPath, was.InputTransformer = is.ARN, is.InputPath, is.InputTransformer
			r.same(what+" target", was, is)
		}
	}
	r.must(json.Valid([]byte(a.Pattern)), "%s: the pattern is no JSON", what)
	b.Targets, b.Pattern = a.Targets, a.Pattern
	r.same("rule "+what, b, a)
}
