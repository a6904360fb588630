package property

import (
	"encoding/json"
	"strings"

	"pgregory.net/rapid"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/events"
	"github.com/kiso-cli/kiso/pkg/sandbox/sns"
)

const topicName = "kiso-root-login"

func liveAlarms(t *rapid.T, acct *sandbox.Account) {
	for _, region := range regions {
		topics, rules := map[string]*sns.Topic{}, map[string]*events.Rule{}
		for _, name := range some(t, region+" topic", topicName, "theirs") {
			topics[name] = liveTopic(t, region, name)
		}
		for _, name := range some(t, region+" rule", "kiso-root-login", "kiso-root-api-usage", "theirs") {
			rules[name] = liveRule(t, region, name)
		}
		sns.Edit(acct, region, func(s *sns.State) { s.Topics = topics })
		events.Edit(acct, region, func(s *events.State) { s.Rules = rules })
	}
}

func liveTopic(t *rapid.T, region, name string) *sns.Topic {
	arn := "arn:aws:sns:" + region + ":" + account + ":" + name
	allow := func(sid string, principal statement, condition statement) statement {
		s := statement{"Effect": "Allow", "Principal": principal, "Action": "sns:Publish", "Resource": arn}
		if sid != "" {
			s["Sid"] = sid
		}
		if condition != nil {
			s["Condition"] = condition
		}
		return s
	}
	rule := "arn:aws:events:" + region + ":" + account + ":rule/"
	statements := append([]statement{allow("__default_statement_ID", statement{"AWS": "*"}, statement{"StringEquals": statement{"AWS:SourceOwner": account}})},
		some(t, region+" "+name+" statements",
			allow("", statement{"AWS": "arn:aws:iam::" + other + ":root"}, nil),
			allow("Theirs", statement{"Service": "cloudwatch.amazonaws.com"}, nil),
			allow("KisoRootAlarms", statement{"Service": "events.amazonaws.com"}, pick(t, region+" "+name+" alarm statement",
				statement{"ArnEquals": statement{"aws:SourceArn": rule + "kiso-root-login"}}, statement{"ArnEquals": statement{"aws:SourceArn": []string{rule + "kiso-root-login", rule + "kiso-root-api-usage"}}}, nil)))...)
	policy, err := json.Marshal(map[string]any{"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": statements})
	if err != nil {
		t.Fatal(err)
	}
	topic := &sns.Topic{Attributes: map[string]string{"Policy": string(policy)}, Tags: tags(t, region+" "+name)}
	if yes(t, region+" "+name+" display name") {
		topic.Attributes["DisplayName"] = "theirs"
	}
	for i, s := range some(t, region+" "+name+" subscription",
		sns.Subscription{Protocol: "email", Endpoint: "security@example.com"}, sns.Subscription{Protocol: "email", Endpoint: "Boss@Example.com"},
		sns.Subscription{Protocol: "email-json", Endpoint: "security@example.com"}, sns.Subscription{Protocol: "lambda", Endpoint: "arn:aws:lambda:" + region + ":" + account + ":function:theirs"},
	) {
		id := strings.Repeat(string(rune('a'+i)), 8)
		s.ARN, s.Token, s.CreatedAt = arn+":"+id, id, bubble
		s.Confirmed = s.Protocol == "lambda" || yes(t, region+" "+name+" confirmed")
		s.Deleted = s.Confirmed && one(t, 6, region+" "+name+" deleted")
		topic.Subscriptions = append(topic.Subscriptions, &s)
	}
	return topic
}

func liveRule(t *rapid.T, region, name string) *events.Rule {
	label := region + " " + name
	r := &events.Rule{
		Pattern:     pick(t, label+" pattern", `{"source":["aws.signin"]}`, `{"detail-type":["AWS Console Sign In via CloudTrail"],"detail":{"userIdentity":{"type":["Root"]}}}`),
		State:       pick(t, label+" state", events.Enabled, events.Disabled, events.AllEvents),
		Description: pick(t, label+" description", "", "theirs"), Tags: tags(t, label),
	}
	if one(t, 8, label+" managed") {
		r.ManagedBy = "theirs.amazonaws.com"
	}
	topic := "arn:aws:sns:" + region + ":" + account + ":" + topicName
	r.Targets = some(t, label+" target",
		events.Target{ID: "theirs", ARN: "arn:aws:sqs:" + region + ":" + account + ":theirs", Input: `"root"`},
		pick(t, label+" own target",
			events.Target{ID: "Id1", ARN: topic, DeadLetter: &events.DeadLetter{ARN: "arn:aws:sqs:" + region + ":" + account + ":lost"}, Retry: &events.RetryPolicy{MaxAttempts: ref(7)}},
			events.Target{ID: name, ARN: topic, InputPath: "$.detail"},
			events.Target{ID: name, ARN: "arn:aws:sns:" + region + ":" + account + ":elsewhere"}))
	return r
}
