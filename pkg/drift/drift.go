// Package drift says what left the spec, and who did it: it takes a plan, which
// knows what differs, and looks in CloudTrail's event history for the calls
// that made it so. Of a saved plan it says who moved what since. It only reads.
package drift

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kiso-cli/kiso/internal/diff"
	"github.com/kiso-cli/kiso/internal/event"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// Status says in which way a resource is not as the spec wants it.
type Status string

const (
	Drifted Status = "drifted"            // it is there and differs
	Gone    Status = "deleted"            // a recorded call took it away
	Never   Status = "never_bootstrapped" // it is not there, and no recorded call took it away
	Missing Status = "missing"            // it is not there, and the history could not be read
)

// Report is what left the spec.
type Report struct {
	Plan  *plan.Plan
	Items []Item
	Notes []string // regions whose history could not be read, and why
}

// Count returns how many items have a status.
func (r *Report) Count(s Status) int {
	n := 0
	for _, item := range r.Items {
		if item.Status == s {
			n++
		}
	}
	return n
}

// Encode writes the report as indented JSON.
func (r *Report) Encode(w io.Writer) error {
	summary := r.Plan.Summary()
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(map[string]any{
		"format_version": plan.FormatVersion, "kiso_version": r.Plan.KisoVersion,
		"timestamp":  r.Plan.Timestamp.Format(time.RFC3339),
		"account_id": r.Plan.AccountID, "partition": r.Plan.Partition, "home_region": r.Plan.HomeRegion,
		"complete": summary.Blocked == 0, "drift": r.Items, "notes": slices.Concat(r.Plan.Notes, r.Notes),
		"blocked": listed(r.Plan, resource.Blocked, func(c resource.Change) map[string]any {
			return map[string]any{"address": c.ID, "reason": c.Reason}
		}),
		"managed_elsewhere": listed(r.Plan, resource.Managed, func(c resource.Change) map[string]any {
			return map[string]any{"address": c.ID, "owner": c.Owner, "reason": c.Reason, "meets_spec": c.MeetsSpec, "fields": append([]diff.Field{}, c.Fields...)}
		}),
		"summary": map[string]int{
			"drifted": r.Count(Drifted), "deleted": r.Count(Gone), "never_bootstrapped": r.Count(Never), "missing": r.Count(Missing),
			"in_sync": summary.InSync, "managed_elsewhere": summary.Managed, "blocked": summary.Blocked,
		},
	})
}

// Lines says each item in a line: what, and by whom as far as it is on record.
func (r *Report) Lines() []string {
	var lines []string
	for _, item := range r.Items {
		line := item.address() + ": " + string(item.Status)
		for _, f := range item.Fields {
			line += "; " + strings.TrimSpace(f.Path+" "+f.doer())
		}
		lines = append(lines, line)
	}
	return lines
}

func (i Item) address() string {
	if i.LiveName == "" {
		return i.Address.String()
	}
	return fmt.Sprintf("%s (%s)", i.Address, resource.Called(i.LiveName))
}

func (f Field) doer() string {
	switch {
	case f.By != nil:
		return "by " + f.By.String()
	case f.Unread:
		return "by whom is not known"
	}
	return "by nobody on record"
}

// listed returns what is to be said of the resources with an action.
func listed(p *plan.Plan, action resource.Action, entry func(resource.Change) map[string]any) []map[string]any {
	entries := []map[string]any{}
	for _, c := range p.Changes {
		if c.Action == action {
			entries = append(entries, entry(c))
		}
	}
	return entries
}

// Item is one resource that is not as the spec wants it.
type Item struct {
	Address resource.ID    `json:"address"`
	Service string         `json:"service"`
	Region  resource.Scope `json:"region"`
	// LiveName is what it is called in the account where its address says otherwise.
	LiveName string  `json:"live_name,omitempty"`
	Status   Status  `json:"status"`
	Fields   []Field `json:"fields"`
}

// Field is one difference. By is nil where no call is on record: it is older
// than 90 days or a few minutes old, or AWS itself changed it. With Unread it is
// nil because the history could not be read, or not far enough.
type Field struct {
	Path   string       `json:"path"`
	Spec   any          `json:"spec"`
	Live   any          `json:"live"`
	By     *event.Event `json:"by"`
	Unread bool         `json:"history_unread,omitempty"`
}

// Explain makes the report of a plan.
func Explain(ctx context.Context, session *awsx.Session, registry resource.Registry, p *plan.Plan) *Report {
	h := newHistory(session)
	report := &Report{Plan: p, Items: []Item{}, Notes: []string{}}
	var changed []resource.Change
	for _, c := range p.Changes {
		if c.Action.Changes() {
			changed = append(changed, c)
		}
	}
	report.Items = make([]Item, len(changed))
	var wg sync.WaitGroup
	for i, c := range changed {
		wg.Go(func() { report.Items[i] = h.item(ctx, registry, c) })
	}
	wg.Wait()
	report.Notes = append(report.Notes, h.notes()...)
	return report
}

func (h *history) item(ctx context.Context, registry resource.Registry, c resource.Change) Item {
	item := Item{Address: c.ID, Service: c.ID.Kind.Service(), Region: c.ID.Scope, LiveName: c.LiveName, Status: Drifted, Fields: []Field{}}
	kind, known := registry[c.ID.Kind]
	if !known {
		return item
	}
	search := h.search(kind, c, func(e event.Event) bool { return !bootstrap(e) })
	if c.Action == resource.Create {
		item.Status = Never
		search.changers = slices.DeleteFunc(slices.Clone(search.changers), func(c resource.Changer) bool { return !takesAway(c) })
		by, read := h.find(ctx, search, "")
		switch {
		case by != nil:
			item.Status = Gone
			item.Fields = append(item.Fields, Field{Path: "", Spec: "present", Live: nil, By: by})
		case !read:
			item.Status = Missing
		}
		return item
	}
	for _, f := range c.Fields {
		by, read := h.find(ctx, search, f.Path)
		item.Fields = append(item.Fields, Field{Path: f.Path, Spec: f.After, Live: f.Before, By: by, Unread: !read})
	}
	return item
}

// takesAway says whether a call can have ended the resource: AWS names such
// calls alike throughout, and the kind names those that are called otherwise.
func takesAway(c resource.Changer) bool {
	return c.Ends || slices.ContainsFunc([]string{"Delete", "Disable", "BatchDisable", "Remove", "Unsubscribe"}, func(prefix string) bool {
		return strings.HasPrefix(c.Event, prefix)
	})
}

// search is what to look for.
type search struct {
	trace    resource.Trace
	changers []resource.Changer
	counts   func(event.Event) bool
	sources  []string // the services whose calls change it
	paths    []string // of the fields that differ
}

func (h *history) search(kind resource.KindInfo, c resource.Change, counts func(event.Event) bool) *search {
	doc := kind.Documentation()
	s := &search{trace: kind.TraceOf(c), changers: doc.Changers, counts: counts}
	for _, p := range slices.Concat(doc.Reads, doc.Writes) {
		service, _, _ := strings.Cut(p.Action, ":")
		s.sources = append(s.sources, service)
	}
	for _, f := range c.Fields {
		s.paths = append(s.paths, f.Path)
	}
	if s.trace.Region == string(resource.Global) {
		s.trace.Region = h.session.Partition().GlobalRegion
	}
	return s
}

// find returns the newest call that can have changed the field at path, or nil, and
// whether the history was read as far as that takes: of one that was not, a newer
// call may be missing.
func (h *history) find(ctx context.Context, s *search, path string) (newest *event.Event, read bool) {
	var asked []string
	for _, changer := range s.changers {
		if !changes(changer, path) {
			continue
		}
		asked = append(asked, changer.Event)
		events, err := h.events(ctx, s.trace.Region, changer.Event)
		if err != nil {
			return nil, false
		}
		found := s.among(events, changer, path)
		if changer.Within && path == "" && len(found) == 0 { // what is gone may have had a name of its own
			changer.Within = false
			found = s.among(events, changer, path)
		}
		if len(found) > 0 && (newest == nil || found[0].Time.After(newest.Time)) { // newest first
			newest = &found[0]
			if changer.Vague {
				newest = oneOf(found)
			}
		}
	}
	if newest != nil {
		return newest, true
	}
	return nil, !h.inVain(s.trace.Region, asked)
}

// among returns those of the calls that were not refused and can have changed the
// field at path.
func (s *search) among(events []event.Event, c resource.Changer, path string) []event.Event {
	return slices.DeleteFunc(slices.Clone(events), func(e event.Event) bool { return e.ErrorCode != "" || !s.meant(e, c, path) })
}

// oneOf is the newest of calls of which any may be meant: by whoever made it, or by one
// of those who made them.
func oneOf(calls []event.Event) *event.Event {
	newest := calls[0]
	var actors []string
	for _, e := range calls {
		if !slices.Contains(actors, e.Actor) {
			actors = append(actors, e.Actor)
		}
		if e.AccessKey != newest.AccessKey {
			newest.AccessKey = ""
		}
	}
	if len(actors) > 1 {
		newest.Actor = "one of " + strings.Join(actors, ", ")
	}
	return &newest
}

func changes(c resource.Changer, path string) bool {
	return c.Path == "" || path == c.Path || strings.HasPrefix(path, c.Path+".")
}

func (s *search) meant(e event.Event, c resource.Changer, path string) bool {
	if !s.fromHere(e) || c.Parameter != "" && !e.Names(c.Parameter) || !s.counts(e) {
		return false
	}
	if c.Names != nil && !s.about(e, c, path) {
		return false
	}
	if c.Within && !slices.ContainsFunc(s.trace.Names, func(name string) bool { return e.MentionsIn(c.Parameter, name) }) {
		return false
	}
	return len(s.trace.Names) == 0 || slices.ContainsFunc(s.trace.Names, e.Mentions)
}

// fromHere says whether a call is of a service of the resource's: others have calls
// of the same names.
func (s *search) fromHere(e event.Event) bool {
	service, _, _ := strings.Cut(e.Source, ".")
	return slices.Contains(s.sources, service)
}

// about says whether a call mentions what it must for the field at a path; for the
// resource's existence, for any of the fields that are gone with it.
func (s *search) about(e event.Event, c resource.Changer, path string) bool {
	paths := []string{path}
	if path == "" && len(s.paths) > 0 {
		paths = s.paths
	}
	return slices.ContainsFunc(paths, func(path string) bool {
		name := c.Names(path)
		return name == "" || e.MentionsIn(c.Parameter, name)
	})
}

// bootstrap says whether a call is how kiso itself made the resource. Any other
// call in its name counts: whoever takes a setting away may call himself kiso.
func bootstrap(e event.Event) bool {
	return strings.HasPrefix(e.Name, "Create") && strings.Contains(e.UserAgent, "app/kiso-")
}
