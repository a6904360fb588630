package lambda_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/fleet"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/guardduty"
	"github.com/kiso-cli/kiso/pkg/services"
)

const specText = `{version: 1, home_region: us-east-1, regions: {include: [us-east-1, eu-west-1]}, guardduty: {}}`

// runtimeAPI is a stand-in for Lambda's runtime API (Lambda developer guide,
// "Using the Lambda runtime API"): it hands out invocations and takes answers.
type runtimeAPI struct {
	mu      sync.Mutex
	n       int
	events  chan string
	answers chan answer
	until   time.Duration // deadline of each invocation, from when it is handed out
}

type answer struct {
	Path string // response, or error
	Body string
}

func (a *runtimeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/invocation/next") {
		select {
		case event := <-a.events:
			a.mu.Lock()
			a.n++
			a.mu.Unlock()
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", fmt.Sprintf("request-%d", a.n))
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(a.until).UnixMilli()))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:kiso")
			_, _ = io.WriteString(w, event)
		case <-r.Context().Done():
		}
		return
	}
	body, _ := io.ReadAll(r.Body)
	a.answers <- answer{Path: r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:], Body: string(body)}
	w.WriteHeader(http.StatusAccepted)
}

// function is the real binary under the stand-in, and the account it works on.
type function struct {
	api     *runtimeAPI
	account *sandbox.Account
	log     *os.File
}

func start(t *testing.T, until time.Duration, env ...string) *function {
	t.Helper()
	f := &function{
		api:     &runtimeAPI{events: make(chan string), answers: make(chan answer, 1), until: until},
		account: sandbox.New(sandbox.Options{}, services.Simulators()...),
	}
	runtimeServer := httptest.NewServer(f.api)
	t.Cleanup(runtimeServer.Close)
	aws := httptest.NewServer(f.account)
	t.Cleanup(aws.Close)
	var err error
	f.log, err = os.Create(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), binary(t))
	command.Env = append([]string{
		"AWS_LAMBDA_RUNTIME_API=" + runtimeServer.Listener.Addr().(*net.TCPAddr).String(),
		"AWS_ENDPOINT_URL=" + aws.URL, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_REGION=us-east-1",
		"KISO_SPEC=" + specText,
	}, env...)
	command.Stdout, command.Stderr = f.log, f.log
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	return f
}

var build struct {
	once sync.Once
	path string
	out  []byte
	err  error
}

// binary builds kiso as it is shipped to Lambda.
func binary(t *testing.T) string {
	t.Helper()
	build.once.Do(func() {
		dir, err := os.MkdirTemp("", "kiso-lambda")
		if err != nil {
			build.err = err
			return
		}
		build.path = filepath.Join(dir, "bootstrap")
		command := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", build.path, "../../cmd/kiso")
		command.Env = append(os.Environ(), "CGO_ENABLED=0")
		build.out, build.err = command.CombinedOutput()
	})
	require.NoError(t, build.err, string(build.out))
	return build.path
}

func TestMain(m *testing.M) {
	code := m.Run()
	if build.path != "" {
		_ = os.RemoveAll(filepath.Dir(build.path))
	}
	os.Exit(code)
}

// invoke hands out an event and returns the answer.
func (f *function) invoke(t *testing.T, event string) answer {
	t.Helper()
	select {
	case f.api.events <- event:
	case <-time.After(time.Minute):
		t.Fatal("the function asked for no event")
	}
	select {
	case a := <-f.api.answers:
		return a
	case <-time.After(time.Minute):
		t.Fatal("the function gave no answer")
		return answer{}
	}
}

func (f *function) result(t *testing.T, event string) fleet.Result {
	t.Helper()
	a := f.invoke(t, event)
	require.Equal(t, "response", a.Path, a.Body)
	var r fleet.Result
	require.NoError(t, json.Unmarshal([]byte(a.Body), &r))
	return r
}

// metrics returns the metric lines so far.
func (f *function) metrics(t *testing.T) []map[string]any {
	t.Helper()
	data, err := os.ReadFile(f.log.Name())
	require.NoError(t, err)
	var lines []map[string]any
	for line := range strings.Lines(string(data)) {
		var m map[string]any
		if json.Unmarshal([]byte(line), &m) == nil && m["_aws"] != nil {
			lines = append(lines, m)
		}
	}
	return lines
}

func TestInvocationsOfOneProcess(t *testing.T) {
	f := start(t, 5*time.Minute)

	r := f.result(t, `{}`)
	assert.Equal(t, fleet.Drift, r.Mode, "by default it only looks")
	assert.Equal(t, fleet.Changes, r.Outcome)
	assert.Equal(t, 2, r.Summary.Create)
	assert.Empty(t, f.account.Writes())

	r = f.result(t, `{"mode": "apply"}`)
	assert.Equal(t, fleet.Applied, r.Outcome)
	assert.Equal(t, 2, r.Added)

	guardduty.Edit(f.account, "eu-west-1", func(s *guardduty.State) { s.Detector.Enabled = false })
	r = f.result(t, `{"mode": "drift"}`)
	assert.Equal(t, fleet.Changes, r.Outcome)
	require.Len(t, r.Drift, 1)
	assert.Contains(t, r.Drift[0], "guardduty.detector/eu-west-1/detector: drifted")

	a := f.invoke(t, `{"mode": "destroy"}`)
	assert.Equal(t, "error", a.Path)
	assert.Contains(t, a.Body, "want plan, drift or apply")

	r = f.result(t, `{"mode": "plan"}`)
	assert.Equal(t, fleet.Changes, r.Outcome, "an error does not end the process")

	metrics := f.metrics(t)
	require.Len(t, metrics, 5)
	assert.InDelta(t, 1, metrics[0]["Runs"], 0)
	assert.InDelta(t, 2, metrics[0]["DriftedResources"], 0)
	assert.InDelta(t, 2, metrics[1]["AppliedResources"], 0)
	assert.InDelta(t, 1, metrics[3]["Errors"], 0)
	assert.Equal(t, []any{[]any{"Mode"}, []any{"AccountId", "Mode"}}, dimensions(metrics[0]))
	assert.Equal(t, []any{[]any{"Mode"}}, dimensions(metrics[3]), "CloudWatch takes no empty account")
}

// dimensions returns those of a metric line.
func dimensions(line map[string]any) any {
	directive := line["_aws"].(map[string]any)["CloudWatchMetrics"].([]any)[0]
	return directive.(map[string]any)["Dimensions"]
}

func TestMetricsWithoutTheAccount(t *testing.T) {
	f := start(t, 5*time.Minute, "KISO_ACCOUNT_METRICS=false")
	f.result(t, `{"mode": "plan"}`)
	metrics := f.metrics(t)
	require.Len(t, metrics, 1)
	assert.Equal(t, []any{[]any{"Mode"}}, dimensions(metrics[0]))
	assert.Equal(t, "123456789012", metrics[0]["AccountId"], "the log has it all the same")
}

func TestEventOfACallStartsARunButNotForItsOwn(t *testing.T) {
	f := start(t, 5*time.Minute, "KISO_MODE=apply")
	event := `{"detail-type": "AWS API Call via CloudTrail", "detail": {"eventName": "DeleteDetector", "userAgent": "%s", "errorCode": "%s"}}`

	f.result(t, fmt.Sprintf(event, "aws-sdk-go-v2/1.47 app/kiso-0.1.0", ""))
	assert.Empty(t, f.account.Calls(), "its own call is no reason")
	f.result(t, fmt.Sprintf(event, "aws-cli/2.0", "AccessDenied"))
	assert.Empty(t, f.account.Calls(), "a refused call is no reason")

	r := f.result(t, fmt.Sprintf(event, "aws-cli/2.0", ""))
	assert.Equal(t, fleet.Applied, r.Outcome)
}

func TestDeadlineEndsTheRunInTimeToTell(t *testing.T) {
	f := start(t, 2*time.Second)
	f.account.Adjust(func(o *sandbox.Options) {
		o.Latency = func(c sandbox.Call) time.Duration {
			if c.Service == "guardduty" {
				return time.Hour
			}
			return 0
		}
	})
	r := f.result(t, `{"mode": "plan"}`)
	assert.Equal(t, fleet.Incomplete, r.Outcome)
	assert.NotEmpty(t, r.Problems)
}

func TestWrongAccountIsAnError(t *testing.T) {
	f := start(t, 5*time.Minute, `KISO_SPEC={version: 1, account_id: "111122223333", home_region: us-east-1, guardduty: {}}`)
	a := f.invoke(t, `{"mode": "apply"}`)
	assert.Equal(t, "error", a.Path)
	assert.Contains(t, a.Body, "111122223333")
	assert.Contains(t, a.Body, "123456789012")
	assert.Empty(t, f.account.Writes())
}
