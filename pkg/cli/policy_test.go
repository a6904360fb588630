package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// actions are those of the policy that was printed, by Sid without its number.
func (d *desk) actions() map[string][]string {
	d.t.Helper()
	var document struct {
		Statement []struct {
			Sid    string
			Action any
		}
	}
	require.NoError(d.t, json.Unmarshal([]byte(d.out), &document), d.out)
	found := map[string][]string{}
	for _, s := range document.Statement {
		sid := strings.TrimRight(s.Sid, "0123456789")
		switch action := s.Action.(type) {
		case string:
			found[sid] = append(found[sid], action)
		case []any:
			for _, a := range action {
				found[sid] = append(found[sid], a.(string))
			}
		}
	}
	return found
}

func TestPolicy(t *testing.T) {
	d := newDesk(t)
	require.Zero(t, d.run("policy", "plan"), d.err)
	assert.Equal(t, "Covering the sections of kiso.yaml; --all covers all services.\n", d.err)
	assert.Equal(t, map[string][]string{
		"Account": {"account:ListRegions", "ec2:DescribeRegions", "sts:GetCallerIdentity"},
		"Drift":   {"cloudtrail:LookupEvents"},
		"Read":    {"guardduty:GetAdministratorAccount", "guardduty:GetDetector", "guardduty:ListDetectors"},
	}, d.actions())

	require.Zero(t, d.run("policy", "apply"), d.err)
	assert.Contains(t, d.actions()["Write"], "guardduty:CreateDetector")
	narrow := d.out

	require.Zero(t, d.run("policy", "apply", "--all"), d.err)
	assert.Empty(t, d.err)
	assert.Contains(t, d.actions()["Write"], "cloudtrail:CreateTrail")
	everything := d.out

	require.NoError(t, os.Rename("kiso.yaml", "other.yaml"))
	require.Zero(t, d.run("policy", "apply"), d.err)
	assert.Equal(t, everything, d.out, "without a spec, everything")
	require.Zero(t, d.run("policy", "apply", "-f", "other.yaml"), d.err)
	assert.Equal(t, narrow, d.out)
	require.Equal(t, 1, d.run("policy", "apply", "-f", "nothing.yaml"))
	assert.Contains(t, d.err, "there is no nothing.yaml")
}

func TestPolicyForAPlan(t *testing.T) {
	d := newDesk(t)
	require.Zero(t, d.run("--sandbox=account.json", "plan", "--out", "plan.json"), d.err)
	require.Zero(t, d.run("policy", "apply", "--for", "plan.json"), d.err)
	assert.Equal(t, []string{"sts:GetCallerIdentity"}, d.actions()["Account"])
	assert.Contains(t, d.actions()["Write"], "guardduty:CreateDetector")
	assert.Contains(t, d.out, `"aws:RequestedRegion": [`)
	assert.Contains(t, d.out, `:iam::123456789012:role/`, "the plan names its account")

	require.Zero(t, d.run("--sandbox=account.json", "apply", "--auto-approve"), d.err)
	require.Zero(t, d.run("--sandbox=account.json", "plan", "--out", "plan.json"), d.err)
	require.Zero(t, d.run("policy", "apply", "--for", "plan.json"), d.err)
	assert.Equal(t, map[string][]string{"Account": {"sts:GetCallerIdentity"}, "Drift": {"cloudtrail:LookupEvents"}}, d.actions(), "there is nothing to do")
}

func TestPolicyRefusals(t *testing.T) {
	d := newDesk(t)
	for line, want := range map[string]string{
		"policy":                          "kiso policy needs a role: kiso policy plan, or kiso policy apply",
		"policy aply":                     `"aply" is no command of kiso policy; did you mean apply?`,
		"policy plan more":                "takes no argument",
		"policy plan --account 12":        "12 digits",
		"policy plan --all -f kiso.yaml":  "--all and --file exclude each other",
		"policy plan --for x --all":       "--all and --for exclude each other",
		"policy plan --for nothing.json":  "the plan could not be read",
		"policy plan --for kiso.yaml":     "it is not a kiso plan",
		"policy plan --account":           "--account needs a value",
		"policy plan --splt dir":          "did you mean --split?",
		"policy plan --split kiso.yaml/x": "the policies could not be written",
	} {
		require.Equal(t, 1, d.run(strings.Split(line, " ")...), line)
		assert.Contains(t, d.err, want, line)
		assert.Empty(t, d.out, line)
	}
	require.NoError(t, os.WriteFile("kiso.yaml", []byte("version: 1\naccount_id: \"111122223333\"\nhome_region: eu-west-1\nguardduty: {}\n"), 0o600))
	require.Equal(t, 1, d.run("policy", "plan", "--account", "444455556666"))
	assert.Contains(t, d.err, "the spec or plan is for 111122223333, not for 444455556666")
}

func TestPolicyThatFitsNoManagedPolicy(t *testing.T) {
	d := newDesk(t)
	text := "version: 1\nhome_region: eu-west-1\nregions: {include: [" + strings.Join(d.commercialRegions(), ", ") + "]}\n" +
		"cloudtrail: {}\nguardduty: {}\nconfig: {}\nsecurityhub: {}\nroot_login_alarm: {emails: [a@example.com], root_api_usage: true}\n"
	require.NoError(t, os.WriteFile("kiso.yaml", []byte(text), 0o600))
	require.Equal(t, 1, d.run("policy", "apply"))
	assert.Empty(t, d.out)
	assert.Contains(t, d.err, "IAM takes 6144 in a managed policy: --split DIR writes several")

	require.Zero(t, d.run("policy", "apply", "--split", "policies"), d.err)
	names := strings.Fields(d.out)
	require.Equal(t, []string{filepath.Join("policies", "policy-1.json"), filepath.Join("policies", "policy-2.json")}, names)
	for _, name := range names {
		d.out = d.read(name)
		assert.NotEmpty(t, d.actions(), name)
		assert.Less(t, len(strings.Join(strings.Fields(d.out), "")), 6145, name)
	}
}

// commercialRegions are the regions of the partition aws, of those that
// completion offers.
func (d *desk) commercialRegions() []string {
	d.t.Helper()
	elsewhere := regexp.MustCompile(`^(cn|us-gov|us-iso.?|eu-iso.?|eusc)-`)
	return slices.DeleteFunc(d.completed("init", "--home-region", ""), elsewhere.MatchString)
}
