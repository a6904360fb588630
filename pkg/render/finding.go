package render

import (
	"fmt"
	"strings"

	"github.com/kiso-cli/kiso/internal/diff"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// finding says whether a change is one that somebody should see at the line of
// the spec: neither in sync, nor well managed by somebody else.
func finding(c resource.Change) bool {
	return c.Action != resource.None && !isManaged(c) || plan.Unmet(c)
}

// maxPhrases bounds the fields of a sentence.
const maxPhrases = 6

// verdict says in one line what there is to say of a finding: the sentence whose
// subject is its address.
func (g group) verdict() string {
	where := ""
	if name := g.named(); name != "" {
		where = " (" + name + ")"
	}
	if len(g.Regions) > 1 {
		where += fmt.Sprintf(" in %d regions (%s)", len(g.Regions), strings.Join(g.Regions, ", "))
	}
	var s string
	switch g.Action {
	case resource.Create:
		s = "will be created" + where + g.phrases()
	case resource.Update:
		s = "will be updated in-place" + where + g.phrases()
	case resource.Managed:
		s = fmt.Sprintf("is left as it is%s, because it is managed by %s (%s), and %s%s", where, g.Owner, g.Reason, shortfall(g.Change), g.phrases())
	default:
		s = "is blocked" + where + ": " + g.Reason
	}
	for _, risk := range g.Risks {
		s += ". " + strings.ToUpper(risk.Kind) + ": " + risk.Text
	}
	return s
}

// shortfall says how what somebody else manages falls short of the spec.
func shortfall(c resource.Change) string {
	if unseen(c) {
		return "is not there, or cannot be looked into from here"
	}
	return "does not meet the spec"
}

// unseen says whether nothing of what somebody else manages was read.
func unseen(c resource.Change) bool {
	return isManaged(c) && string(c.Before) == "null"
}

func (g group) phrases() string {
	if unseen(g.Change) {
		return ""
	}
	var phrases []string
	for i, f := range g.Fields {
		if i == maxPhrases {
			phrases = append(phrases, fmt.Sprintf("and %d more", len(g.Fields)-i))
			break
		}
		phrases = append(phrases, phrase(f))
	}
	if len(phrases) == 0 {
		return ""
	}
	return ": " + strings.Join(phrases, "; ")
}

// phrase says what becomes of a field; of lists and objects, only that something does.
func phrase(f diff.Field) string {
	switch {
	case f.Before == nil && !scalar(f.After):
		return f.Path + " is set"
	case !scalar(f.Before) || !scalar(f.After):
		return f.Path + " differs"
	case f.Before == nil:
		return f.Path + ": " + compactJSON(f.After)
	default:
		return f.Path + ": " + compactJSON(f.Before) + " -> " + compactJSON(f.After)
	}
}

// scalar tells plain values from lists and objects, whether they come from a
// model or from a decoded document.
func scalar(v any) bool {
	text := compactJSON(v)
	return !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[")
}
