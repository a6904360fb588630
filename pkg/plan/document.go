package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kiso-cli/kiso/internal/badjson"
	"github.com/kiso-cli/kiso/internal/diff"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// FormatVersion of the document. The names in it are those of Terraform's JSON
// plan wherever there is one, so that tools that read such plans read this.
const FormatVersion = "1.0"

// Plan is what was found and what is to be done.
type Plan struct {
	KisoVersion string
	Timestamp   time.Time // to the second, UTC
	AccountID   string
	Partition   string
	HomeRegion  string
	Regions     []string
	SpecFile    string // as the command line named it
	SpecDigest  string
	Notes       []string
	Changes     []resource.Change // sorted by id
}

// Summary counts the changes by action.
type Summary struct {
	Create  int `json:"create"`
	Update  int `json:"update"`
	InSync  int `json:"in_sync"`
	Managed int `json:"managed_elsewhere"`
	Blocked int `json:"blocked"`
}

// Changes is the number of things that apply would write.
func (s Summary) Changes() int { return s.Create + s.Update }

// Unmet says whether somebody else manages a resource in another way than the
// spec wants: it is no change, and the account does not match the spec either.
func Unmet(c resource.Change) bool { return c.Action == resource.Managed && !c.MeetsSpec }

// Summary counts the plan's changes.
func (p *Plan) Summary() Summary {
	var s Summary
	for _, c := range p.Changes {
		switch c.Action {
		case resource.Create:
			s.Create++
		case resource.Update:
			s.Update++
		case resource.None:
			s.InSync++
		case resource.Managed:
			s.Managed++
		case resource.Blocked:
			s.Blocked++
		}
	}
	return s
}

// LiveDigest covers the managed live values of everything that was read.
func (p *Plan) LiveDigest() string {
	hash := sha256.New()
	for _, c := range p.Changes {
		fmt.Fprintf(hash, "%s %s\n", c.ID, c.Fingerprint)
	}
	return "sha256:" + hex.EncodeToString(hash.Sum(nil))
}

type document struct {
	FormatVersion    string           `json:"format_version"`
	KisoVersion      string           `json:"kiso_version"`
	Timestamp        string           `json:"timestamp"`
	AccountID        string           `json:"account_id"`
	Partition        string           `json:"partition"`
	HomeRegion       string           `json:"home_region"`
	Regions          []string         `json:"regions"`
	SpecFile         string           `json:"spec_file"`
	SpecDigest       string           `json:"spec_digest"`
	LiveDigest       string           `json:"live_digest"`
	Complete         bool             `json:"complete"`
	Errored          bool             `json:"errored"`
	Applyable        bool             `json:"applyable"`
	Notes            []string         `json:"notes"`
	ResourceChanges  []resourceChange `json:"resource_changes"`
	ManagedElsewhere []managed        `json:"managed_elsewhere"`
	Blocked          []blocked        `json:"blocked"`
	Summary          Summary          `json:"summary"`
	PlanDigest       string           `json:"plan_digest"` // of all the rest; see digestOf
}

type resourceChange struct {
	Address      resource.ID        `json:"address"`
	Mode         string             `json:"mode"`
	Type         resource.Kind      `json:"type"`
	Name         string             `json:"name"`
	ProviderName string             `json:"provider_name"`
	Service      string             `json:"service"`
	Region       resource.Scope     `json:"region"`
	Change       change             `json:"change"`
	LiveName     string             `json:"live_name,omitzero"`
	Fields       []diff.Field       `json:"fields"`
	Risks        []resource.Risk    `json:"risks"`
	Notes        []string           `json:"notes"`
	Needs        []resource.ID      `json:"needs"`
	After        []resource.ID      `json:"after"`
	Controls     []string           `json:"controls"`
	SpecPath     string             `json:"spec_path"`
	SpecLocation *resource.Location `json:"spec_location"`
	LeftOut      []string           `json:"left_out,omitzero"`
	Fingerprint  string             `json:"fingerprint"`
	Want         json.RawMessage    `json:"want"`
}

type change struct {
	Actions []resource.Action `json:"actions"`
	Before  json.RawMessage   `json:"before"`
	After   json.RawMessage   `json:"after"`
}

type managed struct {
	Address      resource.ID        `json:"address"`
	Service      string             `json:"service"`
	Region       resource.Scope     `json:"region"`
	LiveName     string             `json:"live_name,omitzero"`
	Owner        string             `json:"owner"`
	Reason       string             `json:"reason"`
	MeetsSpec    bool               `json:"meets_spec"`
	Fields       []diff.Field       `json:"fields"`
	Notes        []string           `json:"notes"`
	SpecPath     string             `json:"spec_path"`
	SpecLocation *resource.Location `json:"spec_location"`
	Live         json.RawMessage    `json:"live"`
	Fingerprint  string             `json:"fingerprint"`
}

type blocked struct {
	Address      resource.ID        `json:"address"`
	Service      string             `json:"service"`
	Region       resource.Scope     `json:"region"`
	Reason       string             `json:"reason"`
	SpecPath     string             `json:"spec_path"`
	SpecLocation *resource.Location `json:"spec_location"`
}

// Encode writes the plan's document: indented JSON, the same bytes for the
// same plan.
func (p *Plan) Encode(w io.Writer) error {
	d := p.document()
	plain, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if d.PlanDigest, err = digestOf(plain); err != nil {
		return err
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(d)
}

// digestOf covers all that a document says but its own digest, however it is laid
// out: what people and policies read in it is what they approve.
func digestOf(document []byte) (string, error) {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var members map[string]any
	if err := decoder.Decode(&members); err != nil {
		return "", err
	}
	delete(members, "plan_digest")
	plain, err := json.Marshal(members)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(plain)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

func (p *Plan) document() document {
	summary := p.Summary()
	d := document{
		FormatVersion: FormatVersion, KisoVersion: p.KisoVersion, Timestamp: p.Timestamp.UTC().Format(time.RFC3339),
		AccountID: p.AccountID, Partition: p.Partition, HomeRegion: p.HomeRegion, Regions: list(p.Regions),
		SpecFile: p.SpecFile, SpecDigest: p.SpecDigest, LiveDigest: p.LiveDigest(),
		Complete: summary.Blocked == 0, Errored: summary.Blocked > 0, Applyable: summary.Changes() > 0,
		Notes: list(p.Notes), Summary: summary,
		ResourceChanges: []resourceChange{}, ManagedElsewhere: []managed{}, Blocked: []blocked{},
	}
	for _, c := range p.Changes {
		service, region := c.ID.Kind.Service(), c.ID.Scope
		switch c.Action {
		case resource.Blocked:
			d.Blocked = append(d.Blocked, blocked{
				Address: c.ID, Service: service, Region: region, Reason: c.Reason,
				SpecPath: c.Path, SpecLocation: location(c),
			})
		case resource.Managed:
			d.ManagedElsewhere = append(d.ManagedElsewhere, managed{
				Address: c.ID, Service: service, Region: region, LiveName: c.LiveName, Owner: c.Owner, Reason: c.Reason, MeetsSpec: c.MeetsSpec,
				Fields: list(c.Fields), Notes: list(c.Notes), SpecPath: c.Path, SpecLocation: location(c),
				Live: c.Before, Fingerprint: c.Fingerprint,
			})
		default:
			d.ResourceChanges = append(d.ResourceChanges, toResourceChange(c))
		}
	}
	return d
}

func toResourceChange(c resource.Change) resourceChange {
	r := resourceChange{
		Address: c.ID, Mode: "managed", Type: c.ID.Kind, Name: c.ID.Name, ProviderName: "kiso",
		Service: c.ID.Kind.Service(), Region: c.ID.Scope,
		Change:   change{Actions: []resource.Action{c.Action}, Before: c.Before, After: c.After},
		LiveName: c.LiveName, Fields: list(c.Fields), Risks: list(c.Risks), Notes: list(c.Notes),
		Needs: []resource.ID{}, After: []resource.ID{}, Controls: list(c.Controls),
		SpecPath: c.Path, SpecLocation: location(c), LeftOut: c.LeftOut, Fingerprint: c.Fingerprint, Want: c.Want,
	}
	for _, ref := range c.Needs {
		if ref.After {
			r.After = append(r.After, ref.ID)
		} else {
			r.Needs = append(r.Needs, ref.ID)
		}
	}
	return r
}

func location(c resource.Change) *resource.Location {
	if c.Location == (resource.Location{}) {
		return nil
	}
	return &c.Location
}

// Decode reads a document. It refuses what is not a plan of a format that it
// knows, and a plan that contradicts itself; the error says which.
func Decode(r io.Reader) (*Plan, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var d document
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, errors.New("it is not a kiso plan: " + badjson.Explain(data, err) + "; kiso plan --out PLAN saves one")
	}
	if major, _, _ := strings.Cut(d.FormatVersion, "."); major != "1" {
		return nil, fmt.Errorf("its format_version is %q, and this kiso reads 1.x: plan again with this kiso", d.FormatVersion)
	}
	if d.PlanDigest == "" {
		return nil, errors.New("it has no plan_digest, so that nobody can tell whether it was edited: plan again with this kiso")
	}
	if digest, err := digestOf(data); err != nil || digest != d.PlanDigest {
		return nil, errors.New("its plan_digest does not fit it: it was edited; plan again")
	}
	if d.AccountID == "" || d.Partition == "" {
		return nil, errors.New("it does not name its account and partition: plan again")
	}
	timestamp, err := time.Parse(time.RFC3339, d.Timestamp)
	if err != nil {
		return nil, fmt.Errorf("its timestamp is not one: %q; plan again", d.Timestamp)
	}
	p := &Plan{
		KisoVersion: d.KisoVersion, Timestamp: timestamp, AccountID: d.AccountID, Partition: d.Partition,
		HomeRegion: d.HomeRegion, Regions: d.Regions, SpecFile: d.SpecFile, SpecDigest: d.SpecDigest, Notes: d.Notes, Changes: d.changes(),
	}
	if p.LiveDigest() != d.LiveDigest || p.Summary() != d.Summary {
		return nil, errors.New("its digest or summary does not fit its changes: it was edited; plan again")
	}
	return p, nil
}

func (d *document) changes() []resource.Change {
	var changes []resource.Change
	for _, r := range d.ResourceChanges {
		changes = append(changes, r.toChange())
	}
	for _, m := range d.ManagedElsewhere {
		changes = append(changes, resource.Change{
			ID: m.Address, Action: resource.Managed, LiveName: m.LiveName, Owner: m.Owner, Reason: m.Reason, MeetsSpec: m.MeetsSpec,
			Fields: m.Fields, Notes: m.Notes, Path: m.SpecPath, Location: at(m.SpecLocation),
			Before: m.Live, Fingerprint: m.Fingerprint,
		})
	}
	for _, b := range d.Blocked {
		changes = append(changes, resource.Change{
			ID: b.Address, Action: resource.Blocked, Reason: b.Reason, Path: b.SpecPath, Location: at(b.SpecLocation),
		})
	}
	sortChanges(changes)
	return changes
}

func (r *resourceChange) toChange() resource.Change {
	c := resource.Change{
		ID: r.Address, LiveName: r.LiveName, Fields: r.Fields, Risks: r.Risks, Notes: r.Notes,
		Before: compact(r.Change.Before), After: compact(r.Change.After), Want: compact(r.Want),
		LeftOut: r.LeftOut, Fingerprint: r.Fingerprint, Controls: r.Controls, Path: r.SpecPath, Location: at(r.SpecLocation),
	}
	if len(r.Change.Actions) == 1 {
		c.Action = r.Change.Actions[0]
	}
	for _, id := range r.Needs {
		c.Needs = append(c.Needs, resource.Needs(id))
	}
	for _, id := range r.After {
		c.Needs = append(c.Needs, resource.After(id))
	}
	return c
}

func at(l *resource.Location) resource.Location {
	if l == nil {
		return resource.Location{}
	}
	return *l
}

func compact(raw json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return raw
	}
	return b.Bytes()
}

// list makes nil an empty list, so that the document never says null for "none".
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}
