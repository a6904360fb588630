package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/pkg/fleet"
)

// FleetLine prints the line of one account.
func (t *Text) FleetLine(r fleet.Result) {
	mark := t.create("ok")
	if !r.Good() {
		mark = t.alarm("x ")
	}
	who := r.AccountID
	if r.Name != "" {
		who += " " + r.Name
	}
	t.line("%s %s: %s in %.1fs%s", mark, who, outcome(r), r.Seconds, details(r))
	for _, line := range slices.Concat(r.Problems, r.Managed, r.Drift) {
		t.paragraph(line, "     ")
	}
}

func outcome(r fleet.Result) string { return strings.ReplaceAll(string(r.Outcome), "_", " ") }

func details(r fleet.Result) string {
	switch {
	case r.Mode == fleet.Apply && r.Added+r.Changed > 0:
		return fmt.Sprintf(" (%d added, %d changed)", r.Added, r.Changed)
	case r.Summary.Changes() > 0:
		return fmt.Sprintf(" (%d to add, %d to change)", r.Summary.Create, r.Summary.Update)
	default:
		return ""
	}
}

// FleetSummary prints the accounts with equal plans together, the largest
// group first, and the count. results is the file that a next run goes on from, or "".
func (t *Text) FleetSummary(s *fleet.Summary, results string) {
	t.line("\n%s", t.bold("Accounts alike"))
	for _, g := range s.Groups() {
		t.line("  %s: %s%s", count(len(g.Accounts), "account"), outcome(g.Result), details(g.Result))
		t.paragraph(abbreviated(g.Accounts), "     ")
	}
	t.line("")
	t.line("%s", t.bold(fmt.Sprintf("Fleet: %d in sync, %d with changes, %d applied, %d incomplete, %d failed, %d not started.",
		s.Count[fleet.InSync], s.Count[fleet.Changes], s.Count[fleet.Applied], s.Count[fleet.Incomplete], s.Count[fleet.Failed], s.Count[fleet.NotStarted])))
	bad := t.alarm("Error:") + " " + count(s.Bad(), "account") + " did not end well (see above)"
	switch {
	case s.Bad() == 0:
	case results == "":
		t.line("%s; run the command again", bad)
	default:
		t.line("%s\nThe same command with --results %s goes on from here.", bad, printable(results))
	}
}

// abbreviated lists the first accounts of many.
func abbreviated(accounts []string) string {
	const most = 12
	if len(accounts) <= most {
		return strings.Join(accounts, " ")
	}
	return strings.Join(accounts[:most], " ") + fmt.Sprintf(" ... and %d more", len(accounts)-most)
}
