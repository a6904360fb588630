package config_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	sim "github.com/kiso-cli/kiso/pkg/sandbox/config"
	"github.com/kiso-cli/kiso/pkg/sandbox/iam"
	"github.com/kiso-cli/kiso/pkg/sandbox/s3"
	"github.com/kiso-cli/kiso/pkg/sandbox/sts"
	"github.com/kiso-cli/kiso/pkg/services/config"
)

const (
	home    = "eu-west-1"
	other   = "us-east-1"
	account = "123456789012"
	logs    = "kiso-config-123456789012-eu-west-1"
	role    = "arn:aws:iam::123456789012:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
	custom  = "arn:aws:iam::123456789012:role/old-config"
)

// world is an account and a section of a spec.
type world struct {
	*testing.T
	acct    *sandbox.Account
	section *config.Section
	home    string
	regions []string
}

func newWorld(t *testing.T, options sandbox.Options) *world {
	return &world{
		T: t, acct: sandbox.New(options, sim.New(), s3.New(), iam.New(), sts.New()),
		section: config.Service.New().(*config.Section), home: home, regions: []string{home, other},
	}
}

// settled is a world whose account is as the spec wants it.
func settled(t *testing.T) *world {
	w := newWorld(t, sandbox.Options{})
	w.settle()
	return w
}

func (w *world) settle() {
	w.Helper()
	require.NoError(w, w.apply().Err())
	w.inSync()
}

func (w *world) session() *awsx.Session {
	w.Helper()
	cfg := w.acct.Config(w.home)
	session, err := awsx.Open(w.Context(), awsx.Options{Region: w.home, Base: &cfg})
	require.NoError(w, err)
	return session
}

// build plans, and makes sure that nothing was written.
func (w *world) build() []resource.Change {
	w.Helper()
	session := w.session()
	w.acct.ResetCalls()
	d := &resource.Declaration{}
	w.section.Expand(resource.Input{
		Identity: session.Identity, Partition: session.Partition(), HomeRegion: w.home, Regions: w.regions,
		Tags: map[string]string{"managed-by": "kiso"},
	}, d)
	require.Empty(w, d.Refusals)
	changes, err := plan.Build(w.Context(), resource.Env{Session: session, Reads: reads.New(), Regions: w.regions}, d.Resources)
	require.NoError(w, err)
	assert.Empty(w, w.acct.Writes(), "a plan writes nothing")
	return changes
}

// plan returns the changes by address.
func (w *world) plan() map[string]resource.Change {
	w.Helper()
	byAddress := map[string]resource.Change{}
	for _, c := range w.build() {
		byAddress[c.ID.String()] = c
	}
	return byAddress
}

func (w *world) apply() *apply.Result {
	w.Helper()
	return w.run(w.build())
}

// run applies exactly what was planned, as a saved plan is.
func (w *world) run(changes []resource.Change) *apply.Result {
	w.Helper()
	result, err := apply.Run(w.Context(), changes, apply.Options{
		Session: w.session(), Regions: w.regions, Exact: true, Registry: resource.NewRegistry([]*resource.Service{config.Service}),
	})
	require.NoError(w, err)
	return result
}

func (w *world) inSync() {
	w.Helper()
	for address, c := range w.plan() {
		assert.Equal(w, resource.None, c.Action, "%s: %v %s", address, c.Fields, c.Reason)
	}
}

// changed returns the addresses of what is not in sync with the paths of the fields.
func (w *world) changed() map[string][]string {
	w.Helper()
	found := map[string][]string{}
	for address, c := range w.plan() {
		if c.Action != resource.None {
			found[address] = []string{}
		}
		for _, f := range c.Fields {
			found[address] = append(found[address], f.Path)
		}
	}
	return found
}

func (w *world) region(name string) sim.State { return sim.Get(w.acct, name) }

func (w *world) edit(region string, change func(*sim.State)) { sim.Edit(w.acct, region, change) }

func (w *world) editBucket(change func(*s3.Bucket)) {
	s3.Edit(w.acct, func(s *s3.State) { change(s.Buckets[logs]) })
}

// setUp puts a recorder and a channel into a region, as another tool left them.
func (w *world) setUp(region string, recorder sim.Recorder, channel sim.Channel) {
	iam.Edit(w.acct, func(s *iam.State) {
		if s.Roles == nil {
			s.Roles = map[string]*iam.Role{}
		}
		s.Roles["old-config"] = &iam.Role{Path: "/"}
	})
	w.edit(region, func(s *sim.State) { s.Recorder, s.Channel = &recorder, &channel })
}

func fields(c resource.Change) map[string]string {
	found := map[string]string{}
	for _, f := range c.Fields {
		before, _ := json.Marshal(f.Before)
		after, _ := json.Marshal(f.After)
		found[f.Path] = string(before) + " -> " + string(after)
	}
	return found
}

func addresses[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
