package servicetest

import (
	"regexp"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// ledger gathers the calls of all scenarios.
type ledger struct {
	mu    sync.Mutex
	calls map[string]sandbox.Call // one of each action, operation and region
}

func (l *ledger) add(calls []sandbox.Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls == nil {
		l.calls = map[string]sandbox.Call{}
	}
	for _, c := range calls {
		l.calls[placeOf(c)] = c
	}
}

// common are the actions that every run needs, whatever its services.
var common = map[string]bool{"sts:GetCallerIdentity": true, "account:ListRegions": true, "ec2:DescribeRegions": true}

// harmful are operations that weaken an account; no service may have a use for them.
var harmful = regexp.MustCompile(`^(Delete|Disable|Stop|Remove|Deregister|Disassociate|Untag|Unsubscribe)`)

func reading(d resource.Doc) []resource.Permission { return d.Reads }
func writing(d resource.Doc) []resource.Permission { return d.Writes }

// granted returns the actions that services declare, each with that of the call
// that leads to it (Permission.For).
func (s *suite) granted(services []*resource.Service, part func(resource.Doc) []resource.Permission) map[string]string {
	actions := map[string]string{}
	for _, service := range services {
		for _, k := range service.Kinds {
			for _, p := range part(k.Documentation()) {
				actions[p.Action] = p.For
			}
		}
	}
	return actions
}

// declared returns those of calls whose actions the service's own kinds declare.
func (s *suite) declared(calls []sandbox.Call, part func(resource.Doc) []resource.Permission) []sandbox.Call {
	granted := s.granted([]*resource.Service{s.Service}, part)
	return slices.DeleteFunc(calls, func(c sandbox.Call) bool { return !has(granted, c.Action) })
}

func has(actions map[string]string, action string) bool {
	_, there := actions[action]
	return there
}

// permissions holds the calls of all rows against what the kinds declare.
func (s *suite) permissions(t *testing.T) {
	reads, writes := s.granted(s.sections, reading), s.granted(s.sections, writing)
	called := map[string]bool{}
	for _, c := range s.calls.calls {
		called[c.Action] = true
		assert.NotEqual(t, sandbox.Disabled, Regions()[c.Region], "%s was called in %s, which is off", c.Action, c.Region)
		assert.NotRegexp(t, harmful, c.Operation)
		granted := has(reads, c.Action) || common[c.Action]
		if c.Write {
			granted = has(writes, c.Action)
		}
		assert.True(t, granted, "%s %s needs the action %s, which no kind declares (a write: %t)", c.Service, c.Operation, c.Action, c.Write)
	}
	if s.began < rows {
		t.Skip("what is granted and not called shows only when all rows have run")
	}
	s.nothingMore(t, called)
}

func (s *suite) nothingMore(t *testing.T, called map[string]bool) {
	own := []*resource.Service{s.Service}
	for _, part := range []func(resource.Doc) []resource.Permission{reading, writing} {
		for action, leading := range s.granted(own, part) {
			assert.True(t, called[action] || called[leading], "%s is granted, and no call needs it", action)
		}
	}
}
