package servicetest

import (
	"testing"

	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/services"
)

// Case is what the suite must be told of a service.
type Case struct {
	Service *resource.Service
	// Spec holds sections of a spec, YAML: the service's own, and those of the
	// services that it rests on.
	Spec string
	// Simulators make the account; nil is services.Simulators().
	Simulators []sandbox.Simulator
	// Drift tampers with one leaf of the model at a time; see the package comment.
	Drift map[string]Tamper
	// Foreign puts into an account as the spec wants it what belongs to others.
	Foreign func(*sandbox.Account)
	// Stricter makes live values better than the spec asks; nil: none can be.
	Stricter func(*sandbox.Account)
	// Uncompared are members of the simulators' state, at any depth, that count
	// what happened rather than say what is there. They are not compared.
	Uncompared []string
}

// Tamper changes a resource of the account behind the API's back.
type Tamper func(acct *sandbox.Account, id resource.ID)

// Home is the home region of every spec.
const Home = "eu-west-1"

// Tags are the tags of every spec.
var Tags = map[string]string{"owner": "security"}

// Regions are the regions of the account: three that are on, one that is off.
func Regions() map[string]string {
	return map[string]string{
		Home:             sandbox.EnabledByDefault,
		"us-east-1":      sandbox.EnabledByDefault,
		"ap-northeast-1": sandbox.EnabledByDefault,
		"ap-east-1":      sandbox.Disabled,
	}
}

// Run holds a service to everything that is asked of one, a subtest each.
func Run(t *testing.T, c Case) {
	s := newSuite(t, c)
	s.row(t, "empty account: creates, no write", s.emptyAccount)
	s.row(t, "apply, then the plan is empty", s.applyThenEmpty)
	s.prepare(t)
	s.row(t, "drift of each leaf is named and repaired", s.eachLeaf)
	s.row(t, "a fault at each write: the next run finishes", s.eachWrite)
	s.row(t, "access denied on each read: blocked", s.eachRead)
	s.row(t, "pages of one, lists reversed, foreign things present", s.pagesAndForeign)
	s.row(t, "stricter live values survive a repair", s.stricterSurvives)
	s.row(t, "a write accepted and dropped: diverged", s.droppedWrites)
	s.row(t, "reads lag writes", s.lag)
	s.row(t, "the plan file round-trips, plans are equal", s.planFile)
	s.row(t, "permissions are those of the calls", s.permissions)
}

// rows is how many there are: permissions are complete when all have run.
const rows = 11

// suite is a case and what has been found out about it.
type suite struct {
	Case
	sections []*resource.Service
	registry resource.Registry
	calls    ledger
	began    int // rows that were run, the last included

	empty   *plan.Plan     // of an empty account
	nothing state          // an empty account
	applied state          // the account after an undisturbed apply
	writes  []sandbox.Call // of that apply, the service's own
	lived   state          // the same with foreign things
	drifts  []drift        // all that can be tampered with, alone
}

func newSuite(t *testing.T, c Case) *suite {
	t.Helper()
	if c.Simulators == nil {
		c.Simulators = services.Simulators()
	}
	sections := []*resource.Service{c.Service}
	for _, other := range services.All() {
		if other.Name != c.Service.Name {
			sections = append(sections, other)
		}
	}
	return &suite{Case: c, sections: sections, registry: resource.NewRegistry(sections)}
}

func (s *suite) row(t *testing.T, name string, run func(*testing.T)) {
	t.Run(name, func(t *testing.T) {
		s.began++
		run(t)
	})
}

// own says whether a resource is of the service under test.
func (s *suite) own(id resource.ID) bool {
	for _, k := range s.Service.Kinds {
		if k.Name() == id.Kind {
			return true
		}
	}
	return false
}
