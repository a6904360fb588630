package workflows

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// act runs action.yml alone with inputs, on a machine with credentials.
func act(t *testing.T, f *forge, with map[string]string) (*machine, bool) {
	t.Helper()
	m := newMachine(f, "job")
	require.True(t, m.step(step{Uses: "actions/checkout@v5"}))
	require.True(t, m.step(step{Uses: "aws-actions/configure-aws-credentials@v5", With: map[string]string{"aws-region": "eu-west-1"}}))
	return m, m.step(step{ID: "kiso", Uses: "kiso-cli/kiso@v1", With: with})
}

func TestARelease(t *testing.T) {
	t.Parallel()
	name := func(f *forge, file string) string {
		return filepath.Join(strings.TrimPrefix(f.releases, "file://"), "v"+version, file)
	}
	for what, c := range map[string]struct {
		with    map[string]string
		spoil   func(t *testing.T, f *forge)
		refused string
	}{
		"with the release's checksum": {with: map[string]string{"version": version}},
		"with a v":                    {with: map[string]string{"version": "v" + version}},
		"that is not the one of checksums.txt": {
			with: map[string]string{"version": version},
			spoil: func(t *testing.T, f *forge) {
				require.NoError(t, os.WriteFile(name(f, archiveName()), []byte("another"), 0o600))
			},
			refused: "it is not used",
		},
		"that checksums.txt does not name": {
			with: map[string]string{"version": version},
			spoil: func(t *testing.T, f *forge) {
				require.NoError(t, os.WriteFile(name(f, "checksums.txt"), []byte("x\n"), 0o600))
			},
			refused: "there is no SHA-256",
		},
		"that is not the pinned one": {
			with: map[string]string{"version": version, "sha256": strings.Repeat("0", 64)}, refused: "it is not used",
		},
		"that is not there":          {with: map[string]string{"version": "9.9.9"}, refused: "could not be fetched"},
		"of no version":              {with: map[string]string{"version": "../../x"}, refused: "want one such as 1.2.3"},
		"without version nor binary": {refused: "no kiso is on the PATH"},
		"no such binary":             {with: map[string]string{"binary": "/nowhere/kiso"}, refused: "there is no program at /nowhere/kiso"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			f := newForge(t)
			if c.spoil != nil {
				c.spoil(t, f)
			}
			_, ok := act(t, f, c.with)
			assert.Equal(t, c.refused == "", ok, f.log)
			assert.Contains(t, f.log, c.refused)
			if c.refused != "" {
				assert.Contains(t, f.log, "::error title=kiso::")
				assert.NotContains(t, f.log, "revision", "kiso ran")
			}
		})
	}
}

func TestAPinnedReleaseNeedsNoChecksumsFile(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	dir := filepath.Join(strings.TrimPrefix(f.releases, "file://"), "v"+version)
	require.NoError(t, os.Remove(filepath.Join(dir, "checksums.txt")))
	_, ok := act(t, f, map[string]string{"version": version, "sha256": sum(t, filepath.Join(dir, archiveName()))})
	assert.True(t, ok, f.log)
}

func TestOutputsOfTheAction(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	m, ok := act(t, f, map[string]string{"binary": kiso(t), "args": "--parallelism=4\n\n--no-color\n"})
	require.True(t, ok, f.log)
	output := func(name string) string { return m.values["steps.kiso.outputs."+name] }
	assert.Equal(t, "2", output("exit-code"))
	assert.Equal(t, "true", output("changes"))
	for _, name := range []string{"plan", "markdown", "sarif"} {
		assert.FileExists(t, output(name))
	}
}

func TestChangesMayFail(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	m, ok := act(t, f, map[string]string{"binary": kiso(t), "fail-on-changes": "true"})
	assert.False(t, ok)
	assert.Equal(t, "true", m.values["steps.kiso.outputs.changes"])
}

func TestAPathMayHaveSpaces(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	m := newMachine(f, "job")
	require.NoError(t, os.MkdirAll(filepath.Join(m.workspace, "the accounts"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(m.workspace, "the accounts", "a spec.yaml"), []byte(f.spec), 0o600))
	require.True(t, m.step(step{Uses: "aws-actions/configure-aws-credentials@v5", With: map[string]string{"aws-region": "eu-west-1"}}))
	ok := m.step(step{ID: "kiso", Uses: "kiso-cli/kiso@v1", With: map[string]string{"binary": kiso(t), "working-directory": "the accounts", "spec": "a spec.yaml"}})
	require.True(t, ok, f.log)
	assert.Contains(t, f.log, "file=the accounts/a spec.yaml,")
}

// TestAPlanIsNoCommandToTheRunner: what the account's names say stands between
// a stop and a token that nobody can guess.
func TestAPlanIsNoCommandToTheRunner(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	_, ok := act(t, f, map[string]string{"binary": kiso(t)})
	require.True(t, ok, f.log)
	match := regexp.MustCompile(`(?s)\n::stop-commands::(kiso-[0-9a-f]{32})\n.*Plan: 17 to add.*\n::(kiso-[0-9a-f]{32})::\n::notice `).FindStringSubmatch(f.log)
	require.NotNil(t, match, f.log)
	assert.Equal(t, match[1], match[2])
}
