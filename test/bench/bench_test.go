package bench

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/engine"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/cloudtrail"
	"github.com/kiso-cli/kiso/pkg/sandbox/s3"
	"github.com/kiso-cli/kiso/pkg/sandbox/securityhub"
	"github.com/kiso-cli/kiso/pkg/services"
	"github.com/kiso-cli/kiso/pkg/spec"
)

const (
	home    = "ap-northeast-1"
	latency = 100 * time.Millisecond // of each request

	maxRoundTrips = 5   // one after the other, sign-in and list of regions included
	maxRequests   = 200 // over all regions and services
)

const specText = `version: 1
home_region: ap-northeast-1
cloudtrail: {}
guardduty: {}
config: {}
securityhub: {}
root_login_alarm: {emails: [security@example.com]}
`

// newAccount returns an account whose every answer takes its time.
func newAccount() *sandbox.Account {
	return sandbox.New(sandbox.Options{Latency: func(sandbox.Call) time.Duration { return latency }}, services.Simulators()...)
}

// planned opens the account and plans, as a run of kiso plan does.
func planned(ctx context.Context, t require.TestingT, account *sandbox.Account) (*engine.Engine, *plan.Plan) {
	cfg := account.Config(home)
	e, err := engine.Open(ctx, services.All(), "bench", awsx.Options{Base: &cfg, Region: home}, "")
	require.NoError(t, err)
	s, err := spec.Decode("kiso.yaml", []byte(specText), engine.Sections(services.All()))
	require.NoError(t, err)
	p, err := e.Plan(ctx, s)
	require.NoError(t, err)
	require.Len(t, p.Regions, 17)
	require.Zero(t, p.Summary().Blocked)
	return e, p
}

// measure plans, and holds it to the limits.
func measure(t *testing.T, name string, account *sandbox.Account) (*engine.Engine, *plan.Plan) {
	t.Helper()
	account.ResetCalls()
	start := time.Now()
	e, p := planned(t.Context(), t, account)
	trips, requests := int(time.Since(start)/latency), len(account.Calls())
	t.Logf("%s: %d round trips, %d requests", name, trips, requests)
	assert.LessOrEqual(t, trips, maxRoundTrips, name)
	assert.LessOrEqual(t, requests, maxRequests, name)
	return e, p
}

// TestRoundTripsAndRequests counts in a bubble, whose clock moves by what the
// plan waits for and by nothing else.
func TestRoundTripsAndRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := newAccount()
		e, p := measure(t, "an empty account", account)
		result, err := e.Apply(t.Context(), p, apply.Options{Approved: func(resource.ID) bool { return false }})
		require.NoError(t, err)
		require.NoError(t, result.Err())
		_, p = measure(t, "an account in sync", account)
		assert.Zero(t, p.Summary().Changes())
	})
}

// TestRoundTripsAndRequestsOfALivedInAccount has a trail of the account's own, with a
// bucket that has no lock, alone and beside everything but standards.
func TestRoundTripsAndRequestsOfALivedInAccount(t *testing.T) {
	for _, name := range []string{"company", "kiso"} {
		synctest.Test(t, func(t *testing.T) {
			account := newAccount()
			live := func() {
				cloudtrail.Edit(account, "us-east-1", func(s *cloudtrail.State) {
					s.Trails[name] = &cloudtrail.Trail{Bucket: "company-logs", Global: true, MultiRegion: true, Validation: true, Logging: true}
				})
				s3.Edit(account, func(s *s3.State) { s.Buckets["company-logs"] = &s3.Bucket{Region: "us-east-1"} })
			}
			live()
			measure(t, "a trail "+name, account)

			account = newAccount()
			e, p := planned(t.Context(), t, account)
			_, err := e.Apply(t.Context(), p, apply.Options{})
			require.NoError(t, err)
			cloudtrail.Edit(account, home, func(s *cloudtrail.State) { delete(s.Trails, "kiso") })
			s3.Edit(account, func(s *s3.State) { delete(s.Buckets, "kiso-cloudtrail-123456789012-"+home) })
			for _, region := range p.Regions {
				securityhub.Edit(account, region, func(s *securityhub.State) { clear(s.Hub.Standards) })
			}
			live()
			measure(t, "a trail "+name+", and hubs without standards", account)
		})
	}
}

// accounts are those that the benchmarks plan: one with nothing in it, and one
// that a plan finds in sync, which takes more reads.
func accounts(b *testing.B) map[string]*sandbox.Account {
	inSync := newAccount()
	inSync.Adjust(func(o *sandbox.Options) { o.Latency = nil })
	e, p := planned(b.Context(), b, inSync)
	result, err := e.Apply(b.Context(), p, apply.Options{Approved: func(resource.ID) bool { return false }})
	require.NoError(b, err)
	require.NoError(b, result.Err())
	inSync.Adjust(func(o *sandbox.Options) { o.Latency = func(sandbox.Call) time.Duration { return latency } })
	return map[string]*sandbox.Account{"empty": newAccount(), "in-sync": inSync}
}

func BenchmarkPlan(b *testing.B) {
	for name, account := range accounts(b) {
		b.Run(name, func(b *testing.B) {
			var took time.Duration
			for b.Loop() {
				account.ResetCalls()
				start := time.Now()
				planned(b.Context(), b, account)
				took += time.Since(start)
			}
			b.ReportMetric(float64(took)/float64(latency)/float64(b.N), "roundtrips/plan")
			b.ReportMetric(float64(len(account.Calls())), "requests/plan")
		})
	}
}
