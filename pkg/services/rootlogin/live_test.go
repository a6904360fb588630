package rootlogin_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/internal/policydoc"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/events"
	"github.com/kiso-cli/kiso/pkg/sandbox/sns"
)

const (
	ruleAddress   = "root_login_alarm.rule/us-east-1/" + loginRule
	targetAddress = "root_login_alarm.target/us-east-1/" + loginRule
	topicAddress  = "root_login_alarm.topic/us-east-1/" + topicName
	policyAddress = "root_login_alarm.topic_policy/us-east-1/" + topicName
	subscription  = "root_login_alarm.subscription/us-east-1/" + security
)

// TestDriftIsNamedAndRepaired tampers with everything that the models manage.
func TestDriftIsNamedAndRepaired(t *testing.T) {
	policy := policyAddress + ": statements.KisoRootAlarms"
	rule := func(change func(*events.Rule)) func(*world) {
		return func(w *world) { w.editRule(global, loginRule, change) }
	}
	target := func(change func(*events.Target)) func(*world) {
		return rule(func(r *events.Rule) { change(&r.Targets[0]) })
	}
	replaced := func(old, new string) func(*world) {
		return func(w *world) {
			w.editTopic(global, func(topic *sns.Topic) {
				policy := topic.Attributes["Policy"]
				require.Contains(w.t, policy, old)
				topic.Attributes["Policy"] = strings.Replace(policy, old, new, 1)
			})
		}
	}
	for name, c := range map[string]struct {
		tamper func(*world)
		want   []string
	}{
		"state":              {rule(func(r *events.Rule) { r.State = events.Disabled }), []string{ruleAddress + ": state"}},
		"another event":      {rule(func(r *events.Rule) { r.Pattern = strings.Replace(r.Pattern, "ConsoleLogin", "Never", 1) }), []string{ruleAddress + ": event_pattern"}},
		"a narrower pattern": {rule(func(r *events.Rule) { r.Pattern = `{"account":["1"],` + r.Pattern[1:] }), []string{ruleAddress + ": event_pattern"}},
		"a broader pattern":  {rule(func(r *events.Rule) { r.Pattern = `{"source":["aws.signin"]}` }), []string{ruleAddress + ": event_pattern"}},
		"a schedule":         {rule(func(r *events.Rule) { r.Pattern, r.Schedule = "", "rate(1 day)" }), []string{ruleAddress + ": event_pattern"}},
		"no target":          {rule(func(r *events.Rule) { r.Targets = nil }), []string{targetAddress + ": arn", targetAddress + ": mail.paths.account", targetAddress + ": mail.paths.address", targetAddress + ": mail.paths.id", targetAddress + ": mail.paths.result", targetAddress + ": mail.paths.time", targetAddress + ": mail.template"}},
		"another topic":      {target(func(x *events.Target) { x.ARN += "x" }), []string{targetAddress + ": arn"}},
		"another template":   {target(func(x *events.Target) { x.InputTransformer.Template = `"all is well"` }), []string{targetAddress + ": mail.template"}},
		"a path":             {target(func(x *events.Target) { x.InputTransformer.Paths["time"] = "$.region" }), []string{targetAddress + ": mail.paths.time"}},
		"a fixed text":       {target(func(x *events.Target) { x.InputTransformer.Paths, x.InputTransformer.Template = nil, `"x"` }), []string{targetAddress + ": mail.paths.account", targetAddress + ": mail.paths.address", targetAddress + ": mail.paths.id", targetAddress + ": mail.paths.result", targetAddress + ": mail.paths.time", targetAddress + ": mail.template"}},
		"nobody may publish": {replaced("sns:Publish\",\"Resource", "sns:Subscribe\",\"Resource"), []string{policy}},
		"another service":    {replaced("events.amazonaws.com", "s3.amazonaws.com"), []string{policy}},
		"any rule":           {replaced(`"ArnEquals"`, `"ArnNotEquals"`), []string{policy}},
		"a rule of somebody": {replaced("rule/"+loginRule, "rule/x"), []string{policy}},
		"denied":             {replaced(`"KisoRootAlarms","Effect":"Allow"`, `"KisoRootAlarms","Effect":"Deny"`), []string{policy}},
		"under another id":   {replaced("KisoRootAlarms", "Other"), []string{policy}},
		"no subscription":    {func(w *world) { w.editTopic(global, func(t *sns.Topic) { t.Subscriptions = nil }) }, []string{subscription + ": protocol", subscription + ": endpoint"}},
		"unsubscribed":       {func(w *world) { w.editTopic(global, func(t *sns.Topic) { t.Subscriptions[0].Deleted = true }) }, []string{subscription + ": protocol", subscription + ": endpoint"}},
		"another protocol":   {func(w *world) { w.editTopic(global, func(t *sns.Topic) { t.Subscriptions[0].Protocol = "email-json" }) }, []string{subscription + ": protocol", subscription + ": endpoint"}},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, sandbox.Options{}, func(w *world) {
				w.settle()
				c.tamper(w)
				assert.Equal(t, c.want, w.drifted())
				before := len(w.acct.Writes())
				w.settle()
				assert.Len(t, w.acct.Writes(), before+1)
				sns.Confirm(w.acct, global, security)
				require.NoError(t, events.Send(w.acct, global, w.signIn("Success"))[0].Refusal)
			})
		})
	}
}

func TestTopicTakenAway(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.settle()
		sns.Edit(w.acct, global, func(s *sns.State) { s.Topics = nil })
		assert.Equal(t, map[resource.Action]int{resource.Create: 3, resource.None: 2}, w.actions())
		w.settle()
		assert.Contains(t, w.topic(global).Attributes["Policy"], "__default_statement_ID", "the owner may still use the topic")
	})
}

// TestForeignAndStricterThingsStay repairs an alarm that somebody has built
// things upon.
func TestForeignAndStricterThingsStay(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.settle()
		attempts := 7
		foreign := events.Target{ID: "theirs", ARN: w.arn("sqs", global, "q"), Input: `"x"`, Retry: &events.RetryPolicy{MaxAttempts: &attempts}}
		wording := events.Target{ID: "a-team", ARN: w.arn("sns", global, topicName), Input: `"in our words"`}
		w.editRule(global, loginRule, func(r *events.Rule) {
			r.Pattern, r.State, r.Description, r.RoleARN = `{"source":["x"]}`, events.AllEvents, "ours now", w.arn("iam", "", "role/r")
			r.Tags["theirs"] = "1"
			r.Targets[0].InputTransformer = nil
			r.Targets[0].Retry, r.Targets[0].DeadLetter = &events.RetryPolicy{MaxAttempts: &attempts}, &events.DeadLetter{ARN: w.arn("sqs", global, "dead")}
			r.Targets = append([]events.Target{wording}, append(r.Targets, foreign)...)
		})
		theirs := w.arn("events", global, "rule/theirs")
		w.editTopic(global, func(topic *sns.Topic) {
			topic.Tags["theirs"] = "1"
			topic.Attributes["DisplayName"] = "Alarm"
			topic.Subscriptions = append(topic.Subscriptions, &sns.Subscription{Protocol: "sqs", Endpoint: w.arn("sqs", global, "q"), ARN: "arn", Confirmed: true})
			doc, err := policydoc.Parse(topic.Attributes["Policy"])
			require.NoError(t, err)
			topic.Attributes["Policy"] = doc.With(map[string]policydoc.Statement{
				"theirs": {Effect: "Deny", Principal: "*", Action: "sns:Publish", Resource: w.arn("sns", global, topicName), Condition: policydoc.Condition{"Bool": {"aws:SecureTransport": false}}},
				"KisoRootAlarms": {Effect: "Allow", Principal: map[string]any{"Service": []string{"events.amazonaws.com"}}, Action: []string{"SNS:Publish"},
					Resource: w.arn("sns", global, topicName), Condition: policydoc.Condition{"ArnLike": {"AWS:SourceArn": theirs}}},
			}).String()
		})
		w.settle()

		rule := w.rule(global, loginRule)
		assert.Equal(t, events.AllEvents, rule.State)
		assert.Equal(t, "ours now", rule.Description)
		assert.Equal(t, w.arn("iam", "", "role/r"), rule.RoleARN)
		assert.Equal(t, "1", rule.Tags["theirs"])
		require.Len(t, rule.Targets, 3)
		assert.Equal(t, wording, rule.Targets[0])
		assert.Equal(t, foreign, rule.Targets[2])
		assert.Equal(t, &attempts, rule.Targets[1].Retry.MaxAttempts)
		assert.Equal(t, w.arn("sqs", global, "dead"), rule.Targets[1].DeadLetter.ARN)

		topic := w.topic(global)
		assert.Equal(t, "1", topic.Tags["theirs"])
		assert.Equal(t, "Alarm", topic.Attributes["DisplayName"])
		assert.Len(t, topic.Subscriptions, 2)
		for _, kept := range []string{"__default_statement_ID", `"theirs"`, theirs, w.arn("events", global, "rule/"+loginRule)} {
			assert.Contains(t, topic.Attributes["Policy"], kept)
		}
	})
}

// TestAdoption finds topic and rule under their names, with the target under an
// id of its own.
func TestAdoption(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.settle()
		w.editRule(global, loginRule, func(r *events.Rule) {
			r.Tags, r.Targets[0].ID = nil, "Id1234"
			r.Pattern = " " + strings.Replace(strings.Replace(r.Pattern, `"AWS Console Sign In via CloudTrail",`, "", 1), `["AWS Console Signin`, `["AWS Console Signin via CloudTrail", "AWS Console Sign In`, 1)
		})
		w.editTopic(global, func(topic *sns.Topic) {
			topic.Tags = nil
			topic.Subscriptions[0].Endpoint = strings.ToUpper(security)
		})
		w.inSync()
		w.editRule(global, loginRule, func(r *events.Rule) { r.Targets[0].InputTransformer = nil })
		w.settle()
		require.Len(t, w.rule(global, loginRule).Targets, 1)
		assert.Equal(t, "Id1234", w.rule(global, loginRule).Targets[0].ID)
		assert.Equal(t, 1, w.mails(global, security))
	})
}

// besides puts a target in the place of all others of the rule, requires that it
// stays, and returns kiso's.
func (w *world) besides(theirs events.Target) events.Target {
	w.settle()
	w.editRule(global, loginRule, func(r *events.Rule) { r.Targets = []events.Target{theirs} })
	w.settle()
	targets := w.rule(global, loginRule).Targets
	require.Len(w.t, targets, 2)
	assert.Equal(w.t, theirs, targets[0])
	return targets[1]
}

// What somebody sends to the topic in words of his own stays, however he words it.
func TestAForeignTextToTheTopic(t *testing.T) {
	arn := "arn:aws:sns:us-east-1:123456789012:" + topicName
	for _, theirs := range []events.Target{
		{ID: "pager", ARN: arn, Input: `"root!"`},
		{ID: "pager", ARN: arn, InputTransformer: &events.Transformer{Paths: map[string]string{"a": "$.account"}, Template: `"PAGE <a>"`}},
	} {
		in(t, sandbox.Options{}, func(w *world) {
			assert.Equal(t, loginRule, w.besides(theirs).ID)
		})
	}
}

// A target of somebody else's is not replaced, though it has the id that kiso gives.
func TestAForeignTargetUnderOurID(t *testing.T) {
	theirs := events.Target{ID: loginRule, ARN: "arn:aws:lambda:us-east-1:123456789012:function:pager", Input: `"root!"`}
	in(t, sandbox.Options{}, func(w *world) {
		assert.Equal(t, loginRule+"-2", w.besides(theirs).ID)
		w.editRule(global, loginRule, func(r *events.Rule) { r.Targets[1].InputTransformer.Template = `"all is well"` })
		w.settle()
		assert.Len(t, w.rule(global, loginRule).Targets, 2)
	})
}

func TestPendingSubscriptionIsANote(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.settle()
		c := find(t, w.plan(), subscription)
		assert.Equal(t, resource.None, c.Action)
		require.Len(t, c.Notes, 1)
		assert.Contains(t, c.Notes[0], "pending: "+security+" must click the link")

		time.Sleep(47 * time.Hour)
		w.settle()
		assert.Equal(t, 1, w.mails(global, security), "no second mail")
		time.Sleep(time.Hour)
		assert.Equal(t, resource.Create, find(t, w.plan(), subscription).Action, "AWS has dropped it")
		w.settle()
		assert.Equal(t, 2, w.mails(global, security))
		sns.Confirm(w.acct, global, security)
		time.Sleep(100 * time.Hour)
		assert.Empty(t, find(t, w.plan(), subscription).Notes)
		w.inSync()
	})
}

func TestAConfirmedSubscriptionCounts(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.settle()
		for _, first := range []bool{false, true} {
			w.editTopic(global, func(topic *sns.Topic) {
				one := *topic.Subscriptions[0]
				topic.Subscriptions = []*sns.Subscription{{Protocol: one.Protocol, Endpoint: one.Endpoint, ARN: "a", CreatedAt: time.Now(), Confirmed: first},
					{Protocol: one.Protocol, Endpoint: one.Endpoint, ARN: "b", CreatedAt: time.Now(), Confirmed: !first},
					{Protocol: one.Protocol, Endpoint: one.Endpoint, ARN: "c", CreatedAt: time.Now(), Confirmed: true, Deleted: true}}
			})
			assert.Empty(t, find(t, w.plan(), subscription).Notes)
		}
	})
}

func TestAKeyThatSilencesTheTopic(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.settle()
		w.editTopic(global, func(topic *sns.Topic) { topic.Attributes["KmsMasterKeyId"] = "alias/aws/sns" })
		w.inSync()
		assert.Contains(t, find(t, w.plan(), topicAddress).Notes[0], "NO MAIL WILL BE SENT")
		w.editTopic(global, func(topic *sns.Topic) { topic.Attributes["KmsMasterKeyId"] = w.arn("kms", global, "key/1") })
		notes := find(t, w.plan(), topicAddress).Notes
		require.Len(t, notes, 1)
		assert.Contains(t, notes[0], "mail is sent only if that key's policy allows events.amazonaws.com")
		w.editTopic(global, func(topic *sns.Topic) { topic.Attributes["KmsMasterKeyId"] = "" })
		assert.Empty(t, find(t, w.plan(), topicAddress).Notes)
	})
}

func TestRulesOfServicesAreTheirs(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.settle()
		w.editRule(global, loginRule, func(r *events.Rule) { r.ManagedBy = "controltower.amazonaws.com" })
		for _, address := range []string{ruleAddress, targetAddress} {
			c := find(t, w.plan(), address)
			assert.Equal(t, resource.Managed, c.Action)
			assert.Equal(t, "controltower.amazonaws.com", c.Owner)
			assert.True(t, c.MeetsSpec)
		}
		w.editRule(global, loginRule, func(r *events.Rule) { r.State, r.Targets = events.Disabled, nil })
		before := len(w.acct.Writes())
		for _, address := range []string{ruleAddress, targetAddress} {
			c := find(t, w.plan(), address)
			assert.Equal(t, resource.Managed, c.Action)
			assert.False(t, c.MeetsSpec)
		}
		require.NoError(t, w.apply(w.plan()).Err())
		assert.Len(t, w.acct.Writes(), before)
	})
}
