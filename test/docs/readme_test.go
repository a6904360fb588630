package docs

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/cli"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/services"
)

const root = "../.."

// TestMain lets this test binary be kiso in scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"kiso": func() {
		os.Exit(cli.Run(context.Background(), nil, os.Args, cli.System(), "test"))
	}})
}

// notRun are the commands of the README that are not run here, with the reason.
var notRun = map[string]string{
	"go install github.com/kiso-cli/kiso/cmd/kiso@latest":                                  "it needs a release",
	"kiso sandbox --state demo.json":                                                       "it runs until interrupted; the demo runs it",
	"aws --endpoint-url http://127.0.0.1:4566 --region eu-west-1 guardduty list-detectors": "the AWS CLI may not be there",
}

var shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// commands returns the lines of a document's shell blocks.
func commands(t *testing.T, name string) []string {
	text, err := os.ReadFile(filepath.Join(root, name))
	require.NoError(t, err)
	var lines []string
	for _, block := range shellBlock.FindAllStringSubmatch(string(text), -1) {
		lines = append(lines, strings.Split(strings.TrimSpace(block[1]), "\n")...)
	}
	require.NotEmpty(t, lines)
	return lines
}

// Every command of the README works: those for a real account on a simulated
// one that the environment points at.
func TestEveryCommandOfTheReadmeWorks(t *testing.T) {
	account := sandbox.New(sandbox.Options{}, services.Simulators()...)
	server := httptest.NewServer(account)
	t.Cleanup(server.Close) // scripts run when this function has returned

	var script strings.Builder
	skipped := map[string]bool{}
	for _, line := range commands(t, "README.md") {
		if notRun[line] != "" {
			skipped[line] = true
			continue
		}
		fmt.Fprintf(&script, "exec %s\n", line)
	}
	for line := range notRun {
		assert.True(t, skipped[line], "the README has no such command: %s", line)
	}
	file := filepath.Join(t.TempDir(), "readme.txtar")
	require.NoError(t, os.WriteFile(file, []byte(script.String()), 0o600))
	testscript.Run(t, testscript.Params{Files: []string{file}, Setup: func(e *testscript.Env) error {
		e.Defer(func() {
			assert.NotEmpty(t, account.Writes(), "the saved plan was applied to the account of the profile")
		})
		config := filepath.Join(e.WorkDir, ".aws-config")
		for name, value := range map[string]string{
			"AWS_ENDPOINT_URL": server.URL, "AWS_EC2_METADATA_DISABLED": "true",
			"AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": config + "none",
		} {
			e.Setenv(name, value)
		}
		return os.WriteFile(config, []byte("[profile prod]\naws_access_key_id = test\naws_secret_access_key = test\n"), 0o600)
	}})
}

// The tables of the README name every command and every exit code.
func TestTheReadmeNamesEveryCommand(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	help := output(t, "kiso", "--help")
	section := regexp.MustCompile(`(?s)COMMANDS:\n(.*?)\n\n`).FindStringSubmatch(help)
	require.NotNil(t, section, help)
	for _, line := range strings.Split(section[1], "\n") {
		name := strings.TrimSuffix(strings.Fields(line)[0], ",")
		if name != "help" {
			assert.Contains(t, string(readme), "| `kiso "+name+"` |")
		}
	}
}

// output runs a command with this test binary as kiso.
func output(t *testing.T, args ...string) string {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	link := filepath.Join(t.TempDir(), args[0])
	require.NoError(t, os.Symlink(self, link))
	out, err := exec.Command(link, args[1:]...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

var link = regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)

// Relative links of the documents lead to files that are there.
func TestLinksLeadSomewhere(t *testing.T) {
	documents, err := filepath.Glob(filepath.Join(root, "*.md"))
	require.NoError(t, err)
	for _, folder := range []string{"docs", "docs/adr", "examples/*"} {
		more, err := filepath.Glob(filepath.Join(root, folder, "*.md"))
		require.NoError(t, err)
		documents = append(documents, more...)
	}
	require.NotEmpty(t, documents)
	for _, document := range documents {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], ":") { // of the web
				continue
			}
			_, err := os.Stat(filepath.Join(filepath.Dir(document), m[1]))
			assert.NoError(t, err, "%s links to %s", document, m[1])
		}
	}
}
