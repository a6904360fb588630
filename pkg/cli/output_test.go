package cli_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/cli"
)

// desk is a directory with a spec, in which commands run on the sandbox.
type desk struct {
	t        *testing.T
	dir      string
	env      map[string]string
	out, err string // of the last run
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir(), env: map[string]string{}}
	t.Chdir(d.dir)
	require.NoError(t, os.WriteFile("kiso.yaml", []byte("version: 1\nhome_region: ap-northeast-1\nguardduty: {}\n"), 0o600))
	return d
}

func (d *desk) run(args ...string) int {
	d.t.Helper()
	var out, err bytes.Buffer
	streams := cli.IO{In: strings.NewReader(""), Out: &out, Err: &err, Env: func(name string) string { return d.env[name] }}
	code := cli.Run(d.t.Context(), nil, append([]string{"kiso"}, args...), streams, "test")
	d.out, d.err = out.String(), err.String()
	return code
}

func (d *desk) read(name string) string {
	d.t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(d.t, err)
	return string(data)
}

func TestOneReadMakesManyDocuments(t *testing.T) {
	d := newDesk(t)
	require.Zero(t, d.run("--sandbox", "plan", "--output", "markdown=a,b.md", "--output=json=plan.json", "--output", "sarif=x=y.sarif", "--output", "github=-"), d.err)
	assert.Contains(t, d.out, "Plan: 17 to add")
	assert.Contains(t, d.out, "\n::notice file=kiso.yaml,line=3,col=1,title=guardduty")
	assert.Contains(t, d.read("a,b.md"), "**Plan: 17 to add, 0 to change, 0 to destroy.**")
	assert.True(t, json.Valid([]byte(d.read("plan.json"))))
	assert.Contains(t, d.read("x=y.sarif"), `"uri": "kiso.yaml"`)
	for _, name := range []string{"a,b.md", "plan.json", "x=y.sarif"} {
		info, err := os.Stat(name)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	assert.Len(t, entries, 4, "no temporary file stays")
}

func TestShowWritesWhatPlanWrote(t *testing.T) {
	d := newDesk(t)
	for _, format := range []string{"markdown", "sarif", "github", "gitlab", "json"} {
		require.Zero(t, d.run("--sandbox", "plan", "--out", "plan.json", "--format", format, "--output", format+"=planned"), d.err)
		assert.Equal(t, d.out, d.read("planned"), format)
		printed := d.out
		require.Zero(t, d.run("show", "plan.json", "--format", format, "--output", format+"=shown"), d.err)
		assert.Equal(t, printed, d.out, format)
		assert.Equal(t, printed, d.read("shown"), format)
	}
}

func TestOutputsAreRefusedBeforeAnythingIsRead(t *testing.T) {
	for want, args := range map[string][]string{
		`--output: "markdwn" is not one of text, json, markdown, sarif, github, gitlab; did you mean markdown?`: {"--output", "markdwn=x"},
		`--format: "jsn" is not one of text, json, markdown, sarif, github, gitlab; did you mean json?`:         {"--format", "jsn"},
		`--output: "markdown" is not FORMAT=PATH, such as markdown=plan.md`:                                     {"--output", "markdown"},
		`--output: "json=" is not FORMAT=PATH, such as markdown=plan.md`:                                        {"--output", "json="},
		`--output: ./x is named twice: each document needs its own file`:                                        {"--output", "json=x", "--output", "text=./x"},
		`--output: x is named twice: each document needs its own file`:                                          {"--out", "x", "--output", "json=x"},
		`--output: no/x cannot be written: there is no directory no`:                                            {"--output", "json=no/x"},
		`--output: markdown=- would mix with what --format json prints: name a file`:                            {"--format", "json", "--output", "markdown=-"},
		`--output: github=- would mix with what --output markdown=- prints: name a file`:                        {"--output", "markdown=-", "--output", "github=-"},
		`--step-summary: GITHUB_STEP_SUMMARY is not set`:                                                        {"--step-summary"},
	} {
		d := newDesk(t)
		assert.Equal(t, 1, d.run(append([]string{"--sandbox", "plan"}, args...)...))
		assert.Contains(t, d.err, "Error: "+want)
		assert.NotContains(t, d.err, "SANDBOX", "an account was opened")
		assert.Empty(t, d.out)
	}
}

func TestShowDoesNotOverwriteItsPlan(t *testing.T) {
	d := newDesk(t)
	require.Zero(t, d.run("--sandbox", "plan", "--out", "plan.json"), d.err)
	assert.Equal(t, 1, d.run("show", "plan.json", "--output", "text=plan.json"))
	assert.True(t, json.Valid([]byte(d.read("plan.json"))))
}

func TestStepSummaryIsAppendedAndStaysBelowItsLimit(t *testing.T) {
	d := newDesk(t)
	d.env["GITHUB_STEP_SUMMARY"] = filepath.Join(d.dir, "summary.md")
	require.NoError(t, os.WriteFile("summary.md", []byte("before"), 0o600))
	require.Zero(t, d.run("--sandbox", "plan", "--step-summary"), d.err)
	assert.True(t, strings.HasPrefix(d.read("summary.md"), "before\n<!-- kiso:plan account=123456789012 -->\n"))

	require.NoError(t, os.WriteFile("summary.md", bytes.Repeat([]byte("x"), 899<<10), 0o600))
	require.Zero(t, d.run("--sandbox", "plan", "--step-summary"), d.err)
	assert.LessOrEqual(t, len(d.read("summary.md")), 1<<20)
}

func TestAForgeKnowsTheSpecByItsPathInTheRepository(t *testing.T) {
	d := newDesk(t)
	require.NoError(t, os.MkdirAll("accounts/prod", 0o700))
	require.NoError(t, os.Rename("kiso.yaml", "accounts/prod/kiso.yaml"))
	d.env["GITHUB_WORKSPACE"] = d.dir
	t.Chdir("accounts/prod")
	require.Zero(t, d.run("--sandbox", "plan", "--format", "github"), d.err)
	assert.Contains(t, d.out, "file=accounts/prod/kiso.yaml,")
	require.Zero(t, d.run("--sandbox", "plan", "--format", "github", "-f", filepath.Join(d.dir, "accounts", "prod", "kiso.yaml")), d.err)
	assert.Contains(t, d.out, "file=accounts/prod/kiso.yaml,")
}

// TestADeviceIsWrittenToAndNotReplaced matters to who runs as root.
func TestADeviceIsWrittenToAndNotReplaced(t *testing.T) {
	d := newDesk(t)
	require.NoError(t, os.WriteFile("target", nil, 0o600))
	require.NoError(t, os.Symlink("target", "link"))
	require.Zero(t, d.run("--sandbox", "plan", "--output", "gitlab=link"), d.err)
	info, err := os.Lstat("link")
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&os.ModeSymlink)
	assert.Contains(t, d.read("target"), `"create":17`)
}

// An error may repeat what others worded, which moves no cursor and hides nothing.
func TestAnErrorIsPlainText(t *testing.T) {
	var errs bytes.Buffer
	streams := cli.IO{In: strings.NewReader(""), Out: io.Discard, Err: &errs, Env: func(string) string { return "" }}
	assert.Equal(t, 1, cli.Run(t.Context(), nil, []string{"kiso", "validate", "-f", "evil\x1b[2J"}, streams, "test"))
	assert.Equal(t, "Error: there is no evil\uFFFD[2J: `kiso init` writes one, -f names another\n", errs.String())
}
