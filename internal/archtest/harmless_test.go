package archtest

import (
	"go/ast"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sdk is where the SDK's service clients are.
const sdk = "github.com/aws/aws-sdk-go-v2/service/"

// harmful are the first words of AWS operations that take something away.
var harmful = regexp.MustCompile(`^(Archive|Batch(Delete|Disable|Remove)|Cancel|Clear|Close|Decline|Delete|Deregister|Detach|Disable|Disassociate|Leave|Purge|Remove|Reset|Revoke|Stop|Suspend|Terminate|Unlink|Unsubscribe|Untag)([A-Z]|$)`)

// operations returns the harmful operations that a file of something that works
// on accounts mentions: as a method called or taken, or as an input type. Names
// of the standard library and of kiso's own packages are no operations.
func operations(f file) []string {
	clients := map[string]bool{} // names under which the SDK's services are imported
	for i, path := range f.imports() {
		if !strings.HasPrefix(path, sdk) {
			continue
		}
		name := path[strings.LastIndex(path, "/")+1:]
		if alias := f.ast.Imports[i].Name; alias != nil {
			name = alias.Name
		}
		clients[name] = true
	}
	if len(clients) == 0 {
		return nil
	}
	var found []string
	ast.Inspect(f.ast, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok || !harmful.MatchString(selector.Sel.Name) {
			return true
		}
		if of, isName := selector.X.(*ast.Ident); isName && imported(f, of.Name) && !clients[of.Name] {
			return true
		}
		found = append(found, f.set.Position(selector.Pos()).String()+": "+selector.Sel.Name)
		return true
	})
	return found
}

// imported says whether name is the name of a package in the file.
func imported(f file, name string) bool {
	for i, path := range f.imports() {
		alias := f.ast.Imports[i].Name
		if alias != nil && alias.Name == name || alias == nil && path[strings.LastIndex(path, "/")+1:] == name {
			return true
		}
	}
	return false
}

// Nothing is ever deleted, disabled or stopped: there is no code that could.
func TestNothingCanTakeAnythingAway(t *testing.T) {
	for _, f := range source(t, "pkg/services", "pkg/awsx", "pkg/apply", "pkg/engine", "pkg/drift", "pkg/resource", "pkg/plan", "pkg/cli") {
		assert.Empty(t, operations(f), "an operation that takes something away")
	}
}

// AWS is reached through the SDK's service clients, which the test above reads,
// in these folders only. EC2's one call is written out in pkg/awsx.
func TestOnlySomeFoldersReachAWS(t *testing.T) {
	allowed := []string{"pkg/services", "pkg/awsx", "pkg/drift", "pkg/sandbox"}
	for _, f := range source(t, "cmd", "internal", "pkg") {
		inside := slices.ContainsFunc(allowed, func(folder string) bool { return within(f.pkg, folder) })
		for _, path := range f.imports() {
			assert.False(t, !inside && strings.HasPrefix(path, sdk), "%s imports %s", f.pkg, path)
		}
	}
}

// Only the executor writes: it alone calls a resource's Apply.
func TestOnlyTheExecutorApplies(t *testing.T) {
	for _, f := range source(t, "pkg") {
		if slices.Contains([]string{
			"pkg/apply",
			"pkg/resource",                                     // implements it
			"pkg/cli", "pkg/fleet", "pkg/services/servicetest", // call the engine's Apply, which goes through the executor
		}, f.pkg) {
			continue
		}
		assert.Empty(t, applications(f))
	}
}

// applications returns the calls that look like Resource.Apply(ctx, env, change).
func applications(f file) []string {
	var found []string
	ast.Inspect(f.ast, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 3 {
			return true
		}
		selector, ok := call.Fun.(*ast.SelectorExpr)
		if ok && selector.Sel.Name == "Apply" {
			found = append(found, f.set.Position(call.Pos()).String())
		}
		return true
	})
	return found
}

func TestTheChecksOfHarmCanFail(t *testing.T) {
	called := parse(t, "pkg/services/example", `package example
		import "github.com/aws/aws-sdk-go-v2/service/cloudtrail"
		func f(c *cloudtrail.Client) { c.StopLogging(nil, nil) }`)
	require.Len(t, operations(called), 1)
	assert.Contains(t, operations(called)[0], "StopLogging")

	aliased := parse(t, "pkg/services/example", `package example
		import ct "github.com/aws/aws-sdk-go-v2/service/cloudtrail"
		var in = ct.DeleteTrailInput{}`)
	assert.Len(t, operations(aliased), 1)

	innocent := parse(t, "pkg/services/example", `package example
		import (
			"slices"
			"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
		)
		var _ = slices.Delete([]int{1}, 0, 1)
		func f(c *cloudtrail.Client) { c.StartLogging(nil, nil) }`)
	assert.Empty(t, operations(innocent))

	writes := parse(t, "pkg/plan", `package plan
		func f() { resource.Apply(ctx, env, change) }`)
	assert.Len(t, applications(writes), 1)
}
