package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/engine"
	"github.com/kiso-cli/kiso/pkg/fleet"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/guardduty"
	"github.com/kiso-cli/kiso/pkg/services"
	"github.com/kiso-cli/kiso/pkg/spec"
)

const specText = `
version: 1
home_region: us-east-1
regions: {include: [us-east-1, eu-west-1]}
guardduty: {}
`

// org is an organization whose members are made at first use.
type org struct {
	*sandbox.Organization
	base *awsx.Session
	spec *spec.Spec
}

func newOrg(t testing.TB, prepare func(*sandbox.Account)) *org {
	t.Helper()
	home := sandbox.New(sandbox.Options{AccountID: "999999999999"}, services.Simulators()...)
	o := &org{Organization: sandbox.NewOrganization(home, func(id string) *sandbox.Account {
		a := sandbox.New(sandbox.Options{AccountID: id}, services.Simulators()...)
		if prepare != nil {
			prepare(a)
		}
		return a
	})}
	cfg := home.Config("us-east-1")
	cfg.HTTPClient = &http.Client{Transport: o.Organization}
	var err error
	o.base, err = awsx.Open(t.Context(), awsx.Options{Base: &cfg})
	require.NoError(t, err)
	o.spec, err = spec.Decode("kiso.yaml", []byte(specText), engine.Sections(services.All()))
	require.NoError(t, err)
	return o
}

func (o *org) options(mode fleet.Mode, accounts []awsx.Account, done func(fleet.Result)) fleet.Options {
	return fleet.Options{
		Accounts: accounts, Mode: mode, Spec: o.spec, Concurrency: 8, Done: done,
		Open: func(ctx context.Context, a awsx.Account) (*engine.Engine, error) {
			session, err := o.base.AssumeInto(ctx, a.ID, "kiso", "")
			if err != nil {
				return nil, err
			}
			return engine.New(session, services.All(), "test"), nil
		},
	}
}

func (o *org) run(t testing.TB, mode fleet.Mode, accounts []awsx.Account) *fleet.Summary {
	t.Helper()
	summary := fleet.NewSummary()
	fleet.Run(t.Context(), o.options(mode, accounts, summary.Add))
	return summary
}

func accounts(n int) []awsx.Account {
	list := make([]awsx.Account, n)
	for i := range list {
		list[i] = awsx.Account{ID: fmt.Sprintf("1%011d", i)}
	}
	return list
}

func TestApplyThenPlanOverManyAccounts(t *testing.T) {
	o := newOrg(t, nil)
	all := accounts(25)
	plan := o.run(t, fleet.Plan, all)
	assert.Equal(t, map[fleet.Outcome]int{fleet.Changes: 25}, plan.Count)
	assert.Len(t, plan.Groups(), 1, "equal plans are one group")
	for _, a := range all {
		assert.Empty(t, writes(o, a.ID), "a plan writes nothing")
	}
	assert.Equal(t, map[fleet.Outcome]int{fleet.Applied: 25}, o.run(t, fleet.Apply, all).Count)
	assert.Equal(t, map[fleet.Outcome]int{fleet.InSync: 25}, o.run(t, fleet.Plan, all).Count)
}

// writes are an account's, without the assumption of the role.
func writes(o *org, id string) []string {
	var names []string
	for _, c := range o.Account(id).Writes() {
		if c.Operation != "AssumeRole" {
			names = append(names, c.Operation)
		}
	}
	return names
}

func TestOneBadAccountDoesNotStopTheOthers(t *testing.T) {
	o := newOrg(t, func(a *sandbox.Account) {
		if a.AccountID() == "100000000002" {
			a.Inject(sandbox.Fault{Service: "guardduty", Operation: "ListDetectors", Region: "eu-west-1", Kind: sandbox.Deny})
		}
	})
	options := o.options(fleet.Apply, accounts(5), nil)
	open := options.Open
	options.Open = func(ctx context.Context, a awsx.Account) (*engine.Engine, error) {
		if a.ID == "100000000003" {
			return nil, errors.New("no such role")
		}
		return open(ctx, a)
	}
	byID := map[string]fleet.Result{}
	options.Done = func(r fleet.Result) { byID[r.AccountID] = r }
	fleet.Run(t.Context(), options)
	require.Len(t, byID, 5)
	assert.Equal(t, fleet.Applied, byID["100000000001"].Outcome)
	assert.Equal(t, fleet.Incomplete, byID["100000000002"].Outcome)
	assert.Equal(t, 1, byID["100000000002"].Added, "the other region is done")
	assert.Contains(t, byID["100000000002"].Problems[0], "guardduty:ListDetectors denied")
	assert.Equal(t, fleet.Failed, byID["100000000003"].Outcome)
	assert.Equal(t, []string{"no such role"}, byID["100000000003"].Problems)
}

func TestDriftSaysWhat(t *testing.T) {
	o := newOrg(t, nil)
	o.run(t, fleet.Apply, accounts(2))
	guardduty.Edit(o.Account("100000000001"), "eu-west-1", func(s *guardduty.State) { s.Detector.Enabled = false })
	lines := map[string][]string{}
	fleet.Run(t.Context(), o.options(fleet.Drift, accounts(2), func(r fleet.Result) { lines[r.AccountID] = r.Drift }))
	assert.Empty(t, lines["100000000000"])
	require.Len(t, lines["100000000001"], 1)
	assert.Contains(t, lines["100000000001"][0], "guardduty.detector/eu-west-1/detector: drifted; status")
}

func TestStopStartsNoFurtherAccount(t *testing.T) {
	o := newOrg(t, nil)
	stop := make(chan struct{})
	close(stop)
	options := o.options(fleet.Apply, accounts(3), nil)
	summary := fleet.NewSummary()
	options.Stop, options.Done = stop, summary.Add
	fleet.Run(t.Context(), options)
	assert.Equal(t, map[fleet.Outcome]int{fleet.NotStarted: 3}, summary.Count)
	assert.Equal(t, 3, summary.Bad())
}

func TestWrongAccountIsRefused(t *testing.T) {
	o := newOrg(t, nil)
	options := o.options(fleet.Apply, accounts(1), nil)
	options.Open = func(context.Context, awsx.Account) (*engine.Engine, error) {
		return engine.New(o.base, services.All(), "test"), nil
	}
	var got fleet.Result
	options.Done = func(r fleet.Result) { got = r }
	fleet.Run(t.Context(), options)
	assert.Equal(t, fleet.Failed, got.Outcome)
	assert.Contains(t, got.Problems[0], "100000000000")
	assert.Contains(t, got.Problems[0], "999999999999")
}

func TestLedgerResumes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "results.jsonl")
	all := accounts(4)
	remaining, err := fleet.Remaining(file, all, fleet.Apply, "d")
	require.NoError(t, err)
	assert.Equal(t, all, remaining, "without a file all remain")

	ledger, err := fleet.OpenLedger(file)
	require.NoError(t, err)
	for _, r := range []fleet.Result{
		{AccountID: all[0].ID, Mode: fleet.Apply, SpecDigest: "d", Outcome: fleet.Applied},
		{AccountID: all[1].ID, Mode: fleet.Apply, SpecDigest: "d", Outcome: fleet.Incomplete},
		{AccountID: all[2].ID, Mode: fleet.Plan, SpecDigest: "d", Outcome: fleet.Changes},
		{AccountID: all[3].ID, Mode: fleet.Apply, SpecDigest: "another spec", Outcome: fleet.Applied},
	} {
		require.NoError(t, ledger.Write(r))
	}
	require.NoError(t, ledger.Close())
	remaining, err = fleet.Remaining(file, all, fleet.Apply, "d")
	require.NoError(t, err)
	assert.Equal(t, all[1:], remaining)
	remaining, err = fleet.Remaining(file, all, fleet.Plan, "d")
	require.NoError(t, err)
	assert.Equal(t, all, remaining, "changes are there until somebody looks again")
}

func TestReadAccounts(t *testing.T) {
	want := []awsx.Account{{ID: "111122223333", Name: "prod main"}, {ID: "444455556666"}}
	for name, text := range map[string]string{
		"lines": "# the fleet\n111122223333 prod main\n\n444455556666 # old\n",
		"json":  `[{"id": "111122223333", "name": "prod main"}, {"id": "444455556666"}]`,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := fleet.ReadAccounts(strings.NewReader(text))
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
	for text, problem := range map[string]string{
		"":                             "no account",
		"12345":                        `"12345" is not an account id`,
		"111122223333\n111122223333\n": "stands there twice",
		"[{]":                          "not valid JSON",
	} {
		_, err := fleet.ReadAccounts(strings.NewReader(text))
		assert.ErrorContains(t, err, problem, text)
	}
}

// BenchmarkThousandAccounts plans 1,000 accounts in one run and reports the heap
// that is live at its end: what a run keeps of each account is a line.
func BenchmarkThousandAccounts(b *testing.B) {
	for b.Loop() {
		o := newOrg(b, nil)
		summary := fleet.NewSummary()
		peak := uint64(0)
		fleet.Run(b.Context(), o.options(fleet.Plan, accounts(1000), func(r fleet.Result) {
			summary.Add(r)
			o.Close(r.AccountID)
			if summary.Count[fleet.Changes]%100 == 0 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
			}
		}))
		if summary.Count[fleet.Changes] != 1000 {
			b.Fatalf("unexpected outcomes: %v", summary.Count)
		}
		b.ReportMetric(float64(peak)/(1<<20), "MiB-live")
	}
}
