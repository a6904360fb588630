package graph_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/internal/graph"
)

func TestOrderPutsNeedsFirstAndOtherwiseGoesByName(t *testing.T) {
	order, errs := graph.Order(map[string][]string{
		"trail": {"policy", "bucket"}, "policy": {"bucket"}, "bucket": nil, "alarm": nil, "recorder": {"bucket"},
	})
	require.Empty(t, errs)
	assert.Equal(t, []string{"alarm", "bucket", "policy", "recorder", "trail"}, order)
}

func TestOrderOfNothing(t *testing.T) {
	order, errs := graph.Order(nil)
	assert.Empty(t, order)
	assert.Empty(t, errs)
}

func TestANeedNamedTwiceCountsOnce(t *testing.T) {
	order, errs := graph.Order(map[string][]string{"a": {"b", "b"}, "b": nil})
	require.Empty(t, errs)
	assert.Equal(t, []string{"b", "a"}, order)
}

func TestEveryDanglingNeedIsReported(t *testing.T) {
	_, errs := graph.Order(map[string][]string{"b": {"y", "x", "a"}, "a": {"z"}})
	assert.Equal(t, []error{
		&graph.Dangling{Node: "a", Needs: "z"}, &graph.Dangling{Node: "b", Needs: "x"}, &graph.Dangling{Node: "b", Needs: "y"},
	}, errs)
	assert.EqualError(t, errs[0], "a needs z, which is not declared")
}

func TestCycleIsNamedFromItsFirstNode(t *testing.T) {
	for name, c := range map[string]struct {
		needs map[string][]string
		path  string
	}{
		"of one":             {map[string][]string{"a": {"a"}}, "a -> a"},
		"of three":           {map[string][]string{"a": {"b"}, "b": {"c"}, "c": {"a"}}, "a -> b -> c -> a"},
		"reached from aside": {map[string][]string{"a": {"c"}, "b": {"c"}, "c": {"b"}}, "c -> b -> c"},
	} {
		t.Run(name, func(t *testing.T) {
			order, errs := graph.Order(c.needs)
			assert.Empty(t, order)
			require.Len(t, errs, 1)
			assert.EqualError(t, errs[0], "dependency cycle: "+c.path)
		})
	}
}

// FuzzOrder makes graphs of bytes, an edge of each pair, and holds Order to its
// promise: an order in which all stands behind its needs, or a true cycle.
func FuzzOrder(f *testing.F) {
	f.Add([]byte("abbccd"))
	f.Add([]byte("abba"))
	f.Add([]byte("aabc"))
	f.Fuzz(func(t *testing.T, edges []byte) {
		needs := map[string][]string{}
		for i := 0; i+1 < len(edges); i += 2 {
			from, to := string(edges[i]%16+'a'), string(edges[i+1]%16+'a')
			needs[from] = append(needs[from], to)
			needs[to] = append(needs[to], []string{}...)
		}
		order, errs := graph.Order(needs)
		again, _ := graph.Order(needs)
		require.Equal(t, order, again)
		if len(errs) > 0 {
			checkCycle(t, needs, errs)
			return
		}
		require.Len(t, order, len(needs))
		for node, needed := range needs {
			for _, need := range needed {
				require.Less(t, slices.Index(order, need), slices.Index(order, node), "%s needs %s", node, need)
			}
		}
	})
}

func checkCycle(t *testing.T, needs map[string][]string, errs []error) {
	t.Helper()
	require.Len(t, errs, 1)
	var cycle *graph.Cycle
	require.ErrorAs(t, errs[0], &cycle)
	require.Greater(t, len(cycle.Path), 1)
	require.Equal(t, cycle.Path[0], cycle.Path[len(cycle.Path)-1])
	for i := range len(cycle.Path) - 1 {
		require.Contains(t, needs[cycle.Path[i]], cycle.Path[i+1])
	}
}
