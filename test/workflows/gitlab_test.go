package workflows

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const pipeline = "examples/gitlab-ci/.gitlab-ci.yml"

// gitlabJob is as much of a GitLab job as the example uses.
type gitlabJob struct {
	Extends      string
	Script       []string
	BeforeScript []string `yaml:"before_script"`
	Variables    map[string]string
	IDTokens     map[string]struct{ Aud string } `yaml:"id_tokens"`
	Rules        []struct{ If, When string }
	Needs        []string
	Artifacts    struct {
		When, Access string
		Paths        []string
		Reports      map[string]string
	}
	ResourceGroup string `yaml:"resource_group"`
}

// gitlab runs jobs of the pipeline: all in one directory, as if every artifact
// were passed on.
type gitlab struct {
	*forge
	jobs struct {
		Variables map[string]string
		Kiso      gitlabJob `yaml:".kiso"`
		Plan      gitlabJob
		Apply     gitlabJob
	}
	dir string
}

func newGitlab(t *testing.T) *gitlab {
	t.Helper()
	if runnerArch() != "X64" {
		t.Skip("the pipeline installs the release for amd64")
	}
	g := &gitlab{forge: newForge(t), dir: filepath.Join(t.TempDir(), "project")}
	load(t, pipeline, &g.jobs)
	require.NoError(t, os.Mkdir(g.dir, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(g.dir, "kiso.yaml"), []byte(g.spec), 0o600))
	return g
}

// job runs a job's lines in one shell, as GitLab's runner does.
func (g *gitlab) job(t *testing.T, j gitlabJob) bool {
	t.Helper()
	require.Equal(t, ".kiso", j.Extends)
	bin := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(bin, "apk"), []byte("#!/bin/sh\n"), 0o700))
	variables := map[string]string{
		"CI_PROJECT_DIR": g.dir, "CI_PIPELINE_ID": "1", "CI_SERVER_URL": "https://gitlab.example", "KISO_HOME_REGION": "eu-west-1",
		"KISO_AWS_TOKEN": "a.token", "KISO_PLAN_ROLE_ARN": "plan-role", "KISO_APPLY_ROLE_ARN": "apply-role",
	}
	fill := func(text string) string { return os.Expand(text, func(name string) string { return variables[name] }) }
	for _, more := range []map[string]string{g.jobs.Variables, g.jobs.Kiso.Variables, j.Variables} {
		for key, value := range more {
			variables[key] = fill(value)
		}
	}
	variables["KISO_RELEASES"] = g.releases
	command := exec.Command("sh", "-e", "-c", strings.Join(append(g.jobs.Kiso.BeforeScript, j.Script...), "\n"))
	command.Dir = g.dir
	command.Env = []string{
		"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + bin, "AWS_ENDPOINT_URL=" + g.endpoint,
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", // the simulated account has no web identity
	}
	for key, value := range variables {
		command.Env = append(command.Env, key+"="+value)
	}
	output, err := command.CombinedOutput()
	g.log += string(output)
	return err == nil
}

func TestGitLabPlansAndAppliesThatPlan(t *testing.T) {
	t.Parallel()
	g := newGitlab(t)
	require.True(t, g.job(t, g.jobs.Plan), g.log)
	for _, name := range append(g.jobs.Plan.Artifacts.Paths, g.jobs.Plan.Artifacts.Reports["terraform"]) {
		assert.FileExists(t, filepath.Join(g.dir, name))
	}
	data, err := os.ReadFile(filepath.Join(g.dir, g.jobs.Plan.Artifacts.Reports["terraform"]))
	require.NoError(t, err)
	var report map[string]int
	require.NoError(t, json.Unmarshal(data, &report))
	assert.Equal(t, map[string]int{"create": 17, "update": 0, "delete": 0}, report)
	assert.Empty(t, g.account.Writes())

	require.True(t, g.job(t, g.jobs.Apply), g.log)
	assert.NotEmpty(t, g.account.Writes())
}

func TestGitLabUsesNoReleaseWithAnotherChecksum(t *testing.T) {
	t.Parallel()
	g := newGitlab(t)
	archive := filepath.Join(strings.TrimPrefix(g.releases, "file://"), "v"+version, archiveName())
	require.NoError(t, os.WriteFile(archive, []byte("another"), 0o600))
	assert.False(t, g.job(t, g.jobs.Plan))
	assert.Empty(t, g.account.Calls())
}

func TestGitLabPipelineIsHardened(t *testing.T) {
	t.Parallel()
	g := newGitlab(t)
	assert.Equal(t, "$KISO_PLAN_ROLE_ARN", g.jobs.Plan.Variables["AWS_ROLE_ARN"])
	assert.Equal(t, "$KISO_APPLY_ROLE_ARN", g.jobs.Apply.Variables["AWS_ROLE_ARN"])
	assert.Contains(t, g.jobs.Kiso.IDTokens, "KISO_AWS_TOKEN")
	assert.Equal(t, "developer", g.jobs.Plan.Artifacts.Access)
	assert.Contains(t, g.jobs.Plan.Rules[0].If, "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID")
	assert.Equal(t, "manual", g.jobs.Apply.Rules[0].When)
	assert.Equal(t, "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH", g.jobs.Apply.Rules[0].If)
	assert.Equal(t, []string{"plan"}, g.jobs.Apply.Needs)
	assert.NotEmpty(t, g.jobs.Apply.ResourceGroup)
}
