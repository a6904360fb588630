package rootlogin_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/events"
	"github.com/kiso-cli/kiso/pkg/sandbox/sns"
	"github.com/kiso-cli/kiso/pkg/services/rootlogin"
	"github.com/kiso-cli/kiso/pkg/spec"
)

func TestFromNothingToAMail(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		assert.Equal(t, map[resource.Action]int{resource.Create: 5}, w.actions())
		w.settle()
		assert.Equal(t, w.input.Tags, w.topic(global).Tags)
		assert.Equal(t, w.input.Tags, w.rule(global, loginRule).Tags)
		assert.Empty(t, events.Get(w.acct, home).Rules, "root signs in in one region only")
		writes := len(w.acct.Writes())
		assert.Equal(t, 5, writes)
		require.NoError(t, w.apply(w.plan()).Err())
		assert.Len(t, w.acct.Writes(), writes, "nothing is left to write")

		assert.Equal(t, 1, sns.Confirm(w.acct, global, security))
		w.inSync()
		for _, result := range []string{"Success", "Failure"} {
			deliveries := events.Send(w.acct, global, w.signIn(result))
			require.Len(t, deliveries, 1)
			require.NoError(t, deliveries[0].Refusal)
		}
		messages := sns.Get(w.acct, global).Messages
		require.Len(t, messages, 2)
		assert.Equal(t, security, messages[1].Endpoint)
		for _, words := range []string{"account " + w.acct.AccountID(), "Result: Failure", "Time: 2026-11-21T12:00:00Z", "From: 203.0.113.7", "event: e-1"} {
			assert.Contains(t, messages[1].Text, words)
		}
		assert.Empty(t, events.Send(w.acct, global, strings.Replace(w.signIn("Success"), `"Root"`, `"IAMUser"`, 1)))
		assert.Empty(t, events.Send(w.acct, global, w.call("Root", "")))
		assert.Len(t, events.Send(w.acct, global, strings.Replace(w.signIn("Success"), "Sign In", "Signin", 1)), 1, "the documentation's spelling")
	})
}

func TestAnyCallByRootInEveryRegion(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.section.RootAPIUsage = true
		notes := strings.Join(w.expand().Notes, "\n")
		assert.Contains(t, notes, "each of the 17 regions, so each address gets 17 mails to confirm")
		assert.Equal(t, map[resource.Action]int{resource.Create: 17*5 + 2}, w.actions())
		w.settle()
		for _, region := range w.input.Regions {
			assert.Equal(t, 1, sns.Confirm(w.acct, region, security))
			for more, want := range map[string]int{
				"":                                 1,
				`},"readOnly":true,"x":{"y":1`:     1,
				`,"invokedBy":"ssm.amazonaws.com"`: 0,
				`},"eventType":"AwsServiceEvent","x":{"y":1`: 0,
			} {
				event := w.call("Root", more)
				if !strings.Contains(more, "eventType") {
					event = strings.Replace(event, `"eventID"`, `"eventType":"AwsApiCall","eventID"`, 1)
				}
				deliveries := events.Send(w.acct, region, event)
				require.Len(t, deliveries, want, event)
				for _, d := range deliveries {
					require.NoError(t, d.Refusal)
					assert.Contains(t, d.Text, "called ListBuckets of s3.amazonaws.com in eu-west-1")
				}
			}
			assert.Empty(t, events.Send(w.acct, region, w.call("IAMUser", "")))
		}
		require.NoError(t, events.Send(w.acct, global, w.signIn("Success"))[0].Refusal, "one topic serves both rules")
	})
}

func TestAddingAnAlarmKeepsTheOther(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.settle()
		w.section.RootAPIUsage = true
		w.settle()
		w.section.RootAPIUsage = false
		w.inSync()
		assert.Contains(t, w.topic(global).Attributes["Policy"], usageRule, "what the spec no longer names stays")
		assert.Equal(t, 1, w.mails(global, security))
	})
}

func TestReadsOfAPlan(t *testing.T) {
	in(t, sandbox.Options{Latency: func(sandbox.Call) time.Duration { return time.Second }}, func(w *world) {
		w.settle()
		w.acct.ResetCalls()
		start := time.Now()
		w.plan()
		assert.Equal(t, time.Second, time.Since(start), "one round trip")
		assert.Len(t, w.acct.Calls(), 4)
	})
}

func TestPagesAndOrderMakeNoDifference(t *testing.T) {
	for _, o := range []sandbox.Options{{PageSize: 1}, {Reversed: true}, {PageSize: 1, Reversed: true}} {
		in(t, o, func(w *world) {
			w.section.Emails = []string{security, boss}
			w.settle()
			w.editRule(global, loginRule, func(r *events.Rule) {
				r.Targets = append([]events.Target{{ID: "0", ARN: w.arn("sqs", global, "q")}}, r.Targets...)
			})
			w.inSync()
		})
	}
}

func TestRegionsOfTheSpec(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.input.Regions = []string{home}
		assert.Contains(t, strings.Join(w.expand().Notes, "\n"), "us-east-1 is not among the regions of the spec")
		w.settle()
		assert.NotNil(t, w.rule(global, loginRule))
		w.section.RootAPIUsage = true
		w.settle()
		assert.NotNil(t, w.rule(global, usageRule))
		assert.NotNil(t, w.rule(home, usageRule))
		assert.Empty(t, events.Get(w.acct, "eu-west-1").Rules)
	})
}

func TestPartitions(t *testing.T) {
	for partition, c := range map[string]struct {
		usage     bool
		resources int
		note      string
	}{
		"aws-cn":     {true, 0, "has no root user"},
		"aws-us-gov": {false, 0, "set root_api_usage: true to hear of its API calls"},
		"aws-eusc":   {false, 5, ""},
	} {
		in(t, sandbox.Options{Partition: partition}, func(w *world) {
			w.section.RootAPIUsage = c.usage
			d := w.expand()
			assert.Len(t, d.Resources, c.resources, partition)
			assert.Contains(t, strings.Join(d.Notes, "\n"), c.note)
			w.settle()
		})
	}
	in(t, sandbox.Options{Partition: "aws-us-gov"}, func(w *world) {
		w.section.RootAPIUsage = true
		assert.Contains(t, w.expand().Notes[0], "its API calls are watched")
		w.settle()
		assert.Nil(t, w.rule("us-gov-west-1", loginRule))
		assert.NotNil(t, w.rule("us-gov-west-1", usageRule))
		assert.Contains(t, w.topic("us-gov-east-1").Attributes["Policy"], w.arn("events", "us-gov-east-1", "rule/"+usageRule))
	})
}

// TestSpec reads the section as kiso reads it, with its mistakes.
func TestSpec(t *testing.T) {
	sections := []spec.Section{{Name: rootlogin.Service.Name, New: func() any { return rootlogin.Service.New() }}}
	for text, problem := range map[string]string{
		rootlogin.Service.Example:                                "",
		"root_login_alarm: {emails: [a@example.com]}":            "",
		"root_login_alarm: {}":                                   "emails",
		"root_login_alarm:":                                      "emails",
		"root_login_alarm: {emails: []}":                         "emails",
		"root_login_alarm: {emails: [nobody]}":                   "is not an e-mail address",
		"root_login_alarm: {emails: [a@b.c, a@b.c]}":             "emails",
		"root_login_alarm: {email: [a@b.c]}":                     "did you mean emails?",
		"root_login_alarm: {emails: [a@b.c], root_api_usage: 1}": "root_api_usage",
	} {
		_, err := spec.Decode("kiso.yaml", []byte("version: 1\nhome_region: eu-west-1\n"+text), sections)
		if problem == "" {
			assert.NoError(t, err, text)
		} else {
			assert.ErrorContains(t, err, problem, text)
		}
	}
}

func TestPathsLeadToTheSpec(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.section.Emails, w.section.RootAPIUsage = []string{security, boss}, true
		changes := w.plan()
		assert.Equal(t, "emails[1]", find(t, changes, "root_login_alarm.subscription/us-east-1/"+boss).Path)
		assert.Equal(t, "root_api_usage", find(t, changes, "root_login_alarm.rule/us-east-1/"+usageRule).Path)
		assert.Empty(t, find(t, changes, "root_login_alarm.rule/us-east-1/"+loginRule).Path)
	})
}

// TestEveryCallIsDocumented compares the call log with what the kinds say that
// they call.
func TestEveryCallIsDocumented(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		reads, writes := map[string]bool{}, map[string]bool{}
		for _, kind := range rootlogin.Service.Kinds {
			for _, p := range kind.Documentation().Reads {
				reads[p.Action] = true
			}
			for _, p := range kind.Documentation().Writes {
				writes[p.Action] = true
			}
		}
		w.section.RootAPIUsage = true
		w.settle()
		called := map[string]bool{}
		for _, c := range w.acct.Calls() {
			assert.True(t, c.Write && writes[c.Action] || !c.Write && reads[c.Action], fmt.Sprint(c.Action, c.Write))
			called[c.Action] = true
		}
		for action := range reads {
			assert.True(t, called[action], action)
		}
		for action := range writes {
			assert.True(t, called[action] || strings.HasSuffix(action, ":TagResource"), action)
		}
		for _, verb := range []string{"Delete", "Remove", "Disable", "Unsubscribe"} {
			assert.False(t, slices.ContainsFunc(w.acct.Calls(), func(c sandbox.Call) bool { return strings.HasPrefix(c.Operation, verb) }))
		}
	})
}
