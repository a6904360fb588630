package diff_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kiso-cli/kiso/internal/diff"
)

// level is stricter the higher it is.
type level int

func (l level) Raise(live level) level { return max(l, live) }

type inner struct {
	Days *int `json:"days,omitzero"`
}

type model struct {
	Name   string            `json:"name" diff:"create"`
	Home   string            `json:"home" diff:"identity"`
	Status string            `json:"status"`
	On     *bool             `json:"on,omitzero"`
	Level  level             `json:"level"`
	Tags   map[string]string `json:"tags,omitzero"`
	Set    []string          `json:"set,omitzero" diff:"set"`
	Sub    []string          `json:"sub,omitzero" diff:"subset"`
	List   []string          `json:"list,omitzero"`
	Inner  *inner            `json:"inner,omitzero"`
	Note   string            `json:"note" diff:"-"`
}

func ptr[T any](v T) *T { return &v }

func paths(fields []diff.Field) []string {
	var out []string
	for _, f := range fields {
		out = append(out, f.Path)
	}
	return out
}

func full() model {
	return model{
		Name: "n", Home: "h", Status: "ENABLED", On: ptr(true), Level: 2,
		Tags: map[string]string{"a": "1"}, Set: []string{"x", "y"}, Sub: []string{"p"},
		List: []string{"1", "2"}, Inner: &inner{Days: ptr(3)}, Note: "seen",
	}
}

func TestEqualModelsHaveNoDifference(t *testing.T) {
	live := full()
	out := diff.Compare(&live, full())
	assert.Empty(t, out.Fields)
	assert.Equal(t, live, out.Merged)
}

func TestEachFieldIsComparedByItsRule(t *testing.T) {
	cases := map[string]struct {
		live func(*model)
		want []string
	}{
		"plain":                        {func(m *model) { m.Status = "OFF" }, []string{"status"}},
		"pointer":                      {func(m *model) { m.On = ptr(false) }, []string{"on"}},
		"pointer absent":               {func(m *model) { m.On = nil }, []string{"on"}},
		"weaker":                       {func(m *model) { m.Level = 1 }, []string{"level"}},
		"stricter stays":               {func(m *model) { m.Level = 9 }, nil},
		"map key changed":              {func(m *model) { m.Tags["a"] = "2" }, []string{"tags.a"}},
		"map key gone":                 {func(m *model) { m.Tags = nil }, []string{"tags.a"}},
		"foreign map key stays":        {func(m *model) { m.Tags["b"] = "2" }, nil},
		"set order is noise":           {func(m *model) { m.Set = []string{"y", "x"} }, nil},
		"set with a stranger":          {func(m *model) { m.Set = []string{"y", "x", "z"} }, []string{"set"}},
		"subset with a stranger":       {func(m *model) { m.Sub = []string{"q", "p"} }, nil},
		"subset lacks one":             {func(m *model) { m.Sub = []string{"q"} }, []string{"sub"}},
		"list order counts":            {func(m *model) { m.List = []string{"2", "1"} }, []string{"list"}},
		"nested":                       {func(m *model) { m.Inner.Days = ptr(1) }, []string{"inner.days"}},
		"nested absent":                {func(m *model) { m.Inner = nil }, []string{"inner"}},
		"create-only is not looked at": {func(m *model) { m.Name, m.Home = "other", "other" }, nil},
		"observation is not looked at": {func(m *model) { m.Note = "other" }, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			live := full()
			c.live(&live)
			out := diff.Compare(&live, full())
			assert.Equal(t, c.want, paths(out.Fields))
			again := diff.Compare(&out.Merged, full())
			assert.Empty(t, again.Fields, "what was merged satisfies the wanted model")
		})
	}
}

func TestWhatIsNotWantedIsNotManaged(t *testing.T) {
	live := full()
	out := diff.Compare(&live, model{Level: 0})
	assert.Empty(t, out.Fields)
	assert.Equal(t, live, out.Merged)
}

func TestMergedKeepsForeignAndStricterValues(t *testing.T) {
	live := full()
	live.Tags["foreign"], live.Sub, live.Level, live.Status = "1", []string{"q"}, 9, "OFF"
	out := diff.Compare(&live, full())
	assert.Equal(t, map[string]string{"a": "1", "foreign": "1"}, out.Merged.Tags)
	assert.Equal(t, []string{"q", "p"}, out.Merged.Sub)
	assert.Equal(t, level(9), out.Merged.Level)
	assert.Equal(t, "ENABLED", out.Merged.Status)
	assert.NotContains(t, live.Tags, "new", "the live model is not written to")
}

func TestAbsentMeansEveryWantedLeafWithoutBefore(t *testing.T) {
	out := diff.Compare(nil, full())
	assert.Equal(t, []string{"name", "home", "status", "on", "level", "tags.a", "set", "sub", "list", "inner"}, paths(out.Fields))
	for _, f := range out.Fields {
		assert.Nil(t, f.Before, f.Path)
	}
}

func TestFingerprintCoversManagedFieldsAlone(t *testing.T) {
	print := func(edit func(*model)) string {
		live := full()
		edit(&live)
		return diff.Compare(&live, model{Home: "h", Status: "X", Tags: map[string]string{"a": "1"}, Sub: []string{"p"}, Set: []string{"x"}}).Fingerprint
	}
	same := print(func(*model) {})
	assert.Equal(t, same, print(func(m *model) { m.Tags["foreign"] = "1" }))
	assert.Equal(t, same, print(func(m *model) { m.Sub = []string{"p", "z"} }))
	assert.Equal(t, same, print(func(m *model) { m.Set = []string{"y", "x"} }))
	assert.Equal(t, same, print(func(m *model) { m.On = nil; m.Name = "other" }))
	assert.NotEqual(t, same, print(func(m *model) { m.Status = "Y" }))
	assert.NotEqual(t, same, print(func(m *model) { m.Home = "elsewhere" }))
	assert.NotEqual(t, same, print(func(m *model) { m.Tags["a"] = "2" }))
	assert.NotEqual(t, same, diff.Compare(nil, model{Status: "X"}).Fingerprint)
}
