package cli_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/services"
)

// completed returns what may stand in the place of the last word.
func (d *desk) completed(words ...string) []string {
	d.t.Helper()
	require.Zero(d.t, d.run(append([]string{"__complete"}, words...)...), d.err)
	assert.Empty(d.t, d.err)
	var values []string
	for _, line := range strings.Split(strings.TrimSuffix(d.out, "\n"), "\n") {
		value, _, tab := strings.Cut(line, "\t")
		assert.True(d.t, tab || line == "", "%q has no tab", line)
		if line != "" {
			values = append(values, value)
		}
	}
	return values
}

func TestCompletion(t *testing.T) {
	d := newDesk(t)
	for line, want := range map[string][]string{
		"pl":                             {"plan"},
		"nothing":                        nil,
		"plan --sand":                    {"--sandbox"}, // global flags stand anywhere
		"--sandbox pl":                   {"plan"},      // a flag that may go without its value
		"--profile pl":                   nil,           // it is the profile's name
		"plan -f ":                       nil,           // a file
		"plan --detailed-exitcode --fil": {"--file"},
		"policy ":                        {"plan", "apply"},
		"policy apply --spl":             {"--split"},
		"policy plan --format":           nil,
		"fleet plan --format j":          {"json"},
		"init --home-region eu-west":     {"eu-west-1", "eu-west-2", "eu-west-3"},
		"sandbox --region eusc":          {"eusc-de-east-1"},
		"--log-level w":                  {"warn"},
		"plan --log-level=e":             {"--log-level=error"},
		"explain root_login_alarm.t":     {"root_login_alarm.topic", "root_login_alarm.topic_policy", "root_login_alarm.target"},
		"help val":                       {"validate"},
		"completion ":                    {"bash", "zsh", "fish", "powershell"},
		"plan -- --fo":                   nil,
		"plan --bogus --detailed":        {"--detailed-exitcode"},
		"bogus --log-l":                  {"--log-level"},
		"apply ":                         nil, // a plan
		"version --f":                    nil,
		"plan --output gitl":             {"gitlab="},
		"show plan.json --format t":      {"text"},
	} {
		assert.Equal(t, want, d.completed(strings.Split(line, " ")...), line)
	}
	assert.Equal(t, d.completed(""), d.completed(), "no word at all is an empty one")
	assert.Equal(t, d.completed("plan", ""), d.completed("plan", " "), "a blank stands for the empty word")
	assert.Contains(t, d.completed("plan", ""), "--out", "a command without arguments goes on with flags")
	assert.NotContains(t, d.completed(""), "__complete")
	assert.Greater(t, len(d.completed("init", "--home-region", "")), 40, "of all partitions")
	for _, s := range services.All() {
		assert.Contains(t, d.completed("explain", ""), s.Name)
	}
}

// Every format that completion offers is one, and none is left out: the command
// says which there are when it refuses another.
func TestCompletionOffersTheFormatsThatThereAre(t *testing.T) {
	d := newDesk(t)
	allowed := regexp.MustCompile(`(?:is not one of|there are|formats are|one of) \[?([a-z, ]+)`)
	for _, command := range []string{"plan", "show x", "apply --auto-approve", "drift", "explain", "fleet plan"} {
		args := strings.Split(command, " ")
		require.Equal(t, 1, d.run(append(args, "--format", "yaml")...), command)
		m := allowed.FindStringSubmatch(d.err)
		require.NotNil(t, m, "%s: %s", command, d.err)
		formats := strings.FieldsFunc(m[1], func(r rune) bool { return r == ',' || r == ' ' })
		assert.Equal(t, formats, d.completed(append(args, "--format", "")...), command)
	}
}

// The addresses that may be allowed are those of the plans on the line.
func TestCompletionReadsPlans(t *testing.T) {
	d := newDesk(t)
	locked := "version: 1\nhome_region: eu-west-1\ncloudtrail: {bucket: {object_lock: {mode: COMPLIANCE, days: 30}}}\n"
	require.NoError(t, os.WriteFile("kiso.yaml", []byte(locked), 0o600))
	require.Zero(t, d.run("--sandbox", "plan", "--out", "plan.json"), d.err)
	found := d.completed("apply", "plan.json", "--allow-irreversible", "")
	require.Len(t, found, 2)
	assert.Equal(t, "all", found[0])
	assert.Contains(t, found[1], "cloudtrail.bucket_lock/eu-west-1/")
	assert.Equal(t, []string{"--allow-irreversible=" + found[1]}, d.completed("apply", "plan.json", "--allow-irreversible=cloudtrail"))
	assert.Equal(t, []string{"all"}, d.completed("apply", "--allow-irreversible", ""), "no plan is named yet")
	assert.Equal(t, []string{"all"}, d.completed("apply", "kiso.yaml", "--allow-irreversible", ""), "that is no plan")
}

func TestCompletionScripts(t *testing.T) {
	d := newDesk(t)
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		require.Zero(t, d.run("completion", shell), d.err)
		assert.Contains(t, d.out, "__complete", shell)
	}
	require.Equal(t, 1, d.run("completion", "bahs"))
	assert.Contains(t, d.err, "did you mean bash?")
	require.Equal(t, 1, d.run("completion"))
}

func TestExplain(t *testing.T) {
	d := newDesk(t)
	require.Zero(t, d.run("explain"))
	assert.Contains(t, d.out, "guardduty  Amazon GuardDuty\n")
	require.Zero(t, d.run("explain", "guardduty.detector/eu-west-1/detector"), d.err) // an address
	assert.True(t, strings.HasPrefix(d.out, "guardduty.detector  (section guardduty)\n"), d.out)
	require.Equal(t, 1, d.run("explain", "gardduty"))
	assert.Equal(t, "Error: kiso explain: there is no kind or section \"gardduty\"; did you mean guardduty?\n", d.err)
	require.Equal(t, 1, d.run("explain", "guardduty", "config"))

	for _, args := range [][]string{{"explain"}, {"explain", "config"}, {"explain", "config.bucket"}} {
		require.Zero(t, d.run(append(args, "--format", "json")...))
		assert.True(t, json.Valid([]byte(d.out)), args)
	}
	assert.Contains(t, d.out, `"name": "config.bucket"`)
}

func TestSchema(t *testing.T) {
	d := newDesk(t)
	require.Zero(t, d.run("schema"))
	var schema struct{ Properties map[string]any }
	require.NoError(t, json.Unmarshal([]byte(d.out), &schema))
	for _, s := range services.All() {
		assert.Contains(t, schema.Properties, s.Name)
	}
}
