package rootlogin_test

import (
	"strings"
	"testing"

	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/events"
	"github.com/kiso-cli/kiso/pkg/sandbox/sns"
	"github.com/kiso-cli/kiso/pkg/services/rootlogin"
	"github.com/kiso-cli/kiso/pkg/services/servicetest"
)

// onRule changes the rule that a rule or a target stands for.
func onRule(change func(*events.Rule)) servicetest.Tamper {
	return func(a *sandbox.Account, id resource.ID) {
		events.Edit(a, string(id.Scope), func(s *events.State) { change(s.Rules[id.Name]) })
	}
}

// onTarget changes kiso's target of a rule.
func onTarget(change func(*events.Target)) servicetest.Tamper {
	return onRule(func(r *events.Rule) {
		for i := range r.Targets {
			if r.Targets[i].ID == loginRule || r.Targets[i].ID == usageRule {
				change(&r.Targets[i])
			}
		}
	})
}

func onTopic(change func(*sns.Topic)) servicetest.Tamper {
	return func(a *sandbox.Account, id resource.ID) {
		sns.Edit(a, string(id.Scope), func(s *sns.State) { change(s.Topics[topicName]) })
	}
}

func TestConformance(t *testing.T) {
	drift := map[string]servicetest.Tamper{
		"root_login_alarm.rule/* event_pattern": onRule(func(r *events.Rule) { r.Pattern = `{"source":["nobody"]}` }),
		"root_login_alarm.rule/* state":         onRule(func(r *events.Rule) { r.State = events.Disabled }),
		"root_login_alarm.rule/*": func(a *sandbox.Account, id resource.ID) {
			events.Edit(a, string(id.Scope), func(s *events.State) { delete(s.Rules, id.Name) })
		},
		"root_login_alarm.target/* arn":           onTarget(func(x *events.Target) { x.ARN += "x" }),
		"root_login_alarm.target/* mail.template": onTarget(func(x *events.Target) { x.InputTransformer.Template = `"all is well"` }),
		"root_login_alarm.target/*":               onRule(func(r *events.Rule) { r.Targets = nil }),
		"root_login_alarm.topic/*": func(a *sandbox.Account, id resource.ID) {
			sns.Edit(a, string(id.Scope), func(s *sns.State) { delete(s.Topics, topicName) })
		},
		"root_login_alarm.topic_policy/* statements.KisoRootAlarms": onTopic(func(topic *sns.Topic) {
			topic.Attributes["Policy"] = strings.Replace(topic.Attributes["Policy"], "sns:Publish\",\"Resource", "sns:Subscribe\",\"Resource", 1)
		}),
		"root_login_alarm.subscription/*": onTopic(func(topic *sns.Topic) { topic.Subscriptions = nil }),
	}
	for _, path := range []string{"account", "address", "event", "id", "region", "result", "source", "time"} {
		drift["root_login_alarm.target/* mail.paths."+path] = onTarget(func(x *events.Target) {
			if _, there := x.InputTransformer.Paths[path]; there {
				x.InputTransformer.Paths[path] = "$.version"
			}
		})
	}
	servicetest.Run(t, servicetest.Case{
		Service: rootlogin.Service,
		Spec:    "root_login_alarm: {emails: [security@example.com], root_api_usage: true}\n",
		Drift:   drift,
		Foreign: func(a *sandbox.Account) {
			events.Edit(a, global, func(s *events.State) {
				r := s.Rules[loginRule]
				r.Tags = map[string]string{"team": "blue"}
				r.Targets = append(r.Targets, events.Target{ID: "theirs", ARN: "arn:aws:sqs:us-east-1:123456789012:q", Input: `"x"`})
			})
			sns.Edit(a, global, func(s *sns.State) {
				topic := s.Topics[topicName]
				topic.Attributes["DisplayName"] = "Root"
				topic.Attributes["Policy"] = strings.Replace(topic.Attributes["Policy"], `"Statement":[`,
					`"Statement":[{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sns:Subscribe","Resource":"*"},`, 1)
				topic.Subscriptions = append(topic.Subscriptions, &sns.Subscription{ARN: "arn:aws:sns:us-east-1:123456789012:kiso-root-login:1", Protocol: "https", Endpoint: "https://example.com"})
			})
		},
		Stricter: func(a *sandbox.Account) {
			events.Edit(a, global, func(s *events.State) { s.Rules[loginRule].State = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" })
		},
	})
}
