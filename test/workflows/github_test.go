package workflows

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/spec"
)

const (
	planWorkflow  = "examples/github-actions/plan.yml"
	applyWorkflow = "examples/github-actions/apply.yml"
)

func TestAPullRequestGetsItsPlanAsAComment(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	assert.Equal(t, map[string]string{"plan": "success", "comment": "success"}, f.run(planWorkflow), f.log)
	assert.Contains(t, f.comment, "**Plan: 17 to add, 0 to change, 0 to destroy.**")
	assert.Contains(t, f.summary, "**Plan: 17 to add, 0 to change, 0 to destroy.**")
	assert.Contains(t, f.log, "\n::notice file=kiso.yaml,line=3,col=1,title=guardduty.detector")
	assert.Equal(t, map[string]string{"plan": "plan-role"}, f.roles, "the job that comments has no credentials")
	assert.Empty(t, f.account.Writes())
}

// TestAnEmptyAccountWithEveryRegionFitsAComment: all that kiso can do, in all
// the regions there are, with nothing left out.
func TestAnEmptyAccountWithEveryRegionFitsAComment(t *testing.T) {
	t.Parallel()
	enabled := map[string]string{}
	for _, region := range spec.Regions() {
		if spec.PartitionOf(region) == "aws" {
			enabled[region] = "ENABLED"
		}
	}
	require.GreaterOrEqual(t, len(enabled), 34)
	f := newForgeOf(t, sandbox.Options{Regions: enabled})
	data, err := os.ReadFile(filepath.Join(root, "examples", "everything", "kiso.yaml"))
	require.NoError(t, err)
	f.spec = strings.Replace(string(data), "exclude: [sa-east-1]", "exclude: []", 1)
	assert.Equal(t, "success", f.run(planWorkflow)["comment"], f.log)
	assert.LessOrEqual(t, len(f.comment), 65_000)
	assert.NotContains(t, f.comment, " fit")
	for _, kind := range []string{"cloudtrail.trail", "config.recorder", "guardduty.detector", "securityhub.hub"} {
		assert.Contains(t, f.comment, "\n+ "+kind)
	}
	t.Logf("%d regions: %d bytes", len(enabled), len(f.comment))
}

func TestAnIncompletePlanFailsAndIsCommented(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	f.account.Inject(sandbox.Fault{Service: "guardduty", Region: "eu-north-1", Kind: sandbox.Deny})
	assert.Equal(t, map[string]string{"plan": "failure", "comment": "success"}, f.run(planWorkflow), f.log)
	assert.Contains(t, f.comment, "The plan is incomplete: 1 resource blocked")
	assert.Contains(t, f.log, "\n::error file=kiso.yaml,line=3,col=1,title=guardduty.detector/eu-north-1/detector::")
}

func TestABadSpecFailsWithoutAComment(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	f.spec = "version: 1\nhome_region: eu-wst-1\n"
	assert.Equal(t, map[string]string{"plan": "failure", "comment": "skipped"}, f.run(planWorkflow), f.log)
	assert.Contains(t, f.log, "kiso.yaml:2:")
	assert.Empty(t, f.account.Calls())
}

func TestAForkIsSkipped(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	f.values["github.event.pull_request.head.repo.full_name"] = "mallory/baseline"
	assert.Equal(t, map[string]string{"plan": "skipped", "comment": "skipped"}, f.run(planWorkflow))
	assert.Empty(t, f.account.Calls())
}

func TestWhatIsMergedIsAppliedOnce(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	assert.Equal(t, map[string]string{"plan": "success", "apply": "success"}, f.run(applyWorkflow), f.log)
	assert.Equal(t, map[string]string{"plan": "plan-role", "apply": "apply-role"}, f.roles)
	assert.Contains(t, f.log, "17 added")
	assert.NotEmpty(t, f.account.Writes())
	f.account.ResetCalls()
	assert.Equal(t, map[string]string{"plan": "success", "apply": "skipped"}, f.run(applyWorkflow), f.log)
	assert.Empty(t, f.account.Writes())
}

// TestAPlanThatNobodyReviewedIsNotApplied: the account moves while the
// environment's reviewers read.
func TestAPlanThatNobodyReviewedIsNotApplied(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	f.between = func(job string) {
		if job == "apply" {
			_, err := guardduty.NewFromConfig(f.account.Config("eu-west-1")).CreateDetector(t.Context(), &guardduty.CreateDetectorInput{
				Enable: aws.Bool(false),
			})
			require.NoError(t, err)
			f.account.ResetCalls()
		}
	}
	assert.Equal(t, map[string]string{"plan": "success", "apply": "failure"}, f.run(applyWorkflow), f.log)
	assert.Empty(t, f.account.Writes())
	assert.Contains(t, f.log, "guardduty.detector/eu-west-1/detector")
}

// TestWorkflowsAreHardened holds the examples to what their comments promise.
func TestWorkflowsAreHardened(t *testing.T) {
	t.Parallel()
	pinned := regexp.MustCompile(`uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	for _, name := range []string{planWorkflow, applyWorkflow} {
		data, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		var w workflow
		load(t, name, &w)
		assert.Empty(t, w.Permissions, "%s: jobs ask for their own", name)
		assert.NotContains(t, w.On.Content[0].Value, "pull_request_target")
		for line := range strings.Lines(string(data)) {
			if strings.Contains(line, "uses:") && !strings.Contains(line, "kiso-cli/kiso@v"+version) {
				assert.Regexp(t, pinned, strings.TrimSpace(line))
			}
			assert.NotContains(t, line, "secrets.")
		}
		for _, j := range w.jobs(t) {
			assert.False(t, j.Permissions["id-token"] == "write" && j.Permissions["pull-requests"] == "write", "%s: %s", name, j.Name)
			assert.NotContains(t, []string{j.Permissions["contents"], j.Permissions["actions"]}, "write")
			for _, s := range j.Steps {
				assert.NotContains(t, s.Run, "${{", "%s: what others write must not become shell", name)
			}
		}
	}
	var a action
	load(t, "action.yml", &a)
	for _, s := range a.Runs.Steps {
		assert.NotContains(t, s.Run, "${{")
	}
}
