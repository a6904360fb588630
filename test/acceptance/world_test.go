package acceptance

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/cli"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/services"
)

// world is an account behind an endpoint, and a kiso that works on it.
type world struct {
	*testing.T
	endpoint  string
	recorder  *recorder
	gaps      []gap
	accountID string
	partition string
	home      string
	signIn    string   // the region where root's sign-ins are recorded; "" if root cannot sign in
	noRoot    bool     // there is no root user
	regions   []string // that kiso manages
	spec      string   // its file
	emails    []string
}

// onSandbox returns a world with a new simulated account.
func onSandbox(t *testing.T, options sandbox.Options) *world {
	account := sandbox.New(options, services.Simulators()...)
	w := newWorld(t, account)
	w.accountID, w.partition = account.AccountID(), account.Partition()
	return w
}

// onMoto returns a world with an empty account of a moto server.
func onMoto(t *testing.T, regions []string) *world {
	endpoint := os.Getenv("KISO_TEST_MOTO_ENDPOINT")
	if endpoint == "" {
		t.Skip("KISO_TEST_MOTO_ENDPOINT names no moto server; make test-moto starts one")
	}
	response, err := http.Post(endpoint+"/moto-api/reset", "", nil)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	to, err := url.Parse(endpoint)
	require.NoError(t, err)
	missing := motoGaps(regions)
	w := newWorld(t, bridged(httputil.NewSingleHostReverseProxy(to), missing))
	w.accountID, w.partition, w.regions, w.gaps = "123456789012", "aws", regions, missing
	for _, g := range missing {
		if g.prepare != nil {
			g.prepare(w)
		}
	}
	return w
}

// newWorld serves the account on loopback and points the environment there.
func newWorld(t *testing.T, account http.Handler) *world {
	w := &world{T: t, recorder: &recorder{next: account}, emails: []string{"security@example.com", "oncall@example.com"}}
	server := httptest.NewServer(w.recorder)
	t.Cleanup(server.Close)
	w.endpoint = server.URL
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
			require.NoError(t, os.Unsetenv(name))
		}
	}
	nowhere := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": w.endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": nowhere, "AWS_SHARED_CREDENTIALS_FILE": nowhere,
	} {
		t.Setenv(name, value)
	}
	return w
}

// result is how a command ended.
type result struct {
	code     int
	out, err string
}

// kiso runs a command line.
func (w *world) kiso(args ...string) result {
	w.Helper()
	var out, err bytes.Buffer
	streams := cli.IO{In: strings.NewReader(""), Out: &out, Err: &err, Env: os.Getenv}
	code := cli.Run(w.Context(), make(chan struct{}), append([]string{"kiso"}, args...), streams, "test")
	return result{code: code, out: out.String(), err: err.String()}
}

// plan runs plan --detailed-exitcode, which must exit with code and write nothing.
func (w *world) plan(code int) result {
	w.Helper()
	w.recorder.drain()
	r := w.kiso("plan", "-f", w.spec, "--detailed-exitcode")
	require.Equal(w, code, r.code, "plan\n%s\n%s", r.out, r.err)
	require.Empty(w, writesOf(w.recorder.drain()), "a plan must not write")
	return r
}

// apply runs apply --auto-approve, which must succeed, and returns its writes.
func (w *world) apply() []request {
	w.Helper()
	w.recorder.drain()
	r := w.kiso("apply", "-f", w.spec, "--auto-approve")
	require.Equal(w, 0, r.code, "apply\n%s\n%s", r.out, r.err)
	return writesOf(w.recorder.drain())
}

// aws is the configuration of a client that shares nothing with kiso's.
func (w *world) aws(region string) aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: aws.String(w.endpoint),
		Credentials: credentials.NewStaticCredentialsProvider("independent", "test", ""),
	}
}

func (w *world) bucket(purpose string) string {
	return "acceptance-" + purpose + "-" + w.accountID + "-" + w.home
}

// inEachRegion runs a check in every managed region.
func (w *world) inEachRegion(check func(ctx context.Context, w *world, region string)) {
	for _, region := range w.regions {
		w.Run(region, func(t *testing.T) {
			here := *w
			here.T = t
			check(t.Context(), &here, region)
		})
	}
}
