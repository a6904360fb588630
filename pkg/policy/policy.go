// Package policy makes the IAM policies of the roles that kiso runs with, from
// what the kinds of resource say of themselves (resource.Doc). It knows IAM's
// policy grammar and limits; it must not know any single service, and calls
// nothing.
package policy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/pkg/resource"
)

// Role is what a policy is for.
type Role string

const (
	Plan  Role = "plan"  // reads: plan and drift
	Apply Role = "apply" // the same, and writes
)

// Roles lists the roles.
func Roles() []string { return []string{string(Plan), string(Apply)} }

// Need is a kind of resource that a role works on.
type Need struct {
	Kind    resource.KindInfo
	Regions []string // nil: in any region
}

// Scope is what a policy is made for.
type Scope struct {
	Needs     []Need
	Looks     []Need // what is only read, whatever the role
	Partition string // such as "aws"
	AccountID string // "": any account
	Home      string // home region; "": any
	// Saved is for carrying out one saved plan: it names its account and regions,
	// so that nothing has to be looked up but who the caller is.
	Saved bool
}

// Permissions that rest on no kind of resource.
var (
	whoami  = []resource.Permission{{Action: "sts:GetCallerIdentity"}}
	regions = []resource.Permission{{Action: "account:ListRegions"}, {Action: "ec2:DescribeRegions"}}
	// history is where kiso drift finds who changed what, and apply who moved what
	// a stale plan rests on.
	history = []resource.Permission{{Action: "cloudtrail:LookupEvents"}}
)

// Make returns the least policy for a role.
func Make(role Role, s Scope) *Document {
	g := &grants{scope: s, all: map[string]*grant{}}
	g.add("Account", Need{}, whoami)
	if !s.Saved || role == Plan {
		g.add("Account", Need{}, regions)
	}
	g.add("Drift", Need{}, history)
	for _, need := range slices.Concat(s.Needs, s.Looks) {
		g.add("Read", need, need.Kind.Documentation().Reads)
	}
	if role == Apply {
		for _, need := range s.Needs {
			g.add("Write", need, need.Kind.Documentation().Writes)
		}
	}
	return &Document{Version: "2012-10-17", Statement: g.statements()}
}

// grants gathers permissions: one entry each, however many kinds need it.
type grants struct {
	scope Scope
	all   map[string]*grant
}

// grant is one action on one resource under one condition.
type grant struct {
	sid, action, resource string
	condition             map[string]string
	regions               []string // nil: any
}

// add grants what a kind needs. What is granted already keeps its statement, so
// reads must be added before writes.
func (g *grants) add(sid string, need Need, permissions []resource.Permission) {
	for _, p := range permissions {
		next := &grant{sid: sid, action: p.Action, resource: g.fill(p.Resource, "*"), condition: map[string]string{}, regions: need.Regions}
		for key, value := range p.Condition {
			next.condition[key] = g.fill(value, principalAccount)
		}
		if p.Anywhere || isGlobal(p.Action) {
			next.regions = nil
		}
		g.merge(next)
	}
}

func (g *grants) merge(next *grant) {
	key := text(next.action, next.resource, next.condition)
	old, granted := g.all[key]
	switch {
	case !granted:
		g.all[key] = next
	case old.regions == nil || next.regions == nil:
		old.regions = nil
	default:
		merged := append(slices.Clone(old.regions), next.regions...)
		slices.Sort(merged)
		old.regions = slices.Compact(merged)
	}
}

// isGlobal says whether an action's service has one endpoint a partition, which
// is in a region of its own whatever region is meant (AWS General Reference,
// service endpoints).
func isGlobal(action string) bool {
	service, _, _ := strings.Cut(action, ":")
	return service == "iam" || service == "sts" || service == "account"
}

// principalAccount stands in a condition for the account of whoever calls. In an
// ARN's account IAM allows no variable (IAM user guide, policy variables).
const principalAccount = "${aws:PrincipalAccount}"

// fill replaces the placeholders of a permission. A region is any: which ones
// are meant is a condition of its own.
func (g *grants) fill(text, account string) string {
	return strings.NewReplacer(
		"{partition}", g.scope.Partition,
		"{account_id}", cmp.Or(g.scope.AccountID, account),
		"{region}", "*",
		"{home_region}", cmp.Or(g.scope.Home, "*"),
	).Replace(cmp.Or(text, "*"))
}

// statements groups the grants: what shares its condition and its resources
// shares a statement.
func (g *grants) statements() []Statement {
	var list []Statement
	for _, one := range g.all {
		list = append(list, Statement{
			Sid: one.sid, Effect: "Allow", Action: []string{one.action}, Resource: []string{one.resource}, Condition: one.conditions(),
		})
	}
	list = group(list, func(s Statement) string { return text(s.Sid, s.Action, s.Condition) })
	list = group(list, func(s Statement) string { return text(s.Sid, s.Resource, s.Condition) })
	return numbered(list)
}

// group makes one statement of those that are alike, sorted.
func group(list []Statement, like func(Statement) string) []Statement {
	groups := map[string]*Statement{}
	for _, s := range list {
		first, found := groups[like(s)]
		if !found {
			groups[like(s)] = &s
			continue
		}
		first.Action = union(first.Action, s.Action)
		first.Resource = union(first.Resource, s.Resource)
	}
	var grouped []Statement
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		grouped = append(grouped, *groups[key])
	}
	return grouped
}

// union returns the members of both lists, sorted; "*" covers all others.
func union(a, b []string) []string {
	all := slices.Concat(a, b)
	if slices.Contains(all, "*") {
		return []string{"*"}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// numbered sorts statements and makes their Sids unique.
func numbered(list []Statement) []Statement {
	slices.SortFunc(list, func(a, b Statement) int {
		return cmp.Or(cmp.Compare(a.Sid, b.Sid), cmp.Compare(text(a.Resource, a.Condition), text(b.Resource, b.Condition)))
	})
	seen := map[string]int{}
	for i, s := range list {
		if seen[s.Sid]++; seen[s.Sid] > 1 {
			list[i].Sid = fmt.Sprintf("%s%d", s.Sid, seen[s.Sid])
		}
	}
	return list
}

// conditions returns the grant's condition as IAM writes it. A bucket that is
// being created, or is not there, belongs to no account yet: IfExists lets the
// answer "not found" through.
func (g *grant) conditions() Condition {
	c := Condition{}
	for key, value := range g.condition {
		if key == "aws:ResourceAccount" {
			c.add("StringEqualsIfExists", key, value)
		} else {
			c.add("StringEquals", key, value)
		}
	}
	if g.regions != nil {
		c.add("StringEquals", "aws:RequestedRegion", g.regions...)
	}
	return c
}

// text is equal for equal plain data.
func text(parts ...any) string { return string(mustJSON(parts)) }
