package deploy

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/fleet"
	"github.com/kiso-cli/kiso/pkg/lambda"
)

// machine is as much of the Amazon States Language as fleet.asl.json uses.
type machine struct {
	StartAt string
	States  map[string]state
}

type state struct {
	Type, Resource, Next, Default string
	End                           bool
	Choices                       []struct{ Next string }
	Retry                         []struct{ ErrorEquals []string }
	Parameters                    map[string]any
	ItemReader                    struct{ ReaderConfig, Parameters map[string]any }
	ItemSelector                  map[string]string
	ItemProcessor                 *machine
	MaxConcurrency                int
	ToleratedFailurePercentage    float64
	ResultWriter                  struct{ Parameters map[string]any }
}

func readMachine(t *testing.T) (machine, string) {
	t.Helper()
	text, err := os.ReadFile("../../deploy/fleet.asl.json")
	require.NoError(t, err)
	var m machine
	require.NoError(t, json.Unmarshal(text, &m))
	return m, string(text)
}

// hangsTogether checks that each state is reached and leads somewhere.
func hangsTogether(t *testing.T, m machine) {
	t.Helper()
	reached := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		s, there := m.States[name]
		require.True(t, there, "there is no state %q", name)
		if reached[name] {
			return
		}
		reached[name] = true
		next := []string{s.Next, s.Default}
		for _, c := range s.Choices {
			next = append(next, c.Next)
		}
		leads := s.End || s.Type == "Fail"
		for _, n := range next {
			if n != "" {
				leads = true
				visit(n)
			}
		}
		assert.True(t, leads, "%s leads nowhere", name)
		if s.ItemProcessor != nil {
			hangsTogether(t, *s.ItemProcessor)
		}
	}
	visit(m.StartAt)
	assert.Len(t, reached, len(m.States), "a state is never reached")
}

func TestStateMachine(t *testing.T) {
	m, text := readMachine(t)
	hangsTogether(t, m)

	each := m.States["EachAccount"]
	assert.Equal(t, 25, each.MaxConcurrency, "without it, 10,000 at once")
	assert.InDelta(t, 5, each.ToleratedFailurePercentage, 0)
	assert.Equal(t, "JSON", each.ItemReader.ReaderConfig["InputType"])
	assert.Equal(t, each.ItemReader.Parameters["Bucket"], each.ResultWriter.Parameters["Bucket"])
	assert.NotEmpty(t, each.ItemProcessor.States["Account"].Retry)

	t.Run("its variables are those that the template fills in", func(t *testing.T) {
		stack := template(t, "fleet.yaml").properties("StateMachine")
		used := object{}
		for _, v := range regexp.MustCompile(`\$\{(\w+)\}`).FindAllStringSubmatch(text, -1) {
			used[v[1]] = true
		}
		given := object{}
		for name := range stack.at("DefinitionSubstitutions") {
			given[name] = true
		}
		assert.Equal(t, used, given)
		assert.Equal(t, text, stack["DefinitionString"])
	})

	t.Run("it reads lists that kiso fleet reads", func(t *testing.T) {
		assert.Equal(t, map[string]string{"mode.$": "$.mode", "account_id.$": "$$.Map.Item.Value.id"}, each.ItemSelector)
		list := []byte(`[{"id": "111122223333", "name": "one"}, {"id": "444455556666"}]`)
		accounts, err := fleet.ReadAccounts(bytes.NewReader(list))
		require.NoError(t, err)
		var items []map[string]any
		require.NoError(t, json.Unmarshal(list, &items))
		for i, a := range accounts {
			assert.Equal(t, a.ID, items[i]["id"])
		}
	})

	t.Run("it sends events that the function knows", func(t *testing.T) {
		decoder := json.NewDecoder(bytes.NewBufferString(`{"mode": "drift", "account_id": "111122223333"}`))
		decoder.DisallowUnknownFields()
		var e lambda.Event
		require.NoError(t, decoder.Decode(&e))
		assert.Equal(t, lambda.Event{Mode: fleet.Drift, AccountID: "111122223333"}, e)
	})
}
