package property

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/engine"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/services"
)

// A run without -rapid.checks is for so many accounts, in each of two lanes.
const checks, lanes = "75", 2

func TestMain(m *testing.M) {
	flag.Parse()
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for name, value := range map[string]string{"rapid.checks": checks, "rapid.nofailfile": "true"} {
		if given[name] {
			continue
		}
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// scenario is an account and what is to be done to it.
type scenario struct {
	wish
	saved    []byte // the account
	pages    int
	reversed bool
	approved bool // all irreversible changes
	byFile   bool // the plan is applied as its file has it
}

func scenarios(t *rapid.T) scenario {
	s := scenario{wish: wishes(t)}
	acct := newAccount(sandbox.Options{})
	liveBuckets(t, acct, s.wish)
	liveTrails(t, acct, s.wish)
	liveRecorders(t, acct, s.wish)
	liveDetectors(t, acct)
	liveHubs(t, acct)
	liveAlarms(t, acct)
	var b bytes.Buffer
	if err := acct.Save(&b); err != nil {
		t.Fatal(err)
	}
	s.saved, s.pages, s.reversed = b.Bytes(), pick(t, "page size", 0, 1), yes(t, "lists reversed")
	s.approved, s.byFile = !one(t, 4, "not approved"), yes(t, "by file")
	return s
}

func newAccount(o sandbox.Options) *sandbox.Account {
	o.AccountID, o.Regions = account, map[string]string{"ap-east-1": sandbox.Disabled}
	for _, region := range regions {
		o.Regions[region] = sandbox.EnabledByDefault
	}
	return sandbox.New(o, services.Simulators()...)
}

// Any account can be raised to any spec: nothing in it gets weaker, nothing of
// others changes, and what is not as wanted afterwards is explained.
func TestAnyAccount(t *testing.T) {
	for lane := range lanes {
		t.Run(fmt.Sprint(lane), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) { check(t, rt) })
		})
	}
}

func check(t *testing.T, rt *rapid.T) {
	s := scenarios(rt)
	var problems []string
	synctest.Test(t, func(t *testing.T) { problems = s.run(t.Context()) })
	if len(problems) > 0 {
		rt.Fatalf("%s\n%s\n%s", strings.Join(problems, "\n"), s.text, s.saved)
	}
}

// run is one life of an account. All that it does in its bubble is to look: what
// is not as promised is for the caller to report.
func (s scenario) run(ctx context.Context) []string {
	r := &run{scenario: s, before: s.account(), acct: s.account()}
	first := r.plan(ctx)
	if first == nil {
		return r.problems
	}
	r.roundTrips(first)
	result := r.apply(ctx, first)
	if result == nil {
		return r.problems
	}
	r.explained(first, result)
	r.unharmed()
	raised := r.acct.Snapshot()
	second := r.plan(ctx)
	if second == nil {
		return r.problems
	}
	if r.unblocked(first, second) {
		return r.problems
	}
	r.settled(second, result)
	attempts := len(r.acct.Writes())
	again := r.apply(ctx, second)
	// A central configuration shows only when it refuses the write, each time.
	if again != nil && again.Err() == nil && again.Count(apply.ManagedElsewhere) == 0 {
		r.must(len(r.acct.Writes()) == attempts, "a second apply wrote: %v", operations(r.acct.Writes()[attempts:]))
	}
	r.must(bytes.Equal(raised, r.acct.Snapshot()), "a second apply changed the account")
	return r.problems
}

func (s scenario) account() *sandbox.Account {
	acct := newAccount(sandbox.Options{PageSize: s.pages, Reversed: s.reversed, EmptyFirst: s.reversed})
	if err := acct.Load(bytes.NewReader(s.saved)); err != nil {
		panic(err)
	}
	return acct
}

// run is a scenario under way, and what went wrong in it.
type run struct {
	scenario
	before, acct *sandbox.Account
	problems     []string
}

func (r *run) must(holds bool, format string, args ...any) {
	if !holds {
		r.problems = append(r.problems, fmt.Sprintf(format, args...))
	}
}

// engine signs in anew, as each run of the program does.
func (r *run) engine(ctx context.Context) *engine.Engine {
	cfg := r.acct.Config(r.home)
	e, err := engine.Open(ctx, services.All(), "test", awsx.Options{Base: &cfg, Region: r.home}, account)
	if err != nil {
		panic(err)
	}
	return e
}

func (r *run) plan(ctx context.Context) *plan.Plan {
	wanted, err := engine.Decode(services.All(), "kiso.yaml", []byte(r.text))
	if err != nil {
		r.must(false, "the spec is refused: %v", err)
		return nil
	}
	before := len(r.acct.Writes())
	p, err := r.engine(ctx).Plan(ctx, wanted)
	r.must(err == nil, "the plan fails: %v", err)
	r.must(len(r.acct.Writes()) == before, "planning wrote: %v", operations(r.acct.Writes()[before:]))
	return p
}

func (r *run) apply(ctx context.Context, p *plan.Plan) *apply.Result {
	if r.byFile {
		decoded, err := plan.Decode(bytes.NewReader(encoded(p)))
		if err != nil {
			r.must(false, "the plan's file is refused: %v", err)
			return nil
		}
		p = decoded
	}
	result, err := r.engine(ctx).Apply(ctx, p, apply.Options{Exact: r.byFile, Approved: func(resource.ID) bool { return r.approved }})
	r.must(err == nil, "apply does not begin: %v", err)
	return result
}

func encoded(p *plan.Plan) []byte {
	var b bytes.Buffer
	if err := p.Encode(&b); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func (r *run) roundTrips(p *plan.Plan) {
	written := encoded(p)
	decoded, err := plan.Decode(bytes.NewReader(written))
	r.must(err == nil, "the plan's file is refused: %v", err)
	if err == nil {
		r.must(bytes.Equal(written, encoded(decoded)), "the plan's file does not round-trip")
	}
}

// doors are the reasons for which a change may not be made: it is not kiso's to
// make, or AWS does not take it. Each says what to do.
var doors = regexp.MustCompile(strings.Join([]string{
	`^bucket \S+ does not exist, and .* delivers to it: .* point it to a bucket of this account`,
	`the name is taken by another account .*; choose another bucket name in the spec`,
	`has an Object Lock default retention of .*: AWS Config cannot deliver .*; name another one in the spec`,
	`which cannot deliver into a bucket with a default retention: let (that service|it) deliver elsewhere`,
	`^the rule \S+ has 5 targets, as many as EventBridge allows`,
	`^no room for a multi-region trail: .*; delete a trail`,
	`its ACL gives somebody else access, .*; move those grants`,
	`a statement that lets everybody in, .*; take the statement out`,
	`^the bucket \S+ is that of cloudtrail.bucket/\S+ in this account, .*: name another one in the spec`,
}, "|"))

var owners = regexp.MustCompile(`^(organization administrator ` + central + `|organization trail arn:\S+|AWS Control Tower|another account|Security Hub central configuration|finding aggregator in \S+|theirs\.amazonaws\.com)$`)

// explained holds what was not done to its explanation.
func (r *run) explained(p *plan.Plan, result *apply.Result) {
	blocked := map[string]bool{}
	for _, c := range p.Changes {
		blocked[c.ID.String()] = c.Action == resource.Blocked
	}
	for _, c := range p.Changes {
		switch c.Action {
		case resource.Blocked:
			r.must(doors.MatchString(c.Reason) || restsOn(c.Reason, blocked), "%s is blocked: %s", c.ID, c.Reason)
		case resource.Managed:
			r.must(owners.MatchString(c.Owner) && c.Reason != "", "%s is managed by %q: %s", c.ID, c.Owner, c.Reason)
		}
	}
	bad := map[string]bool{}
	for _, s := range result.Steps {
		bad[s.ID.String()] = !s.Outcome.Good()
	}
	for _, s := range result.Steps {
		switch s.Outcome {
		case apply.Applied, apply.Converged:
		case apply.NotApproved:
			r.must(!r.approved && strings.Contains(s.Reason, "--allow-irreversible="), "%s is not approved: %s", s.ID, s.Reason)
		case apply.Skipped:
			r.must(s.Because != nil && bad[s.Because.String()], "%s is skipped: %s", s.ID, s.Reason)
		case apply.Failed:
			r.must(doors.MatchString(s.Reason), "%s failed: %s", s.ID, s.Reason)
		case apply.ManagedElsewhere:
			r.must(s.Because != nil && bad[s.Because.String()] || r.central() && strings.Contains(s.Reason, "central configuration"),
				"%s is managed elsewhere: %s", s.ID, s.Reason)
		default:
			r.must(false, "%s ended as %s: %s", s.ID, s.Outcome, s.Reason)
		}
	}
}

// restsOn says whether a reason names something that is blocked.
func restsOn(reason string, blocked map[string]bool) bool {
	for address, is := range blocked {
		if is && strings.Contains(reason, address) {
			return true
		}
	}
	return false
}

// unblocked says whether there is now more to do than there was, as where a
// bucket was missing that both a trail and AWS Config name.
func (r *run) unblocked(first, second *plan.Plan) bool {
	blocked := map[resource.ID]bool{}
	for _, c := range first.Changes {
		blocked[c.ID] = c.Action == resource.Blocked
	}
	return slices.ContainsFunc(second.Changes, func(c resource.Change) bool { return c.Action.Changes() && blocked[c.ID] })
}

// settled says that a plan after an apply asks for nothing but what that could
// not do.
func (r *run) settled(p *plan.Plan, result *apply.Result) {
	for _, c := range p.Changes {
		if !c.Action.Changes() {
			continue
		}
		explained := slices.ContainsFunc(result.Steps, func(s apply.Step) bool { return s.ID == c.ID && !s.Outcome.Good() && s.Reason != "" })
		r.must(explained, "after an apply, %s: %s %v", c.ID, c.Action, c.Fields)
	}
}
