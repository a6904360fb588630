package securityhub_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/config"
	sim "github.com/kiso-cli/kiso/pkg/sandbox/securityhub"
	"github.com/kiso-cli/kiso/pkg/services/securityhub"
)

func TestFromNothing(t *testing.T) {
	for name, o := range map[string]sandbox.Options{
		"plain":    {},
		"paged":    {PageSize: 1, Reversed: true},
		"china":    {Partition: "aws-cn"},
		"govcloud": {Partition: "aws-us-gov"},
		"lagging":  {ReadLag: 40 * time.Second, Propagation: 40 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, o, func(w *world) {
				w.standards(fsbp, cis120)
				changes := w.plan()
				assert.Len(t, changed(changes), 2*len(w.input.Regions)+1)
				for _, c := range changes {
					assert.Equal(t, resource.Create, c.Action, c.ID)
				}
				require.NoError(t, w.run(changes, apply.Options{Exact: true}).Err(), "also as a saved plan")
				time.Sleep(o.ReadLag)
				w.inSync()
				for _, region := range w.input.Regions {
					assert.Equal(t, []string{fsbp, cis120}, w.subscribed(region), "no default standard slips in")
					assert.Empty(t, sim.Get(w.acct, region).Hub.Standards[fsbp].Reason)
					assert.Equal(t, map[string]string{"managed-by": "kiso"}, sim.Get(w.acct, region).Hub.Tags)
				}
				assert.Equal(t, w.input.HomeRegion, sim.GetAccount(w.acct).Aggregator.Region)
				assert.Equal(t, "ALL_REGIONS", sim.GetAccount(w.acct).Aggregator.Mode)
			})
		})
	}
}

func TestRequests(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.standards(fsbp, cis120, nist)
		require.NoError(t, w.apply(w.plan()).Err())
		reads, writes := map[string]int{}, map[string]int{}
		for _, c := range w.acct.Calls() {
			if !c.Write {
				reads[c.Operation]++
				continue
			}
			writes[c.Operation]++
			switch c.Operation {
			case "EnableSecurityHub":
				assert.Equal(t, map[string]any{"EnableDefaultStandards": false, "Tags": map[string]any{"managed-by": "kiso"}}, params(t, c))
			case "CreateFindingAggregator":
				assert.Equal(t, map[string]any{"RegionLinkingMode": "ALL_REGIONS"}, params(t, c))
			}
		}
		assert.Equal(t, map[string]int{"EnableSecurityHub": 17, "BatchEnableStandards": 17, "CreateFindingAggregator": 1}, writes)
		assert.Equal(t, 3*17, reads["GetEnabledStandards"], "once to plan, once before and once after the write")

		w.acct.ResetCalls()
		w.plan()
		assert.Len(t, w.acct.Calls(), 3*17+2)
	})
}

func TestAPlanWaitsForTwoRoundTrips(t *testing.T) {
	in(t, sandbox.Options{Latency: func(sandbox.Call) time.Duration { return time.Second }}, func(w *world) {
		w.settle()
		start := time.Now()
		w.plan()
		assert.Equal(t, 2*time.Second, time.Since(start))
	})
}

func TestWithoutTags(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.input.Tags = nil
		w.settle()
		assert.Nil(t, sim.Get(w.acct, home).Hub.Tags)
	})
}

func TestWhatIsThereStays(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		sim.Edit(w.acct, other, func(s *sim.State) {
			s.Hub = &sim.Hub{
				Generator: "STANDARD_CONTROL", Tags: map[string]string{"theirs": "yes"},
				Standards: map[string]*sim.Subscription{cis120: {}},
			}
		})
		changes := w.plan()
		assert.NotContains(t, changed(changes), "securityhub.hub/eu-west-1/hub")
		assert.Equal(t, []string{"standards." + fsbp}, changed(changes)["securityhub.standards/eu-west-1/standards"])
		require.NoError(t, w.apply(changes).Err())
		w.inSync()
		hub := sim.Get(w.acct, other).Hub
		assert.Equal(t, []string{fsbp, cis120}, w.subscribed(other))
		assert.Equal(t, map[string]string{"theirs": "yes"}, hub.Tags)
		assert.Equal(t, "STANDARD_CONTROL", hub.Generator)
		assert.False(t, hub.AutoEnableControls)
	})
}

func TestDrift(t *testing.T) {
	drifts := map[string]struct {
		tamper  func(w *world)
		address string
		paths   []string
	}{
		"a standard disabled": {
			func(w *world) { sim.Edit(w.acct, other, func(s *sim.State) { delete(s.Hub.Standards, nist) }) },
			"securityhub.standards/eu-west-1/standards", []string{"standards." + nist},
		},
		"all standards disabled": {
			func(w *world) { sim.Edit(w.acct, other, func(s *sim.State) { s.Hub.Standards = nil }) },
			"securityhub.standards/eu-west-1/standards", []string{"standards." + fsbp, "standards." + nist},
		},
		"fewer regions linked": {
			func(w *world) {
				sim.EditAccount(w.acct, func(s *sim.AccountState) {
					s.Aggregator.Mode, s.Aggregator.Regions = "SPECIFIED_REGIONS", []string{other}
				})
			},
			"securityhub.finding_aggregator/ap-northeast-1/aggregator", []string{"region_linking_mode"},
		},
		"a region left out": {
			func(w *world) {
				sim.EditAccount(w.acct, func(s *sim.AccountState) {
					s.Aggregator.Mode, s.Aggregator.Regions = "ALL_REGIONS_EXCEPT_SPECIFIED", []string{other}
				})
			},
			"securityhub.finding_aggregator/ap-northeast-1/aggregator", []string{"region_linking_mode"},
		},
		"no region linked": {
			func(w *world) {
				sim.EditAccount(w.acct, func(s *sim.AccountState) { s.Aggregator.Mode = "NO_REGIONS" })
			},
			"securityhub.finding_aggregator/ap-northeast-1/aggregator", []string{"region_linking_mode"},
		},
		"no aggregator": {
			func(w *world) { sim.EditAccount(w.acct, func(s *sim.AccountState) { s.Aggregator = nil }) },
			"securityhub.finding_aggregator/ap-northeast-1/aggregator", []string{"region", "region_linking_mode"},
		},
	}
	for name, drift := range drifts {
		t.Run(name, func(t *testing.T) {
			in(t, sandbox.Options{}, func(w *world) {
				w.standards(fsbp, nist)
				w.settle()
				before := w.acct.Snapshot()
				drift.tamper(w)
				changes := w.plan()
				assert.Equal(t, map[string][]string{drift.address: drift.paths}, changed(changes))
				time.Sleep(time.Second)
				require.NoError(t, w.apply(changes).Err())
				w.inSync()
				assert.Equal(t, shape(before), shape(w.acct.Snapshot()))
			})
		})
	}
}

// shape leaves out of a snapshot what tells one time or id from another.
func shape(snapshot []byte) string {
	var kept []string
	for line := range strings.Lines(string(snapshot)) {
		if !strings.Contains(line, `"enabledAt"`) && !strings.Contains(line, `"readyAt"`) && !strings.Contains(line, `"id"`) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func TestAHubSwitchedOffComesBack(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.settle()
		sim.Edit(w.acct, other, func(s *sim.State) { s.Hub = nil })
		changes := w.plan()
		assert.Equal(t, map[string][]string{
			"securityhub.hub/eu-west-1/hub":             {"enabled", "tags"},
			"securityhub.standards/eu-west-1/standards": {"standards." + fsbp},
		}, changed(changes))
		require.NoError(t, w.apply(changes).Err())
		w.inSync()
		assert.Equal(t, []string{fsbp}, w.subscribed(other))
	})
}

func TestStandardsThatAreNotReady(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.standards(fsbp, cis120)
		sim.Edit(w.acct, other, func(s *sim.State) { s.PendingFor = time.Hour })
		config.Edit(w.acct, "us-east-1", func(s *config.State) { s.Recorder.Recording = false })
		require.NoError(t, w.apply(w.plan()).Err())
		w.inSync()
		changes := w.plan()
		assert.Equal(t, []string{
			"the standard " + fsbp + " is PENDING: AWS is still enabling it or adding controls to it; nothing is to be done",
			"the standard " + cis120 + " is PENDING: AWS is still enabling it or adding controls to it; nothing is to be done",
		}, find(t, changes, "securityhub.standards/eu-west-1/standards").Notes)
		incomplete := find(t, changes, "securityhub.standards/us-east-1/standards").Notes
		require.Len(t, incomplete, 2)
		assert.Contains(t, incomplete[0], fsbp+" is INCOMPLETE NO_AVAILABLE_CONFIGURATION_RECORDER: no AWS Config recorder recorded when it was enabled.")
		time.Sleep(time.Hour)
		assert.Empty(t, find(t, w.plan(), "securityhub.standards/eu-west-1/standards").Notes)
	})
}

func TestPendingStandardsAreWaitedForWithinBounds(t *testing.T) {
	for name, c := range map[string]struct {
		pending, atLeast time.Duration
		reason           string
	}{
		"done in time": {pending: 30 * time.Second, atLeast: 30 * time.Second},
		"goes on":      {pending: time.Hour, atLeast: resource.DefaultVerifyFor, reason: "it is in force; the wait for AWS to finish enabling " + fsbp + " has ended, and AWS goes on"},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, sandbox.Options{}, func(w *world) {
				w.standards(fsbp)
				sim.Edit(w.acct, other, func(s *sim.State) { s.PendingFor = c.pending })
				result := w.apply(w.plan())
				require.NoError(t, result.Err())
				done := step(t, result, "securityhub.standards/eu-west-1/standards")
				assert.GreaterOrEqual(t, done.Elapsed, c.atLeast)
				assert.Equal(t, c.reason, done.Reason)
				assert.Contains(t, strings.Join(w.waited, "\n"), "waiting for AWS to finish enabling "+fsbp)
			})
		})
	}
}

func TestAStandardThatIsBeingDisabledIsWaitedFor(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.standards(fsbp, cis120)
		w.settle()
		sim.Edit(w.acct, other, func(s *sim.State) {
			s.Hub.Standards[cis120].GoneAt = time.Now().Add(time.Minute)
			delete(s.Hub.Standards, fsbp)
		})
		time.Sleep(time.Second)
		changes := w.plan()
		assert.Equal(t, []string{"standards." + fsbp, "standards." + cis120}, changed(changes)["securityhub.standards/eu-west-1/standards"])
		require.NoError(t, w.apply(changes).Err())
		assert.Contains(t, strings.Join(w.waited, "\n"), "AWS is still disabling "+cis120)
		w.inSync()
		refused := 0
		for _, c := range w.acct.Writes() {
			if c.ErrorCode != "" {
				refused++
			}
		}
		assert.Zero(t, refused, "nothing is asked for that AWS must refuse")
		assert.True(t, sim.Get(w.acct, other).Hub.Standards[cis120].GoneAt.IsZero())
	})
}

func TestADisablingThatDoesNotEnd(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.settle()
		sim.Edit(w.acct, other, func(s *sim.State) { s.Hub.Standards[fsbp].GoneAt = time.Now().Add(time.Hour) })
		failed := step(t, w.apply(w.plan()), "securityhub.standards/eu-west-1/standards")
		assert.Equal(t, apply.Failed, failed.Outcome)
		assert.Contains(t, failed.Reason, "AWS is still disabling "+fsbp)
		assert.Contains(t, failed.Reason, "run apply again later")
	})
}

// One region may lack what the others have: that is noted, and no difference.
func TestAStandardThatOneRegionLacks(t *testing.T) {
	for name, on := range map[string]bool{"hub off": false, "hub on": true} {
		for _, wanted := range [][]securityhub.Standard{{fsbp, nist}, {nist}} {
			in(t, sandbox.Options{}, func(w *world) {
				if on {
					w.standards(cis120)
					w.settle()
				}
				w.standards(wanted...)
				sim.Edit(w.acct, other, func(s *sim.State) { s.Unavailable = []string{nist} })
				changes := w.plan()
				require.NoError(t, w.run(changes, apply.Options{Exact: true}).Err(), name)
				w.inSync()
				left := find(t, w.plan(), "securityhub.standards/eu-west-1/standards")
				assert.Equal(t, []string{"AWS does not offer the standard " + nist + " in this region: it is left out"}, left.Notes)
				assert.NotContains(t, w.subscribed(other), nist)
				assert.Contains(t, w.subscribed(home), nist)
			})
		}
	}
}

// One that no region has is no whim of a region: the spec asks for what cannot be
// had. What else is missing is enabled before that is all there is to say.
func TestAStandardThatNoRegionOffers(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.standards(fsbp)
		w.settle()
		w.standards(fsbp, nist, cis120)
		for _, region := range w.input.Regions {
			sim.Edit(w.acct, region, func(s *sim.State) { s.Unavailable = []string{nist} })
		}
		changes := w.plan()
		assert.Len(t, changed(changes), len(w.input.Regions))
		assert.Contains(t, find(t, changes, "securityhub.standards/eu-west-1/standards").Notes[0], "AWS offers the standard "+nist+" in no managed region, and will refuse it")
		failed := step(t, w.apply(changes), "securityhub.standards/eu-west-1/standards")
		assert.Equal(t, apply.Failed, failed.Outcome)
		assert.Contains(t, failed.Reason, "AWS does not offer in eu-west-1: correct securityhub.standards in the spec")
		assert.Contains(t, w.subscribed(other), cis120)
		blocked := find(t, w.plan(), "securityhub.standards/eu-west-1/standards")
		assert.Equal(t, resource.Blocked, blocked.Action)
		assert.Contains(t, blocked.Reason, "AWS offers "+nist+" in no managed region: correct securityhub.standards in the spec; on offer here are "+fsbp)
	})
}

// A name that no region is known to have is misspelt, or newer than this kiso.
func TestAStandardThatIsNotOffered(t *testing.T) {
	const unheard = "nist-800-53/v/6.0.0"
	in(t, sandbox.Options{}, func(w *world) {
		w.standards(fsbp, unheard)
		result := w.apply(w.plan())
		failed := step(t, result, "securityhub.standards/eu-west-1/standards")
		assert.Equal(t, apply.Failed, failed.Outcome)
		assert.Contains(t, failed.Reason, "securityhub:BatchEnableStandards refused "+unheard+", which AWS does not offer in eu-west-1: correct securityhub.standards in the spec; on offer are "+fsbp)
		assert.Less(t, failed.Elapsed, time.Minute)
		assert.Equal(t, []string{fsbp}, w.subscribed(other), "what is offered is enabled")

		again := find(t, w.plan(), "securityhub.standards/eu-west-1/standards")
		assert.Equal(t, resource.Blocked, again.Action)
		assert.Contains(t, again.Reason, "AWS offers "+unheard+" in no managed region")
	})
}

func TestAnAggregatorElsewhere(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.settle()
		sim.EditAccount(w.acct, func(s *sim.AccountState) { s.Aggregator.Region = "us-west-2" })
		before := w.acct.Snapshot()
		w.acct.Inject(sandbox.Fault{Operation: "GetFindingAggregator", Region: home, Kind: sandbox.Deny})
		elsewhere := find(t, w.plan(), "securityhub.finding_aggregator/ap-northeast-1/aggregator")
		assert.Equal(t, resource.Managed, elsewhere.Action)
		assert.Equal(t, "finding aggregator in us-west-2", elsewhere.Owner)
		assert.False(t, elsewhere.MeetsSpec)
		require.Len(t, elsewhere.Fields, 1, "what is not read is not shown")
		assert.Equal(t, "region", elsewhere.Fields[0].Path)
		assert.Contains(t, elsewhere.Reason, "set home_region to us-west-2, or delete it by hand (aws securityhub delete-finding-aggregator --region us-west-2 --finding-aggregator-arn arn:aws:securityhub:us-west-2:123456789012:finding-aggregator/")
		w.inSync()
		assert.Equal(t, string(before), string(w.acct.Snapshot()))
	})
}

// While Security Hub is off at home, nothing is known there of an aggregator: the
// plan asks the regions that may have a hub, and a denied one is in no way of it.
func TestAnAggregatorElsewhereWhileTheHubIsOffAtHome(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.settle()
		sim.EditAccount(w.acct, func(s *sim.AccountState) { s.Aggregator.Region = "us-west-2" })
		for _, region := range w.input.Regions {
			if region != "us-west-2" {
				sim.Edit(w.acct, region, func(s *sim.State) { s.Hub = nil })
			}
		}
		w.acct.Inject(sandbox.Fault{Operation: "ListFindingAggregators", Region: "eu-west-1", Kind: sandbox.Deny})
		changes := w.plan()
		assert.Equal(t, resource.Create, find(t, changes, "securityhub.hub/ap-northeast-1/hub").Action)
		elsewhere := find(t, changes, "securityhub.finding_aggregator/ap-northeast-1/aggregator")
		assert.Equal(t, resource.Managed, elsewhere.Action)
		assert.Equal(t, "finding aggregator in us-west-2", elsewhere.Owner)
		require.NoError(t, w.apply(changes).Err())
		w.inSync()
	})
}

func TestMembersAreManagedElsewhere(t *testing.T) {
	for _, status := range []string{"Enabled", "ASSOCIATED"} {
		in(t, sandbox.Options{}, func(w *world) {
			w.settle()
			for _, region := range w.input.Regions {
				sim.Edit(w.acct, region, func(s *sim.State) {
					s.Administrator = &sim.Administrator{AccountID: "111122223333", MemberStatus: status}
				})
			}
			sim.Edit(w.acct, other, func(s *sim.State) { delete(s.Hub.Standards, fsbp) })
			sim.EditAccount(w.acct, func(s *sim.AccountState) { s.Aggregator = nil })
			changes := w.plan()
			for _, c := range changes {
				assert.Equal(t, resource.Managed, c.Action, c.ID)
				assert.Equal(t, "organization administrator 111122223333", c.Owner)
			}
			meets := func(address string) bool { return find(t, changes, address).MeetsSpec }
			assert.True(t, meets("securityhub.hub/eu-west-1/hub"))
			assert.False(t, meets("securityhub.standards/eu-west-1/standards"))
			assert.True(t, meets("securityhub.standards/us-east-1/standards"))
			assert.False(t, meets("securityhub.finding_aggregator/ap-northeast-1/aggregator"))
			w.inSync()
		})
	}
}

func TestFormerMembersAreNot(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.settle()
		sim.Edit(w.acct, other, func(s *sim.State) {
			s.Administrator = &sim.Administrator{AccountID: "111122223333", MemberStatus: "Removed"}
		})
		assert.Equal(t, resource.None, find(t, w.plan(), "securityhub.hub/eu-west-1/hub").Action)
	})
}

func TestCentralConfiguration(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.settle()
		sim.Edit(w.acct, other, func(s *sim.State) { s.CentralPolicy, s.Hub.Standards = true, nil })
		sim.Edit(w.acct, "us-east-1", func(s *sim.State) { s.CentralPolicy, s.Hub = true, nil })
		result := w.apply(w.plan())
		for _, address := range []string{"securityhub.standards/eu-west-1/standards", "securityhub.hub/us-east-1/hub"} {
			failed := step(t, result, address)
			assert.Equal(t, apply.ManagedElsewhere, failed.Outcome)
			assert.Contains(t, failed.Reason, "managed by Security Hub central configuration: AWS refuses changes by the account itself (This account is currently associated with a central configuration policy")
			assert.Contains(t, failed.Reason, "self-managed account, or take securityhub out of the spec")
			assert.Less(t, failed.Elapsed, time.Second)
		}
		below := step(t, result, "securityhub.standards/us-east-1/standards")
		assert.Equal(t, apply.ManagedElsewhere, below.Outcome)
		assert.Contains(t, below.Reason, "needs securityhub.hub/us-east-1/hub, which is managed elsewhere")
		assert.NoError(t, result.Err(), "what somebody else decides about is no error")
	})
}

func TestAMemberThatWasNotKnownToBeOne(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.acct.Inject(sandbox.Fault{
			Operation: "CreateFindingAggregator", Kind: sandbox.Custom,
			Code: "InvalidInputException", Status: 401, Message: "A finding aggregator cannot be created by a member account.",
		})
		failed := step(t, w.apply(w.plan()), "securityhub.finding_aggregator/ap-northeast-1/aggregator")
		assert.Equal(t, apply.ManagedElsewhere, failed.Outcome)
		assert.Contains(t, failed.Reason, "the account is a Security Hub member")
		assert.Less(t, failed.Elapsed, time.Minute)
	})
}
