package workflows

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/services"
)

// root is the top of the repository, from this package.
var root, _ = filepath.Abs(filepath.Join("..", ".."))

// workflow is as much of a GitHub workflow as the examples use.
type workflow struct {
	On          yaml.Node
	Permissions map[string]string
	Jobs        yaml.Node
}

type job struct {
	Name        string `yaml:"-"`
	If          string
	Needs       string
	Environment string
	Permissions map[string]string
	Outputs     map[string]string
	Steps       []step
}

type step struct {
	ID, If, Uses, Run string
	Name, Shell       string
	WorkingDirectory  string `yaml:"working-directory"`
	With, Env         map[string]string
}

type action struct {
	Inputs  map[string]struct{ Default string }
	Outputs map[string]struct{ Value string }
	Runs    struct{ Steps []step }
}

func load(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(data, into))
}

// jobs returns a workflow's in the order of the file, which is that of their needs.
func (w *workflow) jobs(t *testing.T) []job {
	t.Helper()
	var jobs []job
	for i := 0; i < len(w.Jobs.Content); i += 2 {
		var j job
		require.NoError(t, w.Jobs.Content[i+1].Decode(&j))
		j.Name = w.Jobs.Content[i].Value
		jobs = append(jobs, j)
	}
	return jobs
}

// forge runs workflows: every job in its own directory, all against one account.
type forge struct {
	t         *testing.T
	account   *sandbox.Account
	endpoint  string
	releases  string // a file URL
	spec      string
	between   func(job string) // called before each job
	values    map[string]string
	artifacts map[string][]byte
	roles     map[string]string // the role that each job took
	comment   string
	summary   string
	log       string
}

func newForge(t *testing.T) *forge { return newForgeOf(t, sandbox.Options{}) }

func newForgeOf(t *testing.T, options sandbox.Options) *forge {
	t.Helper()
	for _, program := range []string{"bash", "curl", "tar"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("runners have " + program + ", and this machine has not")
		}
	}
	account := sandbox.New(options, services.Simulators()...)
	server := httptest.NewServer(account)
	t.Cleanup(server.Close)
	return &forge{
		t: t, account: account, endpoint: server.URL, releases: release(t),
		spec: "version: 1\nhome_region: eu-west-1\nguardduty: {}\n", between: func(string) {},
		values: map[string]string{
			"github.repository": "acme/baseline", "github.event.pull_request.head.repo.full_name": "acme/baseline",
			"vars.KISO_PLAN_ROLE_ARN": "plan-role", "vars.KISO_APPLY_ROLE_ARN": "apply-role",
			"vars.KISO_HOME_REGION": "eu-west-1", "vars.KISO_ACCOUNT_ID": "123456789012",
		},
		artifacts: map[string][]byte{}, roles: map[string]string{},
	}
}

// run runs a workflow and returns each job's result.
func (f *forge) run(name string) map[string]string {
	f.t.Helper()
	var w workflow
	load(f.t, name, &w)
	results := map[string]string{}
	for _, j := range w.jobs(f.t) {
		f.between(j.Name)
		results[j.Name] = f.job(j, results)
	}
	return results
}

func (f *forge) job(j job, results map[string]string) string {
	implied := j.Needs == "" || results[j.Needs] == "success" || strings.Contains(j.If, "cancelled()")
	if !implied || !f.holds(j.If) {
		return "skipped"
	}
	m := newMachine(f, j.Name)
	result := "success"
	for _, s := range j.Steps {
		if result == "failure" && !strings.Contains(s.If, "always()") || !f.holds(m.fill(s.If)) {
			continue
		}
		if !m.step(s) {
			result = "failure"
		}
	}
	for name, value := range j.Outputs {
		f.values["needs."+j.Name+".outputs."+name] = m.fill(value)
	}
	f.summary += m.read("GITHUB_STEP_SUMMARY")
	return result
}

var expression = regexp.MustCompile(`\$\{\{ *([^}]+?) *\}\}`)

// holds evaluates the conditions that the examples use.
func (f *forge) holds(condition string) bool {
	f.t.Helper()
	if match := expression.FindStringSubmatch(condition); match != nil {
		condition = match[1]
	}
	for _, term := range strings.Split(condition, "&&") {
		switch words := strings.Fields(term); {
		case len(words) == 0, words[0] == "always()", words[0] == "!cancelled()":
		case len(words) == 3 && (words[1] == "==" || words[1] == "!="):
			if (f.operand(words[0]) == f.operand(words[2])) != (words[1] == "==") {
				return false
			}
		default:
			f.t.Fatalf("no runner for the condition %q", condition)
		}
	}
	return true
}

func (f *forge) operand(word string) string {
	if strings.HasPrefix(word, "'") {
		return strings.Trim(word, "'")
	}
	return f.values[word]
}

// machine is what one job runs on.
type machine struct {
	*forge
	job       string
	workspace string
	env       map[string]string
}

func newMachine(f *forge, name string) *machine {
	f.t.Helper()
	m := &machine{forge: f, job: name, workspace: f.t.TempDir()}
	temp := f.t.TempDir()
	m.env = map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": temp, "RUNNER_TEMP": temp, "RUNNER_OS": "Linux", "RUNNER_ARCH": runnerArch(),
		"GITHUB_WORKSPACE": m.workspace, "GITHUB_ACTION_PATH": root, "AWS_ENDPOINT_URL": f.endpoint,
	}
	for _, file := range []string{"GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"} {
		m.env[file] = filepath.Join(temp, file)
		require.NoError(f.t, os.WriteFile(m.env[file], nil, 0o600))
	}
	for key := range f.values {
		if strings.HasPrefix(key, "steps.") || strings.HasPrefix(key, "inputs.") {
			delete(f.values, key)
		}
	}
	return m
}

func (m *machine) read(file string) string {
	data, err := os.ReadFile(m.env[file])
	require.NoError(m.t, err)
	return string(data)
}

func (m *machine) fill(text string) string {
	return expression.ReplaceAllStringFunc(text, func(e string) string {
		return m.operand(expression.FindStringSubmatch(e)[1])
	})
}

// step runs one step and says whether it succeeded.
func (m *machine) step(s step) bool {
	with := map[string]string{}
	for key, value := range s.With {
		with[key] = m.fill(value)
	}
	switch name, _, _ := strings.Cut(s.Uses, "@"); name {
	case "":
		return m.shell(s)
	case "actions/checkout":
		require.NoError(m.t, os.WriteFile(filepath.Join(m.workspace, "kiso.yaml"), []byte(m.spec), 0o600))
	case "aws-actions/configure-aws-credentials":
		m.roles[m.job] = with["role-to-assume"]
		m.env["AWS_REGION"], m.env["AWS_ACCESS_KEY_ID"], m.env["AWS_SECRET_ACCESS_KEY"] = with["aws-region"], "test", "test"
	case "kiso-cli/kiso":
		return m.composite(s.ID, with)
	case "actions/upload-artifact":
		data, err := os.ReadFile(with["path"])
		require.NoError(m.t, err)
		m.artifacts[with["name"]+"/"+filepath.Base(with["path"])] = data
	case "actions/download-artifact":
		for key, data := range m.artifacts {
			if file, ok := strings.CutPrefix(key, with["name"]+"/"); ok {
				require.NoError(m.t, os.WriteFile(filepath.Join(m.workspace, file), data, 0o600))
			}
		}
	case "marocchino/sticky-pull-request-comment":
		data, err := os.ReadFile(filepath.Join(m.workspace, with["path"]))
		require.NoError(m.t, err)
		m.comment = string(data)
	default:
		m.t.Fatalf("no runner for the action %s", s.Uses)
	}
	return true
}

// composite runs action.yml as step id.
func (m *machine) composite(id string, with map[string]string) bool {
	var a action
	load(m.t, "action.yml", &a)
	for name, input := range a.Inputs {
		m.values["inputs."+name] = input.Default
	}
	m.values["inputs.release-url"] = m.releases
	for name, value := range with {
		require.Contains(m.t, a.Inputs, name, "action.yml has no such input")
		m.values["inputs."+name] = value
	}
	ok := true
	for _, s := range a.Runs.Steps {
		if ok && m.holds(s.If) {
			ok = m.shell(s)
		}
	}
	for name, output := range a.Outputs {
		m.values["steps."+id+".outputs."+name] = m.fill(output.Value)
	}
	return ok
}

// shell runs a step's commands as the runner does.
func (m *machine) shell(s step) bool {
	m.t.Helper()
	path := strings.Fields(m.read("GITHUB_PATH"))
	slices.Reverse(path)
	command := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", m.fill(s.Run))
	command.Dir = filepath.Join(m.workspace, m.fill(s.WorkingDirectory))
	for key, value := range m.env {
		if key == "PATH" {
			value = strings.Join(append(path, value), ":")
		}
		command.Env = append(command.Env, key+"="+value)
	}
	for key, value := range s.Env {
		command.Env = append(command.Env, key+"="+m.fill(value))
	}
	require.NoError(m.t, os.WriteFile(m.env["GITHUB_OUTPUT"], nil, 0o600))
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	m.log += out.String()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		require.NoError(m.t, err)
	}
	for line := range strings.Lines(m.read("GITHUB_OUTPUT")) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		require.True(m.t, ok, line)
		m.values[fmt.Sprintf("steps.%s.outputs.%s", s.ID, key)] = value
	}
	return err == nil
}
