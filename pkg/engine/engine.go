// Package engine does for one account what kiso is for: it opens the account,
// turns a spec into resources, plans and applies. Every front end (the command
// line, a schedule, a fleet) calls it. It knows no flag, file or output.
package engine

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-multierror"

	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/drift"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/spec"
)

// Engine works on one account.
type Engine struct {
	Session  *awsx.Session
	services []*resource.Service
	version  string
}

// Open signs in. wantAccount is the account that must be meant, or "": any
// other is refused before anything of it is read.
func Open(ctx context.Context, services []*resource.Service, version string, o awsx.Options, wantAccount string) (*Engine, error) {
	o.AppID = "kiso-" + version
	session, err := awsx.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	if got := session.Identity.AccountID; wantAccount != "" && wantAccount != got {
		return nil, fmt.Errorf("wrong account: the spec or plan is for %s, and the credentials are for %s (%s); nothing was read or changed: switch the profile or correct account_id",
			wantAccount, got, session.Identity.Principal)
	}
	return New(session, services, version), nil
}

// New works on the account of a session.
func New(session *awsx.Session, services []*resource.Service, version string) *Engine {
	return &Engine{Session: session, services: services, version: version}
}

// Sections describes the services' sections to the spec decoder.
func Sections(services []*resource.Service) []spec.Section {
	sections := make([]spec.Section, len(services))
	for i, s := range services {
		sections[i] = spec.Section{Name: s.Name, Doc: s.Summary, New: func() any { return s.New() }}
	}
	return sections
}

// Decode reads a spec; see spec.Decode. It also refuses what two sections ask
// for and only one can have, and what no account can meet. It makes no call.
func Decode(services []*resource.Service, filename string, data []byte) (*spec.Spec, error) {
	s, err := spec.Decode(filename, data, Sections(services))
	if err != nil {
		return nil, err
	}
	if err := checkClaims(services, s); err != nil {
		return s, err
	}
	_, err = expand(services, s, standIn(s))
	return s, err
}

func checkClaims(services []*resource.Service, s *spec.Spec) error {
	var refused *multierror.Error
	holders := map[string]string{}
	for _, service := range services {
		claimer, ok := s.Sections[service.Name].(resource.Claimer)
		if !ok {
			continue
		}
		claims := claimer.Claims()
		for _, path := range slices.Sorted(maps.Keys(claims)) {
			holder, taken := holders[claims[path]]
			if !taken {
				holders[claims[path]] = service.Name
				continue
			}
			refused = multierror.Append(refused, refusal(s, service.Name, resource.Refusal{
				Path: path, Problem: claims[path] + " is " + holder + "'s already", Hint: "their settings exclude each other: give each section its own",
			}))
		}
	}
	return refused.ErrorOrNil()
}

// Plan reads the account and says what it lacks of the spec. The error is a
// demand that this account cannot meet, with its place in the file, or that the
// regions could not be listed; what else could not be read stands in the plan.
func (e *Engine) Plan(ctx context.Context, s *spec.Spec) (*plan.Plan, error) {
	if err := e.checkPartition(s); err != nil {
		return nil, err
	}
	regions, err := e.regions(ctx, s)
	if err != nil {
		return nil, err
	}
	declaration, err := expand(e.services, s, resource.Input{
		Identity: e.Session.Identity, Partition: e.Session.Partition(),
		HomeRegion: s.HomeRegion, Regions: regions.managed, Tags: s.Tags,
	})
	if err != nil {
		return nil, err
	}
	changes, err := plan.Build(ctx, resource.Env{Session: e.Session, Reads: reads.New(), Regions: regions.managed}, declaration.Resources)
	if err != nil {
		return nil, err
	}
	changes = append(changes, regions.blocked...)
	for i := range changes {
		position := s.Position(changes[i].Path)
		changes[i].Location = resource.Location{Line: position.Line, Column: position.Column}
	}
	slices.SortFunc(changes, func(a, b resource.Change) int { return a.ID.Compare(b.ID) })
	return &plan.Plan{
		KisoVersion: e.version, Timestamp: time.Now().UTC().Truncate(time.Second),
		AccountID: e.Session.Identity.AccountID, Partition: e.Session.Identity.Partition,
		HomeRegion: s.HomeRegion, Regions: regions.managed, SpecFile: s.File, SpecDigest: s.Digest(),
		Notes: slices.Concat(e.identityNotes(), regions.notes, declaration.Notes), Changes: changes,
	}, nil
}

// Apply carries out a plan; see apply.Run. Only o's Exact, Approved, Stop,
// Events and Workers are the caller's to set.
func (e *Engine) Apply(ctx context.Context, p *plan.Plan, o apply.Options) (*apply.Result, error) {
	if err := e.belongs(p); err != nil {
		return nil, err
	}
	o.Session, o.Registry, o.Regions = e.Session, resource.NewRegistry(e.services), p.Regions
	return apply.Run(ctx, p.Changes, o)
}

// Stale looks whether the live state has moved since p was made; see apply.Check. Each
// step says too which calls moved it. Nothing is written.
func (e *Engine) Stale(ctx context.Context, p *plan.Plan) (*apply.Result, error) {
	if err := e.belongs(p); err != nil {
		return nil, err
	}
	registry := resource.NewRegistry(e.services)
	result, err := apply.Check(ctx, p.Changes, apply.Options{Session: e.Session, Registry: registry, Regions: p.Regions})
	if err != nil {
		return nil, err
	}
	planned := map[resource.ID]resource.Change{}
	for _, c := range p.Changes {
		planned[c.ID] = c
	}
	moved := make([]resource.Change, len(result.Steps))
	for i, step := range result.Steps {
		moved[i] = planned[step.ID]
		moved[i].Fields = step.Fields
	}
	for i, movers := range drift.Movers(ctx, e.Session, registry, p.Timestamp, moved) {
		result.Steps[i].Movers = movers
	}
	return result, nil
}

// Drift says what of a plan left the spec, and who did it. It only reads.
func (e *Engine) Drift(ctx context.Context, p *plan.Plan) *drift.Report {
	return drift.Explain(ctx, e.Session, resource.NewRegistry(e.services), p)
}

func (e *Engine) belongs(p *plan.Plan) error {
	if id := e.Session.Identity; p.AccountID != id.AccountID || p.Partition != id.Partition {
		return fmt.Errorf("the plan is for account %s (%s), and the credentials are for %s (%s); nothing was changed",
			p.AccountID, p.Partition, id.AccountID, id.Partition)
	}
	return nil
}

func (e *Engine) checkPartition(s *spec.Spec) error {
	if home, live := spec.PartitionOf(s.HomeRegion), e.Session.Identity.Partition; home != live {
		at := s.Position("home_region")
		return fmt.Errorf("%s:%d:%d: home_region: %q is in partition %s, and the account %s is in %s",
			s.File, at.Line, at.Column, s.HomeRegion, home, e.Session.Identity.AccountID, live)
	}
	return nil
}

func (e *Engine) identityNotes() []string {
	if !e.Session.Identity.Root() {
		return nil
	}
	return []string{"these are the credentials of the ROOT USER: nothing can limit what they do. Create an administrator role, use that, and delete root's access keys"}
}

// NothingManaged says of a spec without sections what comes of it.
const NothingManaged = "the spec has no section of a service, so that nothing is managed or checked; `kiso explain` lists the sections"

// expand asks the sections of a spec what they declare. The errors are what they
// refuse, each with its place in the file.
func expand(services []*resource.Service, s *spec.Spec, in resource.Input) (*resource.Declaration, error) {
	all := &resource.Declaration{}
	if len(s.Sections) == 0 {
		all.Notes = append(all.Notes, NothingManaged)
	}
	var refused *multierror.Error
	for _, service := range services {
		section, present := s.Sections[service.Name]
		if !present {
			continue
		}
		d := &resource.Declaration{}
		section.(resource.Section).Expand(in, d)
		for _, r := range d.Resources {
			all.Add(resource.At(r, service.Name))
		}
		all.Notes = append(all.Notes, d.Notes...)
		for _, base := range slices.Sorted(maps.Keys(service.Rests)) {
			if _, present := s.Sections[base]; !present && len(d.Resources) > 0 {
				all.Notes = append(all.Notes, service.Rests[base])
			}
		}
		for _, r := range d.Refusals {
			refused = multierror.Append(refused, refusal(s, service.Name, r))
		}
	}
	return all, refused.ErrorOrNil()
}

// standIn is an account such as the spec may be for, of which nothing is known
// yet: what is refused for it is refused before any call.
func standIn(s *spec.Spec) resource.Input {
	partition := spec.PartitionOf(s.HomeRegion)
	in := resource.Input{
		Identity:   awsx.Identity{AccountID: cmp.Or(s.AccountID, "000000000000"), Partition: partition},
		Partition:  awsx.PartitionOf(partition, s.HomeRegion),
		HomeRegion: s.HomeRegion, Regions: s.Regions.Include, Tags: s.Tags,
	}
	if in.Regions == nil {
		in.Regions = slices.DeleteFunc(spec.Regions(), func(region string) bool {
			return spec.PartitionOf(region) != partition || slices.Contains(s.Regions.Exclude, region)
		})
	}
	return in
}

func refusal(s *spec.Spec, section string, r resource.Refusal) error {
	path := strings.TrimSuffix(section+"."+r.Path, ".")
	at := s.Position(path)
	return &spec.Error{File: s.File, Line: at.Line, Column: at.Column, Path: path, Problem: r.Problem, Hint: r.Hint}
}
