// Package compat runs other people's programs on what kiso writes and ships:
// tf-summarize on its plan, actionlint on its workflows. It is a module of its
// own, so that their dependencies are not kiso's.
package compat

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// plans makes two on the sandbox, of an empty account and of one in sync.
func plans(t *testing.T) (empty, inSync string) {
	t.Helper()
	dir := t.TempDir()
	kiso := filepath.Join(dir, "kiso")
	build := exec.Command("go", "build", "-o", kiso, "./cmd/kiso")
	build.Dir = filepath.Join("..", "..")
	output, err := build.CombinedOutput()
	require.NoError(t, err, string(output))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kiso.yaml"), []byte("version: 1\nhome_region: eu-west-1\nguardduty: {}\n"), 0o600))
	for _, args := range [][]string{{"plan", "--out", "empty.json"}, {"apply", "--auto-approve"}, {"plan", "--out", "sync.json"}} {
		command := exec.Command(kiso, append([]string{"--sandbox=account.json"}, args...)...)
		command.Dir = dir
		output, err := command.CombinedOutput()
		require.NoError(t, err, string(output))
	}
	return filepath.Join(dir, "empty.json"), filepath.Join(dir, "sync.json")
}

// tool runs a tool that go.mod names.
func tool(t *testing.T, name string, args ...string) (output string, err error) {
	t.Helper()
	out, err := exec.Command("go", append([]string{"tool", name}, args...)...).CombinedOutput()
	return string(out), err
}

func TestTFSummarizeReadsThePlan(t *testing.T) {
	empty, inSync := plans(t)
	for _, form := range []string{"-md", "-tree", "-json", "-html"} {
		out, err := tool(t, "tf-summarize", form, empty)
		require.NoError(t, err, out)
		assert.Contains(t, out, "detector/eu-west-1/detector", form)
	}
	out, err := tool(t, "tf-summarize", empty)
	require.NoError(t, err, out)
	assert.Regexp(t, `add +\|`, out)
	assert.Equal(t, 17, strings.Count(out, "guardduty.detector/"))
	out, err = tool(t, "tf-summarize", inSync)
	require.NoError(t, err, out)
	assert.NotContains(t, out, "guardduty.detector", "what is in sync is no change")
}

func TestWorkflowsPassActionlint(t *testing.T) {
	workflows, err := filepath.Glob("../../examples/github-actions/*.yml")
	require.NoError(t, err)
	require.NotEmpty(t, workflows)
	own, err := filepath.Glob("../../.github/workflows/*.yml")
	require.NoError(t, err)
	out, err := tool(t, "actionlint", append([]string{"-no-color", "-oneline"}, append(workflows, own...)...)...)
	assert.NoError(t, err, out)
}

// TestActionlintKnowsTheActions: it knows actions by their tags, so the inputs
// of pinned ones are checked under the tag that the comment behind them names.
func TestActionlintKnowsTheActions(t *testing.T) {
	workflows, err := filepath.Glob("../../examples/github-actions/*.yml")
	require.NoError(t, err)
	for _, name := range workflows {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		tagged := filepath.Join(t.TempDir(), filepath.Base(name))
		require.NoError(t, os.WriteFile(tagged, []byte(unpin(string(data))), 0o600))
		out, err := tool(t, "actionlint", "-no-color", "-oneline", tagged)
		assert.NoError(t, err, out)

		wrong := strings.Replace(unpin(string(data)), "aws-region:", "aws-regoin:", 1)
		require.NoError(t, os.WriteFile(tagged, []byte(wrong), 0o600))
		out, err = tool(t, "actionlint", "-no-color", "-oneline", tagged)
		assert.Error(t, err, "actionlint does not look at inputs")
		assert.Contains(t, out, "aws-regoin")
	}
}

// unpin puts the major version for a commit: "@SHA # v5.0.0" becomes "@v5".
func unpin(workflow string) string {
	var b strings.Builder
	for line := range strings.Lines(workflow) {
		before, version, pinned := strings.Cut(line, " # v")
		if action, _, ok := strings.Cut(before, "@"); pinned && ok {
			major, _, _ := strings.Cut(version, ".")
			line = action + "@v" + major + "\n"
		}
		b.WriteString(line)
	}
	return b.String()
}
