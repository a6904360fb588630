package resource_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/internal/diff"
	"github.com/kiso-cli/kiso/pkg/resource"
)

type lamp struct {
	Colour string            `json:"colour"`
	Level  int               `json:"level"`
	Tags   map[string]string `json:"tags,omitzero"`
}

// lamps is a kind whose live model, or error, is given.
func lamps(live *lamp, err error) *resource.Type[lamp] {
	return &resource.Type[lamp]{
		Kind:    "house.lamp",
		Doc:     resource.Doc{Controls: []string{"House.1"}},
		Observe: func(context.Context, resource.Env, resource.ID) (*lamp, error) { return live, err },
		Risk: func(d resource.Delta[lamp]) []resource.Risk {
			return []resource.Risk{{Kind: resource.Irreversible, Text: "it becomes " + d.After.Colour}}
		},
		Notes: func(live lamp) []string { return []string{"it was " + live.Colour} },
	}
}

var red = lamp{Colour: "red", Level: 3}

func plan(t *testing.T, kind *resource.Type[lamp], want lamp) resource.Change {
	t.Helper()
	r := resource.At(kind.New("eu-west-1", "hall", "hall[0]", want, resource.Needs(resource.ID{Kind: "house.wire"})), "house")
	c := r.Plan(t.Context(), resource.Env{})
	assert.Equal(t, kind.ID("eu-west-1", "hall"), c.ID)
	assert.Equal(t, "house.hall[0]", c.Path)
	assert.Equal(t, []string{"House.1"}, c.Controls)
	assert.Len(t, r.Needs(), 1)
	return c
}

func TestPlanOfWhatIsAbsent(t *testing.T) {
	c := plan(t, lamps(nil, nil), red)
	assert.Equal(t, resource.Create, c.Action)
	assert.Equal(t, []diff.Field{{Path: "colour", After: "red"}, {Path: "level", After: 3}}, c.Fields)
	assert.JSONEq(t, "null", string(c.Before))
	assert.JSONEq(t, `{"colour":"red","level":3}`, string(c.After))
	assert.True(t, c.Irreversible())
	assert.Empty(t, c.Notes)
}

func TestPlanOfWhatIsAbsentWithNotes(t *testing.T) {
	c := plan(t, lamps(&red, resource.Absent("the socket is loose")), red)
	assert.Equal(t, resource.Create, c.Action)
	assert.JSONEq(t, "null", string(c.Before))
	assert.Equal(t, []string{"the socket is loose"}, c.Notes)
}

func TestPlanOfWhatDiffers(t *testing.T) {
	c := plan(t, lamps(&lamp{Colour: "blue", Level: 3, Tags: map[string]string{"a": "b"}}, nil), red)
	assert.Equal(t, resource.Update, c.Action)
	assert.Equal(t, []diff.Field{{Path: "colour", Before: "blue", After: "red"}}, c.Fields)
	assert.JSONEq(t, `{"colour":"red","level":3,"tags":{"a":"b"}}`, string(c.After), "what is not managed stays")
	assert.Equal(t, []resource.Risk{{Kind: resource.Irreversible, Text: "it becomes red"}}, c.Risks)
	assert.Equal(t, []string{"it was blue"}, c.Notes)
}

func TestPlanLeavesOutWhatIsNotToBeMade(t *testing.T) {
	kind := lamps(nil, nil)
	leaves := func(paths ...string) func(context.Context, resource.Env, resource.Delta[lamp]) ([]string, []string, error) {
		return func(context.Context, resource.Env, resource.Delta[lamp]) ([]string, []string, error) {
			return paths, []string{"out of stock"}, nil
		}
	}
	kind.LeaveOut = leaves("colour")
	c := plan(t, kind, red)
	assert.Equal(t, resource.Create, c.Action)
	assert.Equal(t, []diff.Field{{Path: "level", After: 3}}, c.Fields)
	assert.Equal(t, []string{"colour"}, c.LeftOut)
	assert.JSONEq(t, `{"level":3}`, string(c.After), "what is left out is not shown as made")
	assert.Equal(t, []string{"out of stock"}, c.Notes)
	found, err := kind.New("eu-west-1", "hall", "", red).Compare(c)
	require.NoError(t, err)
	assert.Equal(t, resource.Change{Fields: c.Fields, After: c.After, Fingerprint: c.Fingerprint}, found)

	kind.LeaveOut = leaves("colour", "level")
	c = plan(t, kind, red)
	assert.Equal(t, resource.None, c.Action, "nothing is left to do")
	assert.JSONEq(t, "null", string(c.After))
	assert.False(t, c.Irreversible())

	kind.LeaveOut = func(context.Context, resource.Env, resource.Delta[lamp]) ([]string, []string, error) {
		return nil, nil, errors.New("the shop is closed")
	}
	c = plan(t, kind, red)
	assert.Equal(t, resource.Blocked, c.Action)
	assert.Equal(t, "the shop is closed", c.Reason)
	assert.Empty(t, c.Fields)
	assert.Empty(t, c.Fingerprint, "nothing is known of what is blocked")

	c = plan(t, lamps(&red, nil), red)
	assert.Equal(t, resource.None, c.Action)
	assert.Empty(t, c.LeftOut, "what is in sync is not asked about")
}

func TestPlanOfWhatIsInSync(t *testing.T) {
	c := plan(t, lamps(&red, nil), red)
	assert.Equal(t, resource.None, c.Action)
	assert.Empty(t, c.Fields)
	assert.False(t, c.Irreversible(), "nothing is done, so nothing is risked")
	assert.Equal(t, []string{"it was red"}, c.Notes)
}

func TestPlanOfWhatCouldNotBeRead(t *testing.T) {
	c := plan(t, lamps(&red, errors.New("the fuse is out")), red)
	assert.Equal(t, resource.Blocked, c.Action)
	assert.Equal(t, "the fuse is out", c.Reason)
	assert.Empty(t, c.Fields)
	assert.Empty(t, c.Fingerprint)
}

func TestPlanOfWhatSomebodyElseManages(t *testing.T) {
	byLandlord := resource.ManagedBy("the landlord", "the hall is theirs")
	c := plan(t, lamps(&lamp{Colour: "blue", Level: 3}, byLandlord), red)
	assert.Equal(t, resource.Managed, c.Action)
	assert.Equal(t, "the landlord", c.Owner)
	assert.Equal(t, "the hall is theirs", c.Reason)
	assert.False(t, c.MeetsSpec)
	assert.Equal(t, []diff.Field{{Path: "colour", Before: "blue", After: "red"}}, c.Fields)
	assert.Empty(t, c.Risks)
	assert.True(t, plan(t, lamps(&red, byLandlord), red).MeetsSpec)
	assert.False(t, plan(t, lamps(nil, byLandlord), red).MeetsSpec, "what is not there does not")
}

func TestAdaptFitsTheWantedModelToWhatIsLive(t *testing.T) {
	kind := lamps(&lamp{Colour: "blue", Level: 1}, nil)
	kind.Adapt = func(live, want lamp) (lamp, []string) {
		want.Colour = live.Colour
		return want, []string{"no other colour here"}
	}
	c := plan(t, kind, red)
	assert.Equal(t, []diff.Field{{Path: "level", Before: 1, After: 3}}, c.Fields)
	assert.Equal(t, []string{"no other colour here", "it was blue"}, c.Notes)
	assert.JSONEq(t, `{"colour":"red","level":3}`, string(c.Want), "the plan keeps what the spec says")

	kind.Observe = func(context.Context, resource.Env, resource.ID) (*lamp, error) { return nil, nil }
	assert.Len(t, plan(t, kind, red).Fields, 2, "nothing live, nothing to fit to")
}

func TestApplyReceivesWhatPlanFound(t *testing.T) {
	live := lamp{Colour: "blue", Level: 3, Tags: map[string]string{"a": "b"}}
	kind := lamps(&live, nil)
	var got resource.Delta[lamp]
	kind.Apply = func(_ context.Context, _ resource.Env, d resource.Delta[lamp]) error { got = d; return nil }
	r := kind.New("eu-west-1", "hall", "", red)
	require.NoError(t, r.Apply(t.Context(), resource.Env{}, r.Plan(t.Context(), resource.Env{})))
	assert.Equal(t, resource.Update, got.Action)
	assert.Equal(t, &live, got.Before)
	assert.Equal(t, lamp{Colour: "red", Level: 3, Tags: map[string]string{"a": "b"}}, got.After)
	assert.True(t, got.Has("colour"))
	assert.False(t, got.Has("level"))

	kind.Observe = func(context.Context, resource.Env, resource.ID) (*lamp, error) { return nil, nil }
	require.NoError(t, r.Apply(t.Context(), resource.Env{}, r.Plan(t.Context(), resource.Env{})))
	assert.Nil(t, got.Before)

	assert.ErrorContains(t, r.Apply(t.Context(), resource.Env{}, resource.Change{ID: r.ID(), Before: []byte("null")}), "does not decode")
	assert.ErrorContains(t, r.Apply(t.Context(), resource.Env{}, resource.Change{ID: r.ID(), After: []byte("{}")}), "does not decode")
}

func TestDeltaHas(t *testing.T) {
	d := resource.Delta[lamp]{Fields: []diff.Field{{Path: "features.S3"}, {Path: "status"}}}
	assert.True(t, d.Has("features"))
	assert.True(t, d.Has("features.S3"))
	assert.True(t, d.Has("status"))
	assert.False(t, d.Has("feature"))
	assert.False(t, d.Has("features.S"))
	assert.False(t, d.Has("features.S3.more"))
	assert.False(t, d.Has("stat"))
}

func TestRegistryDecodesWhatAPlanHolds(t *testing.T) {
	kind := lamps(&red, nil)
	registry := resource.NewRegistry([]*resource.Service{{Name: "house", Kinds: []resource.KindInfo{kind}}})
	needs := []resource.Ref{resource.Needs(kind.ID("eu-west-1", "wire"))}
	r, err := registry.Decode(resource.Change{ID: kind.ID("eu-west-1", "hall"), Want: []byte(`{"colour":"red","level":3}`), Needs: needs})
	require.NoError(t, err)
	assert.Equal(t, resource.None, r.Plan(t.Context(), resource.Env{}).Action)
	assert.Equal(t, needs, r.Needs())

	_, err = registry.Decode(resource.Change{ID: resource.ID{Kind: "house.roof"}})
	assert.ErrorContains(t, err, `does not know the kind "house.roof"`)
	_, err = registry.Decode(resource.Change{ID: kind.ID("eu-west-1", "hall"), Want: []byte(`[]`)})
	assert.ErrorContains(t, err, "house.lamp/eu-west-1/hall: the wanted model does not decode")
	assert.Panics(t, func() {
		resource.NewRegistry([]*resource.Service{{Kinds: []resource.KindInfo{kind}}, {Kinds: []resource.KindInfo{kind}}})
	})
}

func TestDeclarationRefusesAndFills(t *testing.T) {
	var d resource.Declaration
	d.Note("by the way")
	d.Refuse("bucket.name", "is taken", "take another")
	assert.Equal(t, []resource.Refusal{{Path: "bucket.name", Problem: "is taken", Hint: "take another"}}, d.Refusals)
	assert.Equal(t, []string{"by the way"}, d.Notes)

	in := resource.Input{HomeRegion: "eu-west-1"}
	in.Identity.AccountID = "123456789012"
	assert.Equal(t, "kiso-123456789012-eu-west-1", in.Fill("kiso-{account_id}-{home_region}"))
}

func TestRefs(t *testing.T) {
	id := resource.ID{Kind: "a.b", Scope: "c", Name: "d"}
	assert.Equal(t, resource.Ref{ID: id}, resource.Needs(id))
	assert.Equal(t, resource.Ref{ID: id, Optional: true, AsWanted: true}, resource.NeedsIfDeclared(id))
	assert.Equal(t, resource.Ref{ID: id, Optional: true, After: true}, resource.After(id))
}
