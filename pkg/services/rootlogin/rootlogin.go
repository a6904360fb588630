// Package rootlogin keeps an alarm on the root user: an EventBridge rule that
// sends its sign-ins, and if wanted its API calls, by mail through an SNS topic.
// It knows the EventBridge and SNS APIs and nothing of how plans are made or
// carried out.
package rootlogin

import (
	"fmt"
	"slices"

	"github.com/kiso-cli/kiso/pkg/resource"
)

// Service is the root_login_alarm section of the spec.
var Service = &resource.Service{
	Name:    "root_login_alarm",
	Title:   "Root login alarm",
	Summary: "A mail whenever the root user signs in to the console, and if wanted whenever it calls an API, by an EventBridge rule and an SNS topic. Events reach EventBridge only while a trail is logging: keep the cloudtrail section, or have an organization trail.",
	Cost:    "Next to nothing: events of AWS services on the default bus are free, and mails cost cents by the thousand.",
	New:     func() resource.Section { return &Section{} },
	Kinds:   []resource.KindInfo{topics, policies, subscriptions, rules, targets},
	Example: `root_login_alarm:
  emails: [security@example.com]
  root_api_usage: true
`,
	Rests: map[string]string{
		"cloudtrail": "root_login_alarm: what root does reaches EventBridge only while a trail logs it, and the spec has no cloudtrail section: make sure that some other trail does, or no mail is sent",
	},
}

// Section is what the spec may say of the alarm.
type Section struct {
	Emails       []string `yaml:"emails" jsonschema:"required,format=email,uniqueItems=true,minItems=1" doc:"Who gets the mails. Each address gets a mail with a link to click before anything else is sent to it."`
	RootAPIUsage bool     `yaml:"root_api_usage" doc:"Also send a mail for each API call by root, in every region. Each address then confirms once a region."`
}

// topicName is the topic's name in every region. Both alarms share it where both are.
const topicName = "kiso-root-login"

// alarm is a rule and what its mails say.
type alarm struct {
	path string // the part of the section that asks for it
	rule Rule
	mail Mail
}

// Expand declares the alarms where the events that they wait for can occur.
func (s *Section) Expand(in resource.Input, d *resource.Declaration) {
	global, partition := in.Partition.GlobalRegion, in.Identity.Partition
	if !in.Partition.RootUser {
		d.Note(fmt.Sprintf("root_login_alarm: the partition %s has no root user; there is nothing to watch, and nothing is declared", partition))
		return
	}
	if !in.Partition.RootSignIn {
		d.Note(fmt.Sprintf("root_login_alarm: the root user cannot sign in to the console in the partition %s, so there is no login alarm; %s", partition, s.instead()))
	}
	everywhere := slices.Clone(in.Regions)
	if !slices.Contains(everywhere, global) {
		everywhere = append(everywhere, global)
	}
	regions := 0
	for _, region := range everywhere {
		if alarms := s.alarms(in, region); len(alarms) > 0 {
			s.declare(in, d, resource.Scope(region), alarms)
			regions++
		}
	}
	if regions > 0 && !slices.Contains(in.Regions, global) {
		d.Note(fmt.Sprintf("root_login_alarm: %s is not among the regions of the spec, but what root does there is recorded nowhere else: the alarm is placed there all the same", global))
	}
	if s.RootAPIUsage {
		d.Note(fmt.Sprintf("root_login_alarm: root_api_usage needs a topic in each of the %d regions, so each address gets %d mails to confirm, one for a region", regions, regions))
	}
}

// instead says what is left to do where root cannot sign in.
func (s *Section) instead() string {
	if s.RootAPIUsage {
		return "its API calls are watched"
	}
	return "set root_api_usage: true to hear of its API calls"
}

// alarms returns those that belong into a region. Root sign-ins are recorded in
// the global region alone (AWS CloudTrail user guide, console sign-in events),
// API calls in the region that was called.
func (s *Section) alarms(in resource.Input, region string) []alarm {
	var alarms []alarm
	if in.Partition.RootSignIn && region == in.Partition.GlobalRegion {
		alarms = append(alarms, loginAlarm)
	}
	if s.RootAPIUsage {
		alarms = append(alarms, usageAlarm)
	}
	return alarms
}

// declare declares a region's alarms and the topic that they send to. A rule's
// topic must be in the rule's region.
func (s *Section) declare(in resource.Input, d *resource.Declaration, region resource.Scope, alarms []alarm) {
	topic, policy := topics.ID(region, topicName), policies.ID(region, topicName)
	path := alarms[0].path
	d.Add(topics.New(region, topicName, path, Topic{Name: topicName, Tags: in.Tags}))
	for i, address := range s.Emails {
		want := Subscription{Protocol: email, Endpoint: address}
		d.Add(subscriptions.New(region, address, fmt.Sprintf("emails[%d]", i), want, resource.Needs(topic)))
	}
	var sources []string
	for _, a := range alarms {
		name := a.rule.Name
		sources = append(sources, in.Identity.ARN("events", string(region), "rule/"+name))
		rule, target := a.rule, Target{ARN: topicARN(in.Identity, region), Mail: a.mail}
		rule.Tags = in.Tags
		d.Add(
			rules.New(region, name, a.path, rule),
			targets.New(region, name, a.path, target, resource.Needs(rules.ID(region, name)), resource.Needs(topic), resource.Needs(policy)),
		)
	}
	d.Add(policies.New(region, topicName, path, publishBy(topicARN(in.Identity, region), sources), resource.Needs(topic)))
}
