package realaccounts

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/cli"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/services"
)

// world is a simulated account behind an endpoint, and a spec for it.
type world struct {
	*testing.T
	*sandbox.Account
	endpoint string
	home     string
	spec     string
}

// three regions are enough for all that differs between regions.
func three() map[string]string {
	return map[string]string{
		"eu-west-1": sandbox.EnabledByDefault, "us-east-1": sandbox.EnabledByDefault, "eu-north-1": sandbox.EnabledByDefault,
		"ap-east-1": sandbox.Disabled,
	}
}

const everything = `version: 1
home_region: HOME
cloudtrail: {}
guardduty:
  features: {S3_DATA_EVENTS: enabled}
config: {}
securityhub: {}
root_login_alarm:
  emails: [security@example.com]
`

// newWorld serves an account on loopback and points the environment there.
func newWorld(t *testing.T, o sandbox.Options) *world {
	t.Helper()
	home := map[string]string{"": "eu-west-1", "aws": "eu-west-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1", "aws-eusc": "eusc-de-east-1"}[o.Partition]
	if o.Regions == nil && home == "eu-west-1" {
		o.Regions = three()
	}
	account := sandbox.New(o, services.Simulators()...)
	server := httptest.NewServer(account)
	t.Cleanup(server.Close)
	w := &world{T: t, Account: account, endpoint: server.URL, home: home}
	clean(t)
	t.Setenv("AWS_ENDPOINT_URL", w.endpoint)
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	w.write(everything)
	return w
}

// clean leaves nothing of the AWS configuration of whoever runs the tests.
func clean(t *testing.T) {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
			require.NoError(t, os.Unsetenv(name))
		}
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

// write makes text the spec.
func (w *world) write(text string) {
	w.spec = filepath.Join(w.TempDir(), "kiso.yaml")
	require.NoError(w, os.WriteFile(w.spec, []byte(strings.ReplaceAll(text, "HOME", w.home)), 0o600))
}

// result is how a command ended.
type result struct {
	code     int
	out, err string
}

// kiso runs a command line with nobody at the terminal.
func (w *world) kiso(args ...string) result { return w.answering("", args...) }

// answering runs a command line; somebody at a terminal gives the answers.
func (w *world) answering(answers string, args ...string) result {
	w.Helper()
	var out, err bytes.Buffer
	streams := cli.IO{In: strings.NewReader(answers), Out: &out, Err: &err, InTerminal: answers != "", Env: os.Getenv}
	code := cli.Run(w.Context(), make(chan struct{}), append([]string{"kiso"}, args...), streams, "test")
	r := result{code: code, out: out.String(), err: err.String()}
	if os.Getenv("KISO_TEST_SHOW") != "" { // for a person to read
		w.Logf("$ kiso %s -> %d\n--- stdout\n%s\n--- stderr\n%s", strings.Join(args, " "), r.code, r.out, r.err)
	}
	if !slices.Contains(args, "json") {
		w.fits(r)
	}
	return r
}

// fits checks that what a person reads fits a terminal of 80 columns, but for
// what cannot be broken: addresses, the values of
// fields, and the one line of an error, which tools look for.
func (w *world) fits(r result) {
	w.Helper()
	long := func(word string) bool { return len(word) > 40 }
	for line := range strings.Lines(r.out) {
		text := strings.TrimSpace(line)
		value := strings.HasPrefix(text, "+ ") || strings.HasPrefix(text, "- ") || strings.HasPrefix(text, "Error: ")
		if len([]rune(strings.TrimRight(line, "\n"))) > 80 && !value && !slices.ContainsFunc(strings.Fields(line), long) {
			assert.Fail(w, "a line is wider than 80 columns", "%q", line)
		}
	}
}

func (w *world) plan() result  { w.Helper(); return w.kiso("plan", "-f", w.spec, "--detailed-exitcode") }
func (w *world) apply() result { w.Helper(); return w.kiso("apply", "-f", w.spec, "--auto-approve") }

// settled checks that nothing is left to do.
func (w *world) settled() {
	w.Helper()
	r := w.plan()
	require.Equal(w, 0, r.code, "%s\n%s", r.out, r.err)
	require.Contains(w, r.out, "No changes.")
}

// aws is the configuration of a client that shares nothing with kiso's.
func (w *world) aws(region string) aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: aws.String(w.endpoint),
		Credentials: credentials.NewStaticCredentialsProvider("independent", "test", ""),
	}
}

// says checks that a text holds words, wherever its lines are broken.
func says(t require.TestingT, text string, words ...string) {
	text = strings.Join(strings.Fields(text), " ")
	for _, w := range words {
		if !strings.Contains(text, w) {
			assert.Fail(t, "not said: "+w, "%s", text[:min(len(text), 3000)])
		}
	}
}

// moment is a time as simulators keep them.
var moment = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^"]*"|\b(9[4-9]\d{7}|1[6-9]\d{8})(\.\d+)?\b`)

// essence is what an account holds, but for when it came to be. Ids are kept:
// the sandbox counts them, so that what was made twice has another one.
func essence(t require.TestingT, a *sandbox.Account) string {
	var indented bytes.Buffer
	require.NoError(t, json.Indent(&indented, a.Snapshot(), "", "  "))
	return moment.ReplaceAllString(indented.String(), `"(time)"`)
}
