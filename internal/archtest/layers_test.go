package archtest

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// layer is what a part of the module may import of the rest of the module.
// Folders stand for everything below them; the longest that fits counts.
type layer struct {
	folder string
	may    []string
}

// layers is the architecture: imports point downwards only.
var layers = []layer{
	{"internal/badjson", nil},
	{"internal/diff", nil},
	{"internal/event", nil},
	{"internal/graph", nil},
	{"internal/heartbeat", nil},
	{"internal/policydoc", nil},
	{"internal/reads", nil},
	{"internal/similar", nil},
	{"pkg/spec", []string{"internal"}},
	{"pkg/awsx", []string{"internal"}},
	{"pkg/resource", []string{"internal", "pkg/awsx"}},
	{"pkg/plan", []string{"internal", "pkg/resource"}},
	{"pkg/apply", []string{"internal", "pkg/awsx", "pkg/resource"}},
	{"pkg/sandbox", []string{"internal", "pkg/sandbox"}},
	{"pkg/services", []string{"internal", "pkg/awsx", "pkg/resource", "pkg/sandbox", "pkg/services"}},
	{"pkg/services/servicetest", []string{"internal", "pkg"}},
	{"pkg/drift", []string{"internal", "pkg/awsx", "pkg/plan", "pkg/resource", "pkg/apply"}},
	{"pkg/engine", []string{"internal", "pkg/apply", "pkg/awsx", "pkg/drift", "pkg/plan", "pkg/resource", "pkg/spec"}},
	{"pkg/fleet", []string{"internal", "pkg/apply", "pkg/awsx", "pkg/engine", "pkg/plan", "pkg/resource", "pkg/spec"}},
	{"pkg/policy", []string{"pkg/awsx", "pkg/plan", "pkg/resource", "pkg/spec"}},
	{"pkg/catalogue", []string{"pkg/resource", "pkg/spec"}},
	{"pkg/render", []string{"internal", "pkg/apply", "pkg/catalogue", "pkg/drift", "pkg/fleet", "pkg/plan", "pkg/resource"}},
	{"pkg/cli", []string{"internal", "pkg"}},
	{"pkg/lambda", []string{"pkg/awsx", "pkg/engine", "pkg/fleet", "pkg/resource", "pkg/spec"}},
	{"cmd", []string{"pkg/cli", "pkg/lambda", "pkg/services"}},
}

func within(pkg, folder string) bool { return pkg == folder || strings.HasPrefix(pkg, folder+"/") }

func layerOf(pkg string) (layer, bool) {
	var best layer
	for _, l := range layers {
		if within(pkg, l.folder) && len(l.folder) > len(best.folder) {
			best = l
		}
	}
	return best, best.folder != ""
}

// crossings returns the imports of a file that its layer does not allow.
func crossings(f file) []string {
	l, known := layerOf(f.pkg)
	if !known {
		return []string{f.pkg + " has no layer: give it one in layers_test.go"}
	}
	var wrong []string
	for _, path := range f.imports() {
		pkg, ours := strings.CutPrefix(path, module)
		allowed := within(pkg, l.folder) || slices.ContainsFunc(l.may, func(folder string) bool { return within(pkg, folder) })
		if ours && !allowed {
			wrong = append(wrong, f.pkg+" imports "+pkg)
		}
	}
	return wrong
}

func TestImportsPointDownwards(t *testing.T) {
	for _, f := range source(t, "cmd", "internal", "pkg") {
		if within(f.pkg, "internal/archtest") || within(f.pkg, "internal/docgen") {
			continue
		}
		assert.Empty(t, crossings(f))
	}
}

// Services see each other's packages only where one is made for sharing, and
// none sees its own simulator: what it does must not depend on it.
func TestServicesStandAlone(t *testing.T) {
	shared := []string{"pkg/services/bucket", "pkg/services/channel"}
	for _, f := range source(t, "pkg/services") {
		if f.pkg == "pkg/services" || within(f.pkg, "pkg/services/servicetest") {
			continue
		}
		for _, path := range f.imports() {
			pkg, _ := strings.CutPrefix(path, module)
			assert.False(t, within(pkg, "pkg/sandbox"), "%s imports %s", f.pkg, pkg)
			assert.False(t, within(pkg, "pkg/services") && !slices.Contains(shared, pkg), "%s imports %s", f.pkg, pkg)
		}
	}
}

func TestTheChecksOfLayersCanFail(t *testing.T) {
	up := parse(t, "pkg/plan", `package plan
		import _ "github.com/kiso-cli/kiso/pkg/apply"`)
	assert.Equal(t, []string{"pkg/plan imports pkg/apply"}, crossings(up))
	stray := parse(t, "pkg/novelty", `package novelty`)
	assert.Len(t, crossings(stray), 1)
}
