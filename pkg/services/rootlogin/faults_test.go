package rootlogin_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/events"
	"github.com/kiso-cli/kiso/pkg/sandbox/sns"
	"github.com/kiso-cli/kiso/pkg/services/rootlogin"
)

func TestWhatCannotBeReadIsBlocked(t *testing.T) {
	blocks := map[string][]string{
		"GetTopicAttributes":       {topicAddress, policyAddress},
		"ListSubscriptionsByTopic": {subscription},
		"DescribeRule":             {ruleAddress, targetAddress},
		"ListTargetsByRule":        {targetAddress},
	}
	for operation, addresses := range blocks {
		for _, fault := range []sandbox.Fault{
			{Kind: sandbox.Deny, Reason: sandbox.DeniedBySCP},
			{Kind: sandbox.Custom, Code: "AuthorizationError", Status: 403, Message: "User: u is not authorized to perform: SNS:x on resource: r with an explicit deny in a service control policy"},
		} {
			in(t, sandbox.Options{}, func(w *world) {
				w.settle()
				fault.Operation = operation
				w.acct.Inject(fault)
				blocked := []string{}
				for _, c := range w.plan() {
					if c.Action == resource.Blocked {
						blocked = append(blocked, c.ID.String())
						assert.Contains(t, c.Reason, "denied by a service control policy")
					} else {
						assert.Equal(t, resource.None, c.Action, c.ID)
					}
				}
				assert.ElementsMatch(t, addresses, blocked, operation)
			})
		}
	}
}

func TestNothingIsBuiltOnWhatCannotBeRead(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.acct.Inject(sandbox.Fault{Operation: "GetTopicAttributes", Kind: sandbox.Deny})
		assert.Equal(t, map[resource.Action]int{resource.Blocked: 4, resource.Create: 1}, w.actions())
		require.NoError(t, w.apply(w.plan()).Err())
		assert.Zero(t, w.mails(global, security))
	})
}

// writes are those of a run with both alarms in the global region.
const writes = 7

// TestEveryWriteMayFail breaks each write of a run, before and after its effect,
// in ways that a run gets over by itself and in ways that end the step.
func TestEveryWriteMayFail(t *testing.T) {
	faults := map[string]sandbox.Fault{
		"throttled":  {Kind: sandbox.Throttle, Times: 3},
		"500":        {Kind: sandbox.InternalError, Times: 2},
		"500 after":  {Kind: sandbox.InternalError, Times: 1, AfterEffect: true},
		"cut":        {Kind: sandbox.CutConnection, Times: 1},
		"cut after":  {Kind: sandbox.CutConnection, Times: 1, AfterEffect: true},
		"fatal":      {Kind: sandbox.Deny, Times: 1},
		"lost after": {Kind: sandbox.Deny, Times: 1, AfterEffect: true},
	}
	for name, fault := range faults {
		for k := range writes {
			t.Run(fmt.Sprint(name, " ", k), func(t *testing.T) {
				in(t, sandbox.Options{}, func(w *world) {
					w.input.Regions, w.section.RootAPIUsage = []string{global}, true
					fault.WritesOnly, fault.Skip = true, k
					injected := w.acct.Inject(fault)
					err := w.apply(w.plan()).Err()
					assert.Positive(t, injected.Hits())
					if fault.Kind != sandbox.Deny {
						require.NoError(t, err, "the run gets over it by itself")
					}
					w.acct.ClearFaults()
					w.settle()
					assert.Equal(t, 1, w.mails(global, security), "one mail, whatever happened")
					assert.Len(t, w.rule(global, loginRule).Targets, 1)
				})
			})
		}
	}
}

func TestReadsThatLag(t *testing.T) {
	in(t, sandbox.Options{ReadLag: 40 * time.Second, Propagation: 20 * time.Second}, func(w *world) {
		w.section.RootAPIUsage = true
		require.NoError(t, w.apply(w.plan()).Err())
		time.Sleep(time.Minute)
		w.inSync()
		assert.Equal(t, 1, w.mails(global, security))
		assert.Contains(t, w.topic(global).Attributes["Policy"], "__default_statement_ID")
	})
}

// The answer to Subscribe is lost, and the list does not show it yet: to ask again
// at once would send a second mail.
func TestALostAnswerWhileReadsLag(t *testing.T) {
	for _, kind := range []sandbox.Kind{sandbox.InternalError, sandbox.CutConnection} {
		in(t, sandbox.Options{ReadLag: 15 * time.Second}, func(w *world) {
			w.acct.Inject(sandbox.Fault{Operation: "Subscribe", Kind: kind, Times: 1, AfterEffect: true})
			require.NoError(t, w.apply(w.plan()).Err())
			time.Sleep(time.Minute)
			w.inSync()
			assert.Equal(t, 1, w.mails(global, security))
		})
	}
}

func TestTransientRefusals(t *testing.T) {
	for operation, code := range map[string]string{
		"CreateTopic": "ConcurrentAccess", "SetTopicAttributes": "NotFound", "Subscribe": "NotFound",
		"PutRule": "ConcurrentModificationException", "PutTargets": "ResourceNotFoundException",
	} {
		in(t, sandbox.Options{}, func(w *world) {
			w.acct.Inject(sandbox.Fault{Operation: operation, Times: 2, Kind: sandbox.Custom, Code: code, Status: 400, Message: "not yet"})
			require.NoError(t, w.apply(w.plan()).Err(), operation)
			w.inSync()
		})
	}
}

// A rule has five targets at most: where others have them all, the plan says so.
func TestARuleThatIsFull(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.settle()
		events.Edit(w.acct, global, func(s *events.State) {
			rule := s.Rules[loginRule]
			rule.Targets = nil
			for i := range 5 {
				rule.Targets = append(rule.Targets, events.Target{ID: fmt.Sprint(i), ARN: fmt.Sprintf("arn:aws:sqs:us-east-1:123456789012:q%d", i)})
			}
		})
		for _, c := range w.plan() {
			if c.ID.String() == targetAddress {
				assert.Equal(t, resource.Blocked, c.Action)
				assert.Contains(t, c.Reason, "has 5 targets, as many as EventBridge allows")
			} else {
				assert.Equal(t, resource.None, c.Action)
			}
		}
	})
}

func TestATargetRefusedInAnAnswerOfSuccess(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		events.Edit(w.acct, global, func(s *events.State) { s.FailEntries = 2 })
		require.NoError(t, w.apply(w.plan()).Err())
		w.inSync()
	})
	in(t, sandbox.Options{}, func(w *world) {
		events.Edit(w.acct, global, func(s *events.State) { s.FailEntries = 1000 })
		err := w.apply(w.plan()).Err()
		assert.ErrorContains(t, err, "events:PutTargets failed with ConcurrentModificationException: Rule kiso-root-login was modified concurrently.")
	})
}

func TestSubscribeThatKeepsFailing(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.acct.Inject(sandbox.Fault{Operation: "Subscribe", Kind: sandbox.InternalError})
		result := w.apply(w.plan())
		assert.ErrorContains(t, result.Err(), "sns:Subscribe failed with InternalFailure")
		assert.Equal(t, 4, result.Count(apply.Applied), "everything else is there")
	})
	in(t, sandbox.Options{}, func(w *world) {
		w.acct.Inject(sandbox.Fault{Operation: "Subscribe", Kind: sandbox.Deny})
		assert.ErrorContains(t, w.apply(w.plan()).Err(), "denied because no identity-based policy allows it")
		assert.Len(t, sns.Get(w.acct, global).Mails, 0)
	})
}

func TestWritesThatAreDropped(t *testing.T) {
	for operation, address := range map[string]string{
		"CreateTopic": topicAddress, "SetTopicAttributes": policyAddress, "Subscribe": subscription, "PutRule": ruleAddress, "PutTargets": targetAddress,
	} {
		in(t, sandbox.Options{}, func(w *world) {
			w.acct.Inject(sandbox.Fault{Operation: operation, Kind: sandbox.Drop})
			for _, step := range w.apply(w.plan()).Steps {
				if step.ID.String() == address {
					assert.Equal(t, apply.Diverged, step.Outcome, operation)
					assert.NotEmpty(t, step.Fields)
				}
			}
		})
	}
}

// TestTwoAtOnce lets two runs plan and apply side by side.
func TestTwoAtOnce(t *testing.T) {
	in(t, sandbox.Options{Latency: func(c sandbox.Call) time.Duration { return time.Duration(c.Seq%7) * 100 * time.Millisecond }}, func(w *world) {
		first, second := w.plan(), w.plan()
		done := make(chan error)
		go func() { done <- w.apply(first).Err() }()
		assert.NoError(t, w.apply(second).Err())
		assert.NoError(t, <-done)
		w.inSync()
		assert.Len(t, w.rule(global, loginRule).Targets, 1)
		assert.Len(t, w.topic(global).Subscriptions, 1)
	})
}

// Each call of Subscribe sends a mail. Of two runs that reach it together one
// sees what the other did, since each looks after a pause of its own. Calls take a
// moment, so that without that pause the two would keep step.
func TestTwoAtOnceSendOneMail(t *testing.T) {
	for range 20 {
		in(t, sandbox.Options{Latency: func(sandbox.Call) time.Duration { return time.Microsecond }}, func(w *world) {
			first, second := w.plan(), w.plan()
			done := make(chan error)
			go func() { done <- w.apply(first).Err() }()
			assert.NoError(t, w.apply(second).Err())
			assert.NoError(t, <-done)
			subscribed := slices.DeleteFunc(w.acct.Writes(), func(c sandbox.Call) bool { return c.Operation != "Subscribe" })
			assert.Len(t, subscribed, len(w.section.Emails))
		})
	}
}

// TestSavedPlan carries out a plan that must find the account exactly as it was:
// what its own first steps create is no move of the live state.
func TestSavedPlan(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.section.RootAPIUsage = true
		result, err := apply.Run(w.t.Context(), w.plan(), apply.Options{
			Session: w.session, Registry: resource.NewRegistry([]*resource.Service{rootlogin.Service}), Exact: true,
		})
		require.NoError(w.t, err)
		require.NoError(w.t, result.Err())
		w.inSync()
	})
}
