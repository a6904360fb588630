package catalogue_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/internal/diff"
	"github.com/kiso-cli/kiso/pkg/catalogue"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/services"
)

func all(t *testing.T) map[string]catalogue.Service {
	t.Helper()
	list, err := catalogue.Of(services.All())
	require.NoError(t, err)
	byName := map[string]catalogue.Service{}
	for _, s := range list {
		byName[s.Name] = s
	}
	return byName
}

// Nothing that a user may read is left empty.
func TestEveryServiceSaysWhatItIs(t *testing.T) {
	for name, s := range all(t) {
		assert.NotEmpty(t, s.Title, name)
		assert.NotEmpty(t, s.Summary, name)
		assert.NotEmpty(t, s.Cost, name)
		assert.True(t, strings.HasPrefix(s.Example, name+":"), name)
		for _, f := range s.Fields {
			assert.NotEmpty(t, f.Doc, "%s.%s", name, f.Path)
			assert.NotEmpty(t, f.Type, "%s.%s", name, f.Path)
		}
		for _, k := range s.Kinds {
			assert.True(t, strings.HasPrefix(k.Name, name+"."), k.Name)
			assert.NotEmpty(t, k.Summary, k.Name)
			assert.NotEmpty(t, k.Reads, k.Name)
			assert.NotEmpty(t, k.Writes, k.Name)
			for _, m := range k.Members {
				assert.NotEmpty(t, m.Path, k.Name)
				assert.NotEmpty(t, m.Rule, "%s: %s", k.Name, m.Path)
				assert.NotContains(t, m.Type, "interface", "%s: %s", k.Name, m.Path)
			}
			assert.NotContains(t, mustJSON(t, k), "null", "none is an empty list")
		}
	}
}

func TestSectionsKeys(t *testing.T) {
	s := all(t)["config"]
	assert.Equal(t, "bucket.name", s.Fields[0].Path, "nested keys by their path, in the order of the struct")
	assert.Equal(t, "kiso-config-{account_id}-{home_region}", s.Fields[0].Default)
	assert.Equal(t, []string{"CONTINUOUS", "DAILY"}, s.Fields[1].Values)

	s = all(t)["guardduty"]
	assert.Equal(t, "map of strings", s.Fields[1].Type)
	assert.Equal(t, []string{"enabled", "disabled"}, s.Fields[1].Values, "of the map's values")

	s = all(t)["root_login_alarm"]
	assert.Equal(t, "list of strings", s.Fields[0].Type)
	assert.True(t, s.Fields[0].Required)
	assert.Equal(t, "boolean", s.Fields[1].Type)
}

type level int

func (l level) Raise(live level) level { return max(l, live) }

type part struct {
	Flag bool `json:"flag"`
}

type model struct {
	Plain   string           `json:"plain"`
	Set     []string         `json:"set,omitzero" diff:"set"`
	Subset  []string         `json:"subset" diff:"subset"`
	Create  map[string]int   `json:"create" diff:"create"`
	Name    string           `json:"name" diff:"identity"`
	Seen    *part            `json:"seen" diff:"-"`
	Level   level            `json:"level"`
	Levels  map[string]level `json:"levels"`
	Part    part             `json:"part"`
	private int
}

// Members are described as package diff compares them.
func TestMembers(t *testing.T) {
	_ = model{}.private
	kind := &resource.Type[model]{Kind: "test.thing"}
	list, err := catalogue.Of([]*resource.Service{{Name: "test", New: func() resource.Section { return &section{} }, Kinds: []resource.KindInfo{kind}}})
	require.NoError(t, err)
	assert.Equal(t, []catalogue.Member{
		{"plain", "string", "as wanted"},
		{"set", "list of strings", "as wanted, in any order"},
		{"subset", "list of strings", "at least these"},
		{"create", "map of integers", "on creation only"},
		{"name", "string", "says which one it is"},
		{"seen.flag", "boolean", "observed only"},
		{"level", "integer", "at least; stricter stays"},
		{"levels", "map of integers", "at least; stricter stays"},
		{"part.flag", "boolean", "as wanted"},
	}, list[0].Kinds[0].Members)

	// What is called a floor is none to package diff either.
	out := diff.Compare(&model{Level: 3}, model{Plain: "x", Level: 2})
	assert.Equal(t, level(3), out.Merged.Level)
}

type section struct{}

func (*section) Expand(resource.Input, *resource.Declaration) {}

func TestActionsOfAService(t *testing.T) {
	s := all(t)["config"]
	assert.Contains(t, s.ReadActions(), "config:DescribeConfigurationRecorders")
	assert.Contains(t, s.WriteActions(), "config:PutConfigurationRecorder")
	for _, action := range s.WriteActions() {
		assert.NotContains(t, s.ReadActions(), action)
	}
	assert.Equal(t, "The region's recorder", s.Kind("config.recorder").Headline())
	assert.Nil(t, s.Kind("config.nothing"))
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	return string(data)
}
