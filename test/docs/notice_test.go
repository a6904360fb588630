package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// NOTICE names every module that is linked into the binary.
func TestNoticeIsComplete(t *testing.T) {
	notice, err := os.ReadFile(filepath.Join(root, "NOTICE"))
	require.NoError(t, err)
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", "./cmd/kiso")
	list.Dir = root
	modules, err := list.Output()
	require.NoError(t, err)
	for _, module := range strings.Fields(string(modules)) {
		for _, family := range []string{"github.com/aws/aws-sdk-go-v2", "golang.org/x"} {
			if strings.HasPrefix(module, family+"/") {
				module = family
			}
		}
		assert.Contains(t, string(notice), "  "+module+" ")
	}
}
