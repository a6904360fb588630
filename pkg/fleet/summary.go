package fleet

import (
	"cmp"
	"slices"
)

// Summary gathers results, of each no more than the account's id.
type Summary struct {
	Count  map[Outcome]int
	groups map[string]*Group
}

// Group is the accounts that came to the same.
type Group struct {
	Result   Result // of the first
	Accounts []string
}

// NewSummary returns an empty Summary.
func NewSummary() *Summary {
	return &Summary{Count: map[Outcome]int{}, groups: map[string]*Group{}}
}

// Add takes in a result.
func (s *Summary) Add(r Result) {
	s.Count[r.Outcome]++
	key := string(r.Outcome) + r.Likeness
	g, ok := s.groups[key]
	if !ok {
		g = &Group{Result: r}
		s.groups[key] = g
	}
	g.Accounts = append(g.Accounts, r.AccountID)
}

// Groups returns the groups, the largest first.
func (s *Summary) Groups() []Group {
	groups := make([]Group, 0, len(s.groups))
	for _, g := range s.groups {
		slices.Sort(g.Accounts)
		groups = append(groups, *g)
	}
	slices.SortFunc(groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(len(b.Accounts), len(a.Accounts)), cmp.Compare(a.Accounts[0], b.Accounts[0]))
	})
	return groups
}

// Bad counts the accounts that did not end well.
func (s *Summary) Bad() int { return s.Count[Incomplete] + s.Count[Failed] + s.Count[NotStarted] }

// Pending counts the accounts that a plan or drift found changes in.
func (s *Summary) Pending() int { return s.Count[Changes] }
