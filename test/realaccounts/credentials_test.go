package realaccounts

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// files makes these the machine's AWS configuration, in place of the keys in
// the environment.
func (w *world) files(config, keys string) {
	for _, variable := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		require.NoError(w, os.Unsetenv(variable))
	}
	for variable, content := range map[string]string{"AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": keys} {
		file := filepath.Join(os.Getenv("HOME"), variable)
		require.NoError(w, os.WriteFile(file, []byte(content), 0o600))
		w.Setenv(variable, file)
	}
}

const corporate = `[profile audit]
region = eu-west-1
[profile prod]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = admin
[sso-session corp]
sso_region = eu-west-1
sso_start_url = https://corp.awsapps.com/start
`

// TestNobodyToSignInAs runs on machines and with keys that AWS does not take:
// one line says what to do, no call but the first is made.
func TestNobodyToSignInAs(t *testing.T) {
	sts := func(code, message string) func(w *world) {
		return func(w *world) {
			w.Inject(sandbox.Fault{Operation: "GetCallerIdentity", Kind: sandbox.Custom, Status: 403, Code: code, Message: message})
		}
	}
	for name, c := range map[string]struct {
		prepare func(w *world)
		flags   []string
		want    []string
	}{
		"no credentials":      {prepare: func(w *world) { w.files("", "") }, want: []string{"no AWS credentials found", "aws sso login", "AWS_PROFILE"}},
		"a mistyped profile":  {prepare: func(w *world) { w.files(corporate, "[legacy]\n") }, flags: []string{"--profile=prd"}, want: []string{`profile "prd" is not in`, "known: audit, legacy, prod"}},
		"an SSO session over": {prepare: func(w *world) { w.files(corporate, "") }, flags: []string{"--profile=prod"}, want: []string{`SSO session of profile "prod" has expired`, "`aws sso login --profile prod`"}},
		"a role out of reach": {
			prepare: func(w *world) { w.Inject(sandbox.Fault{Operation: "AssumeRole", Kind: sandbox.Deny}) }, flags: []string{"--role-arn=arn:aws:iam::123456789012:role/x"},
			want: []string{"sts:AssumeRole denied because no identity-based policy allows it for arn:aws:iam::123456789012:user/kiso"},
		},
		"a clock that is off": {
			prepare: sts("SignatureDoesNotMatch", "Signature expired: 20261122T000000Z is now earlier than 20261122T012500Z (20261122T014000Z - 15 min.)"),
			want:    []string{"this machine's clock is off", "NTP"},
		},
		"a wrong secret":     {prepare: sts("SignatureDoesNotMatch", "The request signature we calculated does not match"), want: []string{"the secret access key is wrong"}},
		"an expired session": {prepare: sts("ExpiredToken", "The security token included in the request is expired"), want: []string{"have expired", "sign in again"}},
		"an unknown key":     {prepare: sts("InvalidClientTokenId", "The security token included in the request is invalid."), want: []string{"AWS does not know the access key"}},
		"a new account":      {prepare: sts("OptInRequired", "You are not subscribed to this service"), want: []string{"not fully activated yet", "payment, phone"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sandbox.Options{})
			c.prepare(w)
			r := w.kiso(append(c.flags, "plan", "-f", w.spec)...)
			assert.Equal(t, 1, r.code)
			assert.Empty(t, r.out)
			assert.Equal(t, 1, strings.Count(r.err, "\n"), r.err)
			for _, words := range c.want {
				assert.Contains(t, r.err, words)
			}
			for _, call := range w.Calls() {
				assert.Equal(t, "sts", call.Service)
			}
		})
	}
}

// TestTheSDKSaysNothingByItself: where an instance has no role, the SDK has
// remarks of its own for stderr.
func TestTheSDKSaysNothingByItself(t *testing.T) {
	w := newWorld(t, sandbox.Options{})
	w.files("", "")
	closed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	t.Cleanup(closed.Close)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", closed.URL)
	r := w.start("plan", "-f", w.spec).wait(t)
	assert.Equal(t, 1, r.code)
	assert.Regexp(t, `^Error: no AWS credentials found .*\n$`, r.err)
}

func TestTheRootUserIsWarnedAbout(t *testing.T) {
	w := newWorld(t, sandbox.Options{Principal: "arn:aws:iam::123456789012:root"})
	r := w.plan()
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.out, "Warning: these are the credentials of the ROOT USER")
}

func TestRegionsThatAreNotThere(t *testing.T) {
	include := strings.Replace(everything, "cloudtrail:", "regions: {include: [eu-west-1, us-east-1, ap-east-1]}\ncloudtrail:", 1)
	t.Run("the home region", func(t *testing.T) {
		w := newWorld(t, sandbox.Options{})
		w.home = "ap-east-1"
		w.write("version: 1\nhome_region: HOME\nguardduty: {}\n") // without what an opt-in region cannot be home to at all
		r := w.plan()
		assert.Equal(t, 1, r.code)
		assert.Contains(t, r.err, `:2:1: home_region: "ap-east-1" is not enabled in account 123456789012: enable it`)
	})
	t.Run("one that is named", func(t *testing.T) {
		w := newWorld(t, sandbox.Options{})
		w.write(include)
		r := w.apply()
		assert.Equal(t, 1, r.code)
		assert.Contains(t, r.out, "account.region/ap-east-1/ap-east-1\n      the region is not enabled for this account (DISABLED); enable it")
		assert.Contains(t, r.out, "25 added", "the rest is applied")
		for _, call := range w.Calls() {
			assert.NotEqual(t, "ap-east-1", call.Region)
		}
	})
	t.Run("one on its way", func(t *testing.T) {
		w := newWorld(t, sandbox.Options{})
		w.Adjust(func(o *sandbox.Options) { o.Regions["ap-east-1"] = sandbox.Enabling })
		r := w.plan()
		assert.Equal(t, 2, r.code)
		assert.Contains(t, r.out, "ap-east-1 is ENABLING")
		w.write(include)
		r = w.plan()
		assert.Equal(t, 1, r.code)
		says(t, r.out, "(ENABLING); run again when it is, which can take hours")
	})
	t.Run("nobody tells", func(t *testing.T) {
		w := newWorld(t, sandbox.Options{})
		w.Inject(sandbox.Fault{Operation: "ListRegions", Kind: sandbox.Deny})
		w.Inject(sandbox.Fault{Operation: "DescribeRegions", Kind: sandbox.Deny, Reason: sandbox.DeniedBySCP})
		r := w.plan()
		assert.Equal(t, 1, r.code)
		assert.Contains(t, r.err, "account:ListRegions denied because no identity-based policy allows it for arn:aws:iam::123456789012:user/kiso")
		assert.Contains(t, r.err, "ec2:DescribeRegions denied by a service control policy")
		assert.NotContains(t, r.err, "RequestID")
	})
}

// TestS3AloneRefuses: what S3 has against all requests is not taken for a bucket
// of somebody else's.
func TestS3AloneRefuses(t *testing.T) {
	for code, want := range map[string]string{
		"RequestTimeTooSkewed": "s3:ListAllMyBuckets refused the request for its time (RequestTimeTooSkewed): this machine's clock is off; set it (NTP) and run again",
		"NotSignedUp":          "s3:ListAllMyBuckets refused the account (NotSignedUp): it is not fully activated yet",
	} {
		w := newWorld(t, sandbox.Options{})
		w.Inject(sandbox.Fault{Service: "s3", Kind: sandbox.Custom, Status: 403, Code: code, Message: "words"})
		r := w.plan()
		assert.Equal(t, 1, r.code)
		says(t, r.out, want)
		assert.NotContains(t, r.out, "another account")
	}
}
