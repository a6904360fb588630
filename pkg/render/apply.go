package render

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/hashicorp/go-multierror"

	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// Apply shows an apply from its plan to its result.
type Apply interface {
	Plan(p *plan.Plan, source string)
	Event(e apply.Event)
	Result(p *plan.Plan, r *apply.Result)
	// Error is told instead of Result where there is none: nothing was changed.
	Error(err error)
}

// ApplyText shows an apply to a person: progress on one stream, plan and result
// on the other.
type ApplyText struct {
	*Text
	progress *Text
	waits    map[resource.ID]time.Duration // when the last wait was shown
}

// waitsApart is how long a wait goes on before it is shown again.
const waitsApart = 10 * time.Second

// NewApplyText returns an ApplyText; the booleans say whether to colour.
func NewApplyText(out, progress io.Writer, colour, progressColour bool) *ApplyText {
	return &ApplyText{Text: NewText(out, colour), progress: NewText(progress, progressColour), waits: map[resource.ID]time.Duration{}}
}

// Plan prints the plan that is about to be applied.
func (t *ApplyText) Plan(p *plan.Plan, source string) { t.Text.Plan(p, source, "") }

var verbs = map[resource.Action]string{resource.Create: "Creat", resource.Update: "Modify"}

// Event prints a line of progress.
func (t *ApplyText) Event(e apply.Event) {
	verb := verbs[e.Action]
	took := e.Elapsed.Round(time.Second)
	switch {
	case e.Type == apply.Started:
		t.progress.line("%s: %sing...", e.ID, verb)
	case e.Type == apply.Waiting && t.shown(e):
		return
	case e.Type == apply.Waiting:
		t.waits[e.ID] = e.Elapsed
		t.progress.line("%s: Still %sing... [%s elapsed] %s", e.ID, strings.ToLower(verb), took, printable(e.Message))
	case e.Outcome == apply.Applied && e.Action == resource.Create:
		t.progress.line("%s: %s after %s", e.ID, t.progress.create("Creation complete"), took)
	case e.Outcome == apply.Applied:
		t.progress.line("%s: %s after %s", e.ID, t.progress.create("Modifications complete"), took)
	case e.Outcome == apply.Converged:
		t.progress.line("%s: Already as wanted", e.ID)
	case e.Outcome == apply.ManagedElsewhere:
		t.progress.line("%s: Managed elsewhere", e.ID)
	default:
		t.progress.line("%s: %s", e.ID, t.progress.alarm(outcomeWords[e.Outcome]))
	}
}

// shown says whether a wait was shown a moment ago.
func (t *ApplyText) shown(e apply.Event) bool {
	last, ok := t.waits[e.ID]
	return ok && e.Elapsed-last < waitsApart
}

var outcomeWords = map[apply.Outcome]string{
	apply.Applied:     "applied",
	apply.Converged:   "already as wanted",
	apply.Diverged:    "accepted by AWS, but not in effect",
	apply.Stale:       "not applied: the live state moved since the plan",
	apply.Failed:      "failed",
	apply.NotApproved: "left out: it cannot be undone and was not approved",
	apply.Skipped:     "skipped",
	apply.NotStarted:  "not started",

	apply.ManagedElsewhere: "managed elsewhere: left as it is",
}

// Result prints what came of each resource, folded over regions, and the count.
func (t *ApplyText) Result(p *plan.Plan, r *apply.Result) {
	if len(r.Steps) > 0 {
		t.line("\n%s", t.bold("Result"))
	}
	steps := asChanges(p, r.Steps)
	for _, g := range foldBare(steps, func(resource.Change) bool { return true }) {
		outcome, mark := apply.Outcome(g.Action), t.create("ok")
		switch {
		case outcome.Bad():
			mark = t.alarm("x ")
		case !outcome.Good():
			mark = "= "
		}
		t.line("  %s %s: %s", mark, g.address(), outcomeWords[outcome])
		t.named(g, "       ")
		t.regions(g, "       ")
		if g.Reason != "" {
			t.paragraph(g.Reason, "       ")
		}
	}
	t.remarks(steps)
	t.line("")
	blocked := p.Summary().Blocked
	tally := fmt.Sprintf(" Resources: %d added, %d changed, 0 destroyed.", r.CountAction(resource.Create), r.CountAction(resource.Update))
	if r.Err() == nil && blocked == 0 {
		t.line("%s%s", t.bold("Apply complete!"), tally)
		return
	}
	t.line("%s%s", t.bold("Apply incomplete."), tally)
	t.line("%s %d not applied, %d blocked (see above).\nClear what stands in the way and run apply again: it goes on from here.", t.alarm("Error:"), r.Bad(), blocked)
}

// Error prints nothing: the command line says errors.
func (t *ApplyText) Error(error) {}

// asChanges returns the steps of a result as fold takes changes: the outcome stands
// where a change has its action.
func asChanges(p *plan.Plan, steps []apply.Step) []resource.Change {
	names := map[resource.ID]string{}
	for _, c := range p.Changes {
		names[c.ID] = c.LiveName
	}
	changes := make([]resource.Change, len(steps))
	for i, s := range steps {
		changes[i] = resource.Change{ID: s.ID, LiveName: names[s.ID], Action: resource.Action(s.Outcome), Fields: s.Fields, Reason: s.Reason, Notes: s.Notes}
	}
	return changes
}

// JSONLines shows an apply to a program: one event a line, in the envelope that
// Terraform's -json output has.
type JSONLines struct {
	encoder *json.Encoder
	now     func() time.Time
}

// NewJSONLines returns a JSONLines that has said which version speaks.
func NewJSONLines(w io.Writer, version string) *JSONLines {
	j := &JSONLines{encoder: json.NewEncoder(w), now: time.Now}
	j.encoder.SetEscapeHTML(false)
	j.say("info", "version", "kiso "+version, map[string]any{"kiso": version, "ui": "1.0"})
	return j
}

func (j *JSONLines) say(level, kind, message string, more map[string]any) {
	line := map[string]any{
		"@level": level, "@message": message, "@module": "kiso.ui",
		"@timestamp": j.now().UTC().Format(time.RFC3339Nano), "type": kind,
	}
	for k, v := range more {
		line[k] = v
	}
	_ = j.encoder.Encode(line) // a reader that has gone away must not stop an apply
}

// Plan says each planned change, each thing that is blocked or that others manage,
// what is worth knowing of each, and the counts.
func (j *JSONLines) Plan(p *plan.Plan, _ string) {
	for _, note := range p.Notes {
		j.warning(note, note)
	}
	for _, c := range p.Changes {
		switch {
		case c.Action.Changes():
			j.say("info", "planned_change", fmt.Sprintf("%s: Plan to %s", c.ID, c.Action), map[string]any{"change": map[string]any{"resource": planned(c), "action": c.Action, "risks": append([]resource.Risk{}, c.Risks...)}})
		case c.Action == resource.Blocked:
			j.problem(c.ID, c.Reason)
		case c.Action == resource.Managed:
			j.managed(c)
		}
		for _, note := range c.Notes {
			j.warning(c.ID.String()+": "+note, note)
		}
	}
	s := p.Summary()
	j.summary("plan", s.Create, s.Update, 0, false)
}

// managed says who manages a resource, and whether it is as wanted all the same.
func (j *JSONLines) managed(c resource.Change) {
	level, verdict := "info", "meets the spec"
	if !c.MeetsSpec {
		level, verdict = "warn", shortfall(c)
	}
	j.say(level, "managed_elsewhere", fmt.Sprintf("%s: managed by %s: %s; it %s", c.ID, c.Owner, c.Reason, verdict), map[string]any{
		"managed": map[string]any{"resource": planned(c), "owner": c.Owner, "reason": c.Reason, "meets_spec": c.MeetsSpec},
	})
}

// Event says one event of the apply.
func (j *JSONLines) Event(e apply.Event) {
	level, kind := "info", string(e.Type)
	hook := map[string]any{"resource": named(e.ID), "action": e.Action, "elapsed_seconds": e.Elapsed.Seconds()}
	message := fmt.Sprintf("%s: %s", e.ID, e.Message)
	if e.Type == apply.Started {
		message = fmt.Sprintf("%s: %s", e.ID, e.Action)
	}
	if e.Type == apply.Finished {
		hook["outcome"] = e.Outcome
		message = fmt.Sprintf("%s: %s", e.ID, outcomeWords[e.Outcome])
		if e.Outcome.Bad() {
			level, kind = "error", "apply_errored"
		}
		if !e.Outcome.Good() {
			hook["reason"] = e.Message
		}
	}
	j.say(level, kind, message, map[string]any{"hook": hook})
}

// Result says what went wrong and ends with the change summary.
func (j *JSONLines) Result(p *plan.Plan, r *apply.Result) {
	for _, s := range r.Steps {
		switch {
		case s.Outcome.Bad():
			j.problem(s.ID, s.Reason)
		case !s.Outcome.Good():
			j.warning(s.ID.String()+": "+s.Reason, s.Reason)
		}
		for _, note := range s.Notes {
			j.warning(s.ID.String()+": "+note, note)
		}
	}
	j.summary("apply", r.CountAction(resource.Create), r.CountAction(resource.Update), r.Bad(), r.Bad() > 0 || p.Summary().Blocked > 0)
}

// Error says why nothing was done, a diagnostic for each reason, and ends with the
// change summary.
func (j *JSONLines) Error(err error) {
	reasons := []error{err}
	var several *multierror.Error
	if errors.As(err, &several) {
		reasons = several.Errors
	}
	for _, reason := range reasons {
		j.say("error", "diagnostic", "Error: "+reason.Error(), map[string]any{
			"diagnostic": map[string]any{"severity": "error", "summary": reason.Error()},
		})
	}
	j.summary("apply", 0, 0, 0, true)
}

func (j *JSONLines) problem(id resource.ID, reason string) {
	j.say("error", "diagnostic", "Error: "+id.String()+": "+reason, map[string]any{
		"diagnostic": map[string]any{"severity": "error", "summary": reason, "address": id},
	})
}

func (j *JSONLines) warning(message, note string) {
	j.say("warn", "diagnostic", "Warning: "+message, map[string]any{"diagnostic": map[string]any{"severity": "warning", "summary": note}})
}

func (j *JSONLines) summary(operation string, add, change, failed int, incomplete bool) {
	message := fmt.Sprintf("Plan: %d to add, %d to change, 0 to destroy.", add, change)
	if operation == "apply" {
		message = fmt.Sprintf("Apply complete! Resources: %d added, %d changed, 0 destroyed.", add, change)
		if incomplete {
			message = fmt.Sprintf("Apply incomplete. Resources: %d added, %d changed, 0 destroyed, %d not applied.", add, change, failed)
		}
	}
	j.say("info", "change_summary", message, map[string]any{
		"changes": map[string]any{"add": add, "change": change, "import": 0, "remove": 0, "failed": failed, "operation": operation},
	})
}

// planned names a change's resource, also as the account does.
func planned(c resource.Change) map[string]any {
	names := named(c.ID)
	if c.LiveName != "" {
		names["live_name"] = c.LiveName
	}
	return names
}

func named(id resource.ID) map[string]any {
	return map[string]any{
		"addr": id, "resource_type": id.Kind, "resource_name": id.Name, "resource": id,
		"implied_provider": "kiso", "region": id.Scope,
	}
}
