package securityhub_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	sim "github.com/kiso-cli/kiso/pkg/sandbox/securityhub"
)

func TestWhatCannotBeReadIsBlocked(t *testing.T) {
	blocks := map[string][]string{
		"DescribeHub":         {"securityhub.hub/eu-west-1/hub"},
		"GetEnabledStandards": {"securityhub.standards/eu-west-1/standards"},
		"GetAdministratorAccount": {
			"securityhub.hub/eu-west-1/hub", "securityhub.standards/eu-west-1/standards",
		},
	}
	faults := map[string]sandbox.Fault{
		"denied":        {Kind: sandbox.Deny, Reason: sandbox.DeniedBySCP},
		"not permitted": {Kind: sandbox.Custom, Code: "InvalidAccessException", Status: 401, Message: "The account is not authorized to perform this operation"},
	}
	for operation, addresses := range blocks {
		for name, fault := range faults {
			t.Run(operation+" "+name, func(t *testing.T) {
				in(t, sandbox.Options{}, func(w *world) {
					w.settle()
					fault.Service, fault.Operation, fault.Region = "securityhub", operation, other
					w.acct.Inject(fault)
					blocked := []string{}
					for _, c := range w.plan() {
						if c.Action == resource.Blocked {
							blocked = append(blocked, c.ID.String())
							assert.Contains(t, c.Reason, "securityhub:"+operation+" denied")
						} else {
							assert.Equal(t, resource.None, c.Action, c.ID)
						}
					}
					assert.Equal(t, addresses, blocked)
				})
			})
		}
	}
}

func TestAnUnreadableAggregator(t *testing.T) {
	for _, operation := range []string{"ListFindingAggregators", "GetFindingAggregator"} {
		in(t, sandbox.Options{}, func(w *world) {
			w.settle()
			w.acct.Inject(sandbox.Fault{Operation: operation, Kind: sandbox.Deny})
			c := find(t, w.plan(), "securityhub.finding_aggregator/ap-northeast-1/aggregator")
			assert.Equal(t, resource.Blocked, c.Action)
			assert.Contains(t, c.Reason, "securityhub:"+operation)
		})
	}
}

// TestEveryWriteMayFail breaks each write of a run, before and after its effect,
// in ways that the SDK retries and in ways that end the step.
func TestEveryWriteMayFail(t *testing.T) {
	kinds := map[string]sandbox.Fault{
		"throttled":  {Kind: sandbox.Throttle, Times: 3},
		"limited":    {Kind: sandbox.Custom, Code: "LimitExceededException", Status: 429, Message: "Rate exceeded", Times: 3},
		"500":        {Kind: sandbox.InternalError, Times: 2},
		"500 after":  {Kind: sandbox.InternalError, Times: 1, AfterEffect: true},
		"cut":        {Kind: sandbox.CutConnection, Times: 1},
		"cut after":  {Kind: sandbox.CutConnection, Times: 1, AfterEffect: true},
		"fatal":      {Kind: sandbox.Deny, Times: 1},
		"lost after": {Kind: sandbox.Deny, Times: 1, AfterEffect: true},
	}
	for name, fault := range kinds {
		for k := range 5 { // two hubs, two times standards, the aggregator
			t.Run(fmt.Sprint(name, " ", k), func(t *testing.T) {
				in(t, sandbox.Options{}, func(w *world) {
					w.input.Regions = []string{home, other}
					fault.Service, fault.WritesOnly, fault.Skip = "securityhub", true, k
					injected := w.acct.Inject(fault)
					err := w.apply(w.plan()).Err()
					assert.Positive(t, injected.Hits())
					if fault.Kind != sandbox.Deny {
						require.NoError(t, err, "the run gets over it by itself")
					}
					w.acct.ClearFaults()
					require.NoError(t, w.apply(w.plan()).Err())
					w.inSync()
					for _, region := range w.input.Regions {
						assert.Equal(t, []string{fsbp}, w.subscribed(region))
					}
				})
			})
		}
	}
}

// TestPassingRefusals refuses writes for longer than the SDK tries, in words that
// mean "later".
func TestPassingRefusals(t *testing.T) {
	later := map[string]map[string]string{ // operation -> code -> message
		"BatchEnableStandards": {
			"InvalidInputException":     "StandardsSubscription(s) in state DELETING, please try later",
			"ResourceInUseException":    "in use",
			"ResourceConflictException": "conflict",
			"InvalidAccessException":    "Account 123456789012 is not subscribed to AWS Security Hub",
			"LimitExceededException":    "Rate exceeded",
		},
		"CreateFindingAggregator": {
			"InvalidInputException":     "not now",
			"ResourceConflictException": "conflict",
			"InvalidAccessException":    "Account 123456789012 is not subscribed to AWS Security Hub",
			"LimitExceededException":    "Rate exceeded",
		},
		"EnableSecurityHub": {
			"ResourceConflictException": "Account is already subscribed to Security Hub",
			"LimitExceededException":    "Rate exceeded",
		},
	}
	for operation, codes := range later {
		for code, message := range codes {
			t.Run(operation+" "+code, func(t *testing.T) {
				in(t, sandbox.Options{}, func(w *world) {
					w.input.Regions = []string{home}
					times := 3
					if code == "LimitExceededException" {
						times = 13 // more than the SDK tries
					}
					fault := sandbox.Fault{Operation: operation, Kind: sandbox.Custom, Code: code, Message: message, Times: times}
					injected := w.acct.Inject(fault)
					require.NoError(t, w.apply(w.plan()).Err())
					assert.Equal(t, times, injected.Hits())
					assert.NotEmpty(t, w.waited)
					w.inSync()
				})
			})
		}
	}
}

func TestHubsThatAreNotFoundAreOff(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.acct.Inject(sandbox.Fault{Operation: "DescribeHub", Kind: sandbox.Custom, Code: "ResourceNotFoundException", Status: 404, Message: "none", Times: 17})
		for _, c := range w.plan() {
			assert.Equal(t, resource.Create, c.Action, c.ID)
		}
	})
}

func TestLostAnswersWhileReadsLag(t *testing.T) {
	for k := range 5 {
		t.Run(fmt.Sprint(k), func(t *testing.T) {
			in(t, sandbox.Options{ReadLag: 40 * time.Second}, func(w *world) {
				w.input.Regions = []string{home, other}
				w.acct.Inject(sandbox.Fault{Service: "securityhub", WritesOnly: true, Skip: k, Times: 1, Kind: sandbox.CutConnection, AfterEffect: true})
				require.NoError(t, w.apply(w.plan()).Err())
				time.Sleep(time.Minute)
				w.inSync()
			})
		})
	}
}

func TestAWriteThatIsDropped(t *testing.T) {
	drops := map[string]struct {
		operation, address string
		tamper             func(w *world)
		paths              []string
	}{
		"hub": {
			"EnableSecurityHub", "securityhub.hub/eu-west-1/hub",
			func(w *world) { sim.Edit(w.acct, other, func(s *sim.State) { s.Hub = nil }) }, []string{"enabled", "tags"},
		},
		"standards": {
			"BatchEnableStandards", "securityhub.standards/eu-west-1/standards",
			func(w *world) { sim.Edit(w.acct, other, func(s *sim.State) { s.Hub.Standards = nil }) }, []string{"standards." + fsbp},
		},
		"aggregator": {
			"UpdateFindingAggregator", "securityhub.finding_aggregator/ap-northeast-1/aggregator",
			func(w *world) {
				sim.EditAccount(w.acct, func(s *sim.AccountState) { s.Aggregator.Mode = "NO_REGIONS" })
			}, []string{"region_linking_mode"},
		},
	}
	for name, drop := range drops {
		t.Run(name, func(t *testing.T) {
			in(t, sandbox.Options{}, func(w *world) {
				w.settle()
				drop.tamper(w)
				w.acct.Inject(sandbox.Fault{Operation: drop.operation, Kind: sandbox.Drop})
				s := step(t, w.apply(w.plan()), drop.address)
				assert.Equal(t, apply.Diverged, s.Outcome)
				paths := []string{}
				for _, f := range s.Fields {
					paths = append(paths, f.Path)
				}
				assert.Equal(t, drop.paths, paths)
			})
		})
	}
}

func TestTwoRunsAtOnce(t *testing.T) {
	in(t, sandbox.Options{Latency: func(c sandbox.Call) time.Duration { return time.Duration(c.Seq%7) * 100 * time.Millisecond }}, func(w *world) {
		first, second := w.plan(), w.plan()
		done := make(chan error)
		go func() { done <- w.run(first, apply.Options{}).Err() }()
		require.NoError(t, w.run(second, apply.Options{}).Err())
		require.NoError(t, <-done)
		w.inSync()
		assert.Equal(t, []string{fsbp}, w.subscribed(home))
	})
}
