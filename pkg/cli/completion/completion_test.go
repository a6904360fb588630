package completion_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/cli"
	"github.com/kiso-cli/kiso/pkg/cli/completion"
)

// answer is what kiso says to the words.
func answer(t *testing.T, words []string) string {
	t.Helper()
	var out bytes.Buffer
	streams := cli.IO{In: strings.NewReader(""), Out: &out, Err: io.Discard, Env: os.Getenv}
	require.Zero(t, cli.Run(t.Context(), nil, append([]string{"kiso", completion.Command}, words...), streams, "test"))
	return out.String()
}

// folder is one with a script in it, a file that may be completed, and a program
// that answers as kiso would to the words that the lines are made of, and to no
// others.
func folder(t *testing.T, shell string) string {
	t.Helper()
	dir := t.TempDir()
	script, known := completion.Script(shell)
	require.True(t, known)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "script"), script, 0o600))
	program := "#!/bin/sh\nIFS='|'\ncat \"" + dir + "/answers/$*\"\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kiso"), []byte(program), 0o700))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "answers"), 0o700))
	for _, l := range lines {
		words := strings.Split(strings.ReplaceAll(strings.Join(l.typed[1:], "\x00"), "|", ""), "\x00")
		name := strings.Join(append([]string{completion.Command}, words...), "|")
		require.NoError(t, os.WriteFile(filepath.Join(dir, "answers", name), []byte(answer(t, words)), 0o600))
	}
	return dir
}

// in runs a program of a shell in the folder, with kiso in the path.
func in(t *testing.T, dir, shell string, args ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), shell, args...)
	c.Dir, c.Env = dir, append(os.Environ(), "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	var errors bytes.Buffer
	c.Stderr = &errors
	out, err := c.Output()
	require.NoError(t, err, errors.String())
	require.Empty(t, errors.String())
	return strings.TrimSpace(string(out))
}

// lines are what is typed before the TAB key, and what comes of it. Words that a
// bar separates bash takes for words of their own.
var lines = []struct {
	typed []string
	want  string
}{
	{[]string{"kiso", "pl"}, "plan"},
	{[]string{"kiso", "--sandbox", "val"}, "validate"},
	{[]string{"kiso", "plan", "--det"}, "--detailed-exitcode"},
	{[]string{"kiso", "plan", "--format", "ma"}, "markdown"},
	{[]string{"kiso", "plan", "--format|=|ma"}, "--format=markdown"},
	{[]string{"kiso", "apply", "--format|="}, "--format=text --format=json"},
	{[]string{"kiso", "init", "--home-region", "ap-northeast-"}, "ap-northeast-1 ap-northeast-2 ap-northeast-3"},
	{[]string{"kiso", "explain", "guardduty"}, "guardduty guardduty.detector"},
	{[]string{"kiso", "explain", "guardduty.detector", "--for"}, "--format"},
	{[]string{"kiso", "policy", ""}, "plan apply"},
	{[]string{"kiso", "completion", "z"}, "zsh"},
	{[]string{"kiso", "plan", "--output", "sa"}, "sarif="},
	{[]string{"kiso", "show", ""}, ""}, // a file: the shell's business
}

func TestBash(t *testing.T) {
	dir := folder(t, "bash")
	in(t, dir, "bash", "-n", "script")
	for _, l := range lines {
		line := strings.ReplaceAll(strings.Join(l.typed, " "), "|", "")
		var words []string
		for _, typed := range l.typed {
			for _, word := range strings.Split(typed, "|") {
				words = append(words, "'"+word+"'")
			}
		}
		// What bash gives to a completion function (Bash Reference Manual,
		// Programmable Completion).
		program := fmt.Sprintf(`source ./script
COMP_LINE='%s' COMP_POINT=%d COMP_WORDS=(%s) COMP_CWORD=%d
_kiso
echo "${COMPREPLY[*]}"`, line, len(line), strings.Join(words, " "), len(words)-1)
		want := l.want
		if last := l.typed[len(l.typed)-1]; strings.Contains(last, "|") {
			want = strings.ReplaceAll(want, strings.Split(last, "|")[0]+"=", "") // bash keeps what is before its word
		}
		assert.Equal(t, want, in(t, dir, "bash", "--norc", "-c", program), line)
	}
	assert.Equal(t, "complete -o default -F _kiso kiso", in(t, dir, "bash", "--norc", "-c", "source ./script; complete -p kiso"))
}

// Of the other shells not every machine has one. The test's name says which it
// was: the script was run, or no more than looked at.
func TestOtherShells(t *testing.T) {
	for shell, run := range map[string]func(t *testing.T, dir string, typed []string) string{"zsh": zsh, "fish": fish} {
		if _, err := exec.LookPath(shell); err != nil {
			t.Run(shell+" is not installed: the script is only looked at", func(t *testing.T) { looksRight(t, shell) })
			continue
		}
		t.Run(shell+" runs the script", func(t *testing.T) {
			dir := folder(t, shell)
			in(t, dir, shell, "-n", "script")
			for _, l := range lines {
				typed := strings.Split(strings.ReplaceAll(strings.Join(l.typed, "\x00"), "|", ""), "\x00")
				assert.Equal(t, l.want, run(t, dir, typed), typed)
			}
		})
	}
	t.Run("powershell is not run: the script is only looked at", func(t *testing.T) { looksRight(t, "powershell") })
}

func looksRight(t *testing.T, shell string) {
	script, known := completion.Script(shell)
	require.True(t, known)
	assert.Contains(t, string(script), completion.Command)
	assert.Equal(t, strings.Count(string(script), "{"), strings.Count(string(script), "}"))
	assert.Equal(t, strings.Count(string(script), "("), strings.Count(string(script), ")"))
}

// zsh calls the function as zsh's completion system does, which needs a terminal
// itself.
func zsh(t *testing.T, dir string, typed []string) string {
	program := `compdef() { }
compset() { }
_files() { }
_describe() { print -l -- "${(@)${(@P)3}%%:*}" "${(@)${(@P)5}%%:*}" }
source ./script
words=("$@")
CURRENT=$#
PREFIX=${@[-1]}
_kiso`
	out := in(t, dir, "zsh", append([]string{"-f", "-c", program, "zsh"}, typed...)...)
	return strings.Join(strings.Fields(out), " ")
}

func fish(t *testing.T, dir string, typed []string) string {
	t.Setenv("HOME", dir)
	out := in(t, dir, "fish", "--no-config", "-c", "source ./script; complete -C '"+strings.Join(typed, " ")+"'")
	var found []string
	for _, line := range strings.Split(out, "\n") {
		value, _, _ := strings.Cut(line, "\t")
		if value != "kiso" && value != "script" && value != "answers/" && value != "" {
			found = append(found, value)
		}
	}
	return strings.Join(found, " ")
}

func TestNoOtherShell(t *testing.T) {
	assert.Equal(t, []string{"bash", "zsh", "fish", "powershell"}, completion.Shells())
	_, known := completion.Script("tcsh")
	assert.False(t, known)
}
