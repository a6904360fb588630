package plan_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/internal/diff"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
)

type lamp struct {
	Colour string `json:"colour"`
}

var red = lamp{Colour: "red"}

// live is what a lamp shows when it is looked at, by name; a name that is not
// in it is absent.
type live map[string]func() (*lamp, error)

func (l live) kind() *resource.Type[lamp] {
	return &resource.Type[lamp]{
		Kind: "house.lamp",
		Observe: func(_ context.Context, _ resource.Env, id resource.ID) (*lamp, error) {
			if see := l[id.Name]; see != nil {
				return see()
			}
			return nil, nil
		},
	}
}

func inSync() (*lamp, error)  { return &red, nil }
func unread() (*lamp, error)  { return nil, errors.New("the fuse is out") }
func managed() (*lamp, error) { return &lamp{}, resource.ManagedBy("the landlord", "theirs") }

func managedAsWanted() (*lamp, error) { return &red, resource.ManagedBy("the landlord", "theirs") }

func id(name string) resource.ID {
	return resource.ID{Kind: "house.lamp", Scope: resource.Global, Name: name}
}

// build plans lamps that need each other as given: name -> needs.
func build(t *testing.T, l live, needs map[string][]resource.Ref) (map[string]resource.Change, error) {
	t.Helper()
	kind := l.kind()
	var declared []resource.Resource
	for name, refs := range needs {
		declared = append(declared, kind.New(resource.Global, name, "", red, refs...))
	}
	changes, err := plan.Build(t.Context(), resource.Env{}, declared)
	byName := map[string]resource.Change{}
	for i, c := range changes {
		byName[c.ID.Name] = c
		if i > 0 {
			assert.Negative(t, changes[i-1].ID.Compare(c.ID), "sorted by id")
		}
	}
	return byName, err
}

func TestBuildRefusesDeclarationsThatDoNotFit(t *testing.T) {
	_, err := build(t, nil, map[string][]resource.Ref{"a": {resource.Needs(id("b"))}, "b": {resource.Needs(id("a"))}})
	assert.ErrorContains(t, err, "dependency cycle: house.lamp/global/a -> house.lamp/global/b -> house.lamp/global/a")

	_, err = build(t, nil, map[string][]resource.Ref{"a": {resource.Needs(id("x"))}, "b": {resource.Needs(id("y"))}})
	assert.ErrorContains(t, err, "house.lamp/global/a needs house.lamp/global/x, which is not declared")
	assert.ErrorContains(t, err, "house.lamp/global/b needs house.lamp/global/y", "all are listed")

	r := live{}.kind().New(resource.Global, "a", "", red)
	_, err = plan.Build(t.Context(), resource.Env{}, []resource.Resource{r, r})
	assert.EqualError(t, err, "house.lamp/global/a is declared twice")
}

func TestBuildKeepsDeclaredNeedsOnly(t *testing.T) {
	changes, err := build(t, nil, map[string][]resource.Ref{
		"a": {resource.NeedsIfDeclared(id("b")), resource.NeedsIfDeclared(id("x")), resource.After(id("y"))}, "b": nil,
	})
	require.NoError(t, err)
	assert.Equal(t, []resource.Ref{resource.NeedsIfDeclared(id("b"))}, changes["a"].Needs)
	assert.Empty(t, changes["b"].Needs)
}

func TestBlockedSpreadsToWhatRestsOnIt(t *testing.T) {
	l := live{"root": unread, "synced": inSync, "owned": managed, "owned as wanted": managedAsWanted}
	changes, err := build(t, l, map[string][]resource.Ref{
		"root":     nil,
		"child":    {resource.Needs(id("root"))},
		"optional": {resource.NeedsIfDeclared(id("root"))},
		"leaf":     {resource.Needs(id("child"))},
		"after":    {resource.After(id("root"))},
		"synced":   {resource.Needs(id("root"))},
		"owned":    {resource.Needs(id("root"))},
		"tenant":   {resource.Needs(id("owned"))},
		"guest":    {resource.NeedsIfDeclared(id("owned"))},
		"content":  {resource.NeedsIfDeclared(id("owned as wanted"))},
		"apart":    nil, "owned as wanted": nil,
	})
	require.NoError(t, err)
	actions := map[string]resource.Action{}
	for name, c := range changes {
		actions[name] = c.Action
	}
	assert.Equal(t, map[string]resource.Action{
		"root": resource.Blocked, "child": resource.Blocked, "optional": resource.Blocked, "leaf": resource.Blocked,
		"after": resource.Create, "apart": resource.Create, "tenant": resource.Create,
		"synced": resource.None, "owned": resource.Managed, "guest": resource.Managed, "content": resource.Create, "owned as wanted": resource.Managed,
	}, actions)
	assert.Equal(t, "the landlord", changes["guest"].Owner)
	assert.Equal(t, "needs house.lamp/global/owned, which the landlord manages otherwise: theirs", changes["guest"].Reason)
	assert.False(t, changes["guest"].MeetsSpec)
	assert.Equal(t, "the fuse is out", changes["root"].Reason)
	assert.Equal(t, "needs house.lamp/global/root, which is blocked: the fuse is out", changes["child"].Reason)
	assert.Equal(t, "needs house.lamp/global/child, which needs house.lamp/global/root, which is blocked: the fuse is out", changes["leaf"].Reason)
	assert.Empty(t, changes["child"].Fields, "what may not be done is not shown as to be done")
}

// What two resources have each for itself alone is the first one's.
func TestBuildBlocksASecondHolder(t *testing.T) {
	kind := live{"a": inSync, "b": inSync, "c": managed}.kind()
	kind.Holds = func(m lamp) string { return "the " + m.Colour + " socket" }
	var declared []resource.Resource
	for name, colour := range map[string]string{"a": "red", "b": "red", "c": "red", "new": "red", "other": "blue"} {
		declared = append(declared, kind.New(resource.Global, name, "", lamp{Colour: colour}))
	}
	changes, err := plan.Build(t.Context(), resource.Env{}, declared)
	require.NoError(t, err)
	actions := map[string]resource.Action{}
	for _, c := range changes {
		actions[c.ID.Name] = c.Action
	}
	assert.Equal(t, map[string]resource.Action{
		"a": resource.None, "b": resource.Blocked, "c": resource.Managed, "new": resource.Blocked, "other": resource.Create,
	}, actions)
	assert.Equal(t, "the red socket is that of house.lamp/global/a in this account, and their settings exclude each other: name another one in the spec", changes[1].Reason)
}

func TestBuildLooksAtEverythingAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func() (*lamp, error) { time.Sleep(time.Second); return &red, nil }
		start := time.Now()
		_, err := build(t, live{"a": slow, "b": slow, "c": slow}, map[string][]resource.Ref{"a": nil, "b": {resource.Needs(id("a"))}, "c": {resource.Needs(id("b"))}})
		require.NoError(t, err)
		assert.Equal(t, time.Second, time.Since(start))
	})
}

var fields = []diff.Field{{Path: "colour", Before: "blue", After: "red"}}
