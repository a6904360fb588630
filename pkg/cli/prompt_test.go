package cli_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/cli"
)

// atTerminal runs a command with somebody at the keyboard who types the answers.
func atTerminal(t *testing.T, answers string, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	streams := cli.IO{In: strings.NewReader(answers), Out: &stdout, Err: &stderr, InTerminal: true, Env: func(string) string { return "" }}
	code = cli.Run(t.Context(), nil, append([]string{"kiso"}, args...), streams, "test")
	return code, stdout.String(), stderr.String()
}

// spec writes a spec and the flags that mean it and a simulated account.
func spec(t *testing.T, text string) (flags []string) {
	t.Helper()
	dir := t.TempDir()
	name := filepath.Join(dir, "kiso.yaml")
	require.NoError(t, os.WriteFile(name, []byte("version: 1\nhome_region: us-east-1\nregions: {include: [us-east-1]}\n"+text), 0o600))
	return []string{"--sandbox=" + filepath.Join(dir, "account.json"), "-f", name}
}

func TestOnlyYesIsApproval(t *testing.T) {
	for _, answer := range []string{"", "\n", "y\n", "Yes\n", "yes please\n", "no\n"} {
		flags := spec(t, "guardduty: {}\n")
		code, _, errs := atTerminal(t, answer, append([]string{"apply"}, flags...)...)
		assert.Equal(t, 1, code, "%q", answer)
		assert.Contains(t, errs, "Only yes is taken as approval")
		assert.Contains(t, errs, "Error: not approved; nothing was changed")
		_, out, _ := atTerminal(t, "", append([]string{"plan"}, flags...)...)
		assert.Contains(t, out, "Plan: 1 to add")
	}
	for _, answer := range []string{"yes\n", "yes", " yes \r\n"} {
		code, out, _ := atTerminal(t, answer, append([]string{"apply"}, spec(t, "guardduty: {}\n")...)...)
		assert.Zero(t, code)
		assert.Contains(t, out, "Apply complete! Resources: 1 added")
	}
}

// An interrupt at the prompt ends it at once, whatever is or is not typed.
func TestAnInterruptEndsTheQuestion(t *testing.T) {
	keyboard, typing := io.Pipe()
	t.Cleanup(func() { _ = typing.Close() })
	stop := make(chan struct{})
	errs := &interrupting{stop: stop}
	streams := cli.IO{In: keyboard, Out: io.Discard, Err: errs, InTerminal: true, Env: func(string) string { return "" }}
	flags := spec(t, "guardduty: {}\n")
	assert.Equal(t, 130, cli.Run(t.Context(), stop, append([]string{"kiso", "apply"}, flags...), streams, "test"))
	assert.Contains(t, errs.String(), "Error: interrupted; nothing was changed")
}

// interrupting is a stream that sends an interrupt when it is asked for approval.
type interrupting struct {
	bytes.Buffer
	stop chan struct{}
}

func (i *interrupting) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "approval") {
		close(i.stop)
	}
	return i.Buffer.Write(p)
}

func TestNobodyIsAskedWhenThereIsNothingToDo(t *testing.T) {
	flags := spec(t, "guardduty: {}\n")
	code, _, _ := atTerminal(t, "yes\n", append([]string{"apply"}, flags...)...)
	require.Zero(t, code)
	code, out, errs := atTerminal(t, "", append([]string{"apply"}, flags...)...)
	assert.Zero(t, code)
	assert.NotContains(t, errs, "approval")
	assert.Contains(t, out, "No changes.")
}

const compliance = `cloudtrail:
  bucket:
    object_lock: {mode: COMPLIANCE, days: 30}
`

func TestTheIrreversibleIsApprovedByName(t *testing.T) {
	lock := lockAddress(t)
	t.Run("named", func(t *testing.T) {
		code, out, errs := atTerminal(t, "yes\n"+lock+"\n", append([]string{"apply"}, spec(t, compliance)...)...)
		assert.Zero(t, code, errs)
		assert.Contains(t, errs, lock+" cannot be undone: COMPLIANCE")
		assert.Contains(t, out, "Apply complete!")
	})
	t.Run("left out", func(t *testing.T) {
		code, out, _ := atTerminal(t, "yes\nyes\n", append([]string{"apply"}, spec(t, compliance)...)...)
		assert.Equal(t, 1, code)
		assert.Contains(t, out, lock+": left out: it cannot be undone and was not approved")
		assert.Contains(t, out, "Apply incomplete.")
	})
	t.Run("by flag", func(t *testing.T) {
		for _, allow := range []string{lock, "all"} {
			args := append([]string{"apply", "--auto-approve", "--allow-irreversible=" + allow}, spec(t, compliance)...)
			code, _, errs := atTerminal(t, "", args...)
			assert.Zero(t, code, errs)
			assert.NotContains(t, errs, "Type the address")
		}
	})
	t.Run("by a flag that names nothing", func(t *testing.T) {
		args := append([]string{"apply", "--auto-approve", "--allow-irreversible=" + lock + "x"}, spec(t, compliance)...)
		code, _, errs := atTerminal(t, "", args...)
		assert.Equal(t, 1, code)
		assert.Contains(t, errs, "did you mean "+lock+"?")
		assert.Contains(t, errs, "nothing was changed")
	})
}

// lockAddress is the address of the lock in a plan of compliance.
func lockAddress(t *testing.T) string {
	_, out, _ := atTerminal(t, "", append([]string{"plan"}, spec(t, compliance)...)...)
	for _, word := range strings.Fields(out) {
		if strings.HasPrefix(word, "cloudtrail.bucket_lock/") {
			return strings.TrimSuffix(word, ":")
		}
	}
	t.Fatalf("the plan has no lock:\n%s", out)
	return ""
}

func TestColourIsForTerminalsAlone(t *testing.T) {
	run := func(terminal bool, env map[string]string, flags ...string) string {
		var out bytes.Buffer
		streams := cli.IO{In: strings.NewReader(""), Out: &out, Err: &out, OutTerminal: terminal, ErrTerminal: terminal, Env: func(name string) string { return env[name] }}
		args := append(append([]string{"kiso"}, flags...), append([]string{"plan"}, spec(t, "guardduty: {}\n")...)...)
		require.Zero(t, cli.Run(t.Context(), nil, args, streams, "test"))
		return out.String()
	}
	assert.Contains(t, run(true, nil), "\x1b[")
	assert.NotContains(t, run(false, nil), "\x1b[")
	assert.NotContains(t, run(true, map[string]string{"NO_COLOR": "1"}), "\x1b[")
	assert.NotContains(t, run(true, map[string]string{"TERM": "dumb"}), "\x1b[")
	assert.NotContains(t, run(true, nil, "--no-color"), "\x1b[")
}

// A person's terminal gets errors as wide as all the rest; a program, a problem a line.
func TestErrorsAreWrappedForTerminalsAlone(t *testing.T) {
	run := func(terminal bool, args ...string) string {
		var errs bytes.Buffer
		streams := cli.IO{In: strings.NewReader(""), Out: io.Discard, Err: &errs, ErrTerminal: terminal, Env: func(string) string { return "" }}
		require.Equal(t, 1, cli.Run(t.Context(), nil, append([]string{"kiso"}, args...), streams, "test"))
		return errs.String()
	}
	assert.Equal(t, "Error: nobody can be asked here: use --auto-approve, or plan --out PLAN and\n"+
		"  apply PLAN; nothing was read\n", run(true, "apply"))
	assert.Equal(t, 1, strings.Count(run(false, "apply"), "\n"))
	assert.Contains(t, run(true, "plan", "--detailed-exitcodes-of-all-that-there-are"), " see\n  kiso plan --help\n")
	for n := range 100 {
		assert.Contains(t, run(true, "plan", "-f", strings.Repeat("a", n+1)), "`kiso init`")
	}
	assert.NotContains(t, run(true, "plan", "-f", "\x1b[31m"), "\x1b")
}

// What never ends is not read for ever from standard input either.
func TestStandardInputIsBounded(t *testing.T) {
	var errs bytes.Buffer
	streams := cli.IO{In: endless{}, Out: io.Discard, Err: &errs, Env: func(string) string { return "" }}
	assert.Equal(t, 1, cli.Run(t.Context(), nil, []string{"kiso", "validate", "-f", "-"}, streams, "test"))
	assert.Equal(t, "Error: the spec could not be read: standard input holds more than 1 MiB, which is the most that is read\n", errs.String())
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
