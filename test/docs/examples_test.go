package docs

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/cli"
)

// Each example is a valid spec, takes the simulated account to it, and leaves
// nothing to do.
func TestExamplesAreAppliedAndInSync(t *testing.T) {
	specs, err := filepath.Glob(filepath.Join(root, "examples", "*", "kiso.yaml"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(specs), 3)
	for _, spec := range specs {
		t.Run(filepath.Base(filepath.Dir(spec)), func(t *testing.T) {
			account := "--sandbox=" + filepath.Join(t.TempDir(), "account.json")
			run(t, 0, "validate", "-f", spec)
			run(t, 2, account, "plan", "-f", spec, "--detailed-exitcode")
			run(t, 0, account, "apply", "-f", spec, "--auto-approve")
			assert.Contains(t, run(t, 0, account, "plan", "-f", spec, "--detailed-exitcode"), "No changes.")
		})
	}
}

func run(t *testing.T, code int, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	streams := cli.IO{In: strings.NewReader(""), Out: &out, Err: &errs, Env: os.Getenv}
	require.Equal(t, code, cli.Run(t.Context(), nil, append([]string{"kiso"}, args...), streams, "test"), "%v\n%s%s", args, out.String(), errs.String())
	return out.String()
}
