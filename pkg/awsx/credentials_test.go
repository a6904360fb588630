package awsx_test

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// machine makes the SDK find nothing but what the test puts there: configuration
// files of the given content, in a home of their own, which it returns.
func machine(t *testing.T, config, credentials string) string {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "") // so that it is put back
			require.NoError(t, os.Unsetenv(name))
		}
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	for variable, content := range map[string]string{"AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": credentials} {
		file := filepath.Join(home, variable)
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		t.Setenv(variable, file)
	}
	return home
}

const sso = `[profile corp]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = admin
[sso-session corp]
sso_region = eu-west-1
sso_start_url = https://corp.awsapps.com/start
`

// TestWhatToDoWithoutCredentials sets up machines that lack something.
func TestWhatToDoWithoutCredentials(t *testing.T) {
	keys := map[string]string{"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "test"}
	for name, c := range map[string]struct {
		config, credentials string
		env                 map[string]string
		options             awsx.Options
		want                []string
	}{
		"nothing": {want: []string{"no AWS credentials found", `profile "default"`, "`aws sso login --profile default`", "AWS_PROFILE"}},
		"an access key id alone": {
			env:  map[string]string{"AWS_ACCESS_KEY_ID": "AKIATEST"},
			want: []string{"one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set without the other"},
		},
		"an access key id alone, in the file": {
			credentials: "[default]\naws_access_key_id = AKIATEST\n",
			want:        []string{`profile "default" has an access key id without its secret`},
		},
		"a profile that is not there, by option": {
			options: awsx.Options{Profile: "nope"}, want: []string{`profile "nope" is not in the AWS config`, "aws configure sso"},
		},
		"a profile that is not there, by variable": {
			env: map[string]string{"AWS_PROFILE": "nope"}, want: []string{`profile "nope" is not in the AWS config`},
		},
		"a source profile that is not there": {
			config: "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = gone\n", want: []string{`profile "gone" is not in`},
		},
		"nobody signed in to SSO": {
			config: sso, env: map[string]string{"AWS_PROFILE": "corp"}, want: []string{"run `aws sso login --profile corp`"},
		},
		"nobody signed in to SSO, profile by option": {
			config: sso, options: awsx.Options{Profile: "corp"}, want: []string{"run `aws sso login --profile corp`"},
		},
		"no region": {env: keys, options: awsx.Options{Region: "none"}, want: []string{"no region", "home_region", "AWS_REGION"}},
		"a credential_process that fails": {
			config: "[default]\ncredential_process = false\n", want: []string{`the credential_process of profile "default" gave no credentials`},
		},
		"a credential_process that says too much": {
			config: "[default]\ncredential_process = echo s3cr3t\n", want: []string{`the credential_process of profile "default"`},
		},
		"a web identity without its token": {
			env:  map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": "/none", "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/r"},
			want: []string{"AWS_WEB_IDENTITY_TOKEN_FILE"},
		},
		"attempts that are no number": {env: map[string]string{"AWS_MAX_ATTEMPTS": "lots"}, want: []string{"AWS_MAX_ATTEMPTS=lots"}},
		"a retry mode of fancy":       {env: map[string]string{"AWS_RETRY_MODE": "wild"}, want: []string{"AWS_RETRY_MODE", "wild"}},
		"a CA bundle that is not there": {
			env: map[string]string{"AWS_CA_BUNDLE": "/none.pem"}, want: []string{"AWS_CA_BUNDLE", "/none.pem: no such file"},
		},
		"an endpoint where nobody is": {
			env:  map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "test", "AWS_MAX_ATTEMPTS": "1"},
			want: []string{"sts:GetCallerIdentity got no answer from 127.0.0.1:1: connection refused; that is no address of AWS's: check what names it (AWS_ENDPOINT_URL"},
		},
		"an endpoint without a scheme": { // which is not tried for a minute
			env:  map[string]string{"AWS_ENDPOINT_URL": "localhost", "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "test"},
			want: []string{"AWS_ENDPOINT_URL", "is no URL, such as http://127.0.0.1:4566", "localhost"},
		},
		"an endpoint that is no URL": {
			env:  map[string]string{"AWS_ENDPOINT_URL": "127.0.0.1:1", "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "test"},
			want: []string{"AWS_ENDPOINT_URL", "is no URL, such as http://127.0.0.1:4566", "127.0.0.1:1"},
		},
		"a circle of profiles": {
			config:  "[profile a]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = b\n[profile b]\nrole_arn = arn:aws:iam::123456789012:role/y\nsource_profile = a\n",
			options: awsx.Options{Profile: "a"}, want: []string{`profile "a" takes its credentials from itself, through source_profile`},
		},
		"an MFA device and nobody to ask": {
			config:      "[profile m]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = n\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n",
			credentials: "[n]\naws_access_key_id = AKIATEST\naws_secret_access_key = s3cr3t\n",
			options:     awsx.Options{Profile: "m"}, want: []string{`profile "m" wants the code of an MFA device, and nobody can be asked for it here`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			machine(t, c.config, c.credentials)
			for k, v := range c.env {
				t.Setenv(k, v)
			}
			if c.options.Region == "" {
				c.options.Region = region
			}
			c.options.Region = strings.TrimPrefix(c.options.Region, "none")
			_, err := awsx.Open(t.Context(), c.options)
			for _, words := range c.want {
				assert.ErrorContains(t, err, words)
			}
			assert.NotContains(t, err.Error(), "s3cr3t")
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

// A profile may name an MFA device: its code is asked for where somebody can be
// asked. No code, no request.
func TestTheCodeOfAnMFADevice(t *testing.T) {
	machine(t, "[profile m]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = n\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n",
		"[n]\naws_access_key_id = AKIATEST\naws_secret_access_key = test\n")
	asked := 0
	_, err := awsx.Open(t.Context(), awsx.Options{Profile: "m", Region: region, MFACode: func() (string, error) {
		asked++
		return "", errors.New("the device is at home")
	}})
	assert.ErrorContains(t, err, "the device is at home")
	assert.Equal(t, 1, asked)
}

// A helper that prints a stray line is not understood, and the SDK's error holds all
// that it printed. Nobody sees that, at whatever point of a run it happens.
func TestWhatACredentialProcessPrintedIsNotShown(t *testing.T) {
	server := httptest.NewServer(newAccount(sandbox.Options{}))
	defer server.Close()
	home := machine(t, "", "")
	script := filepath.Join(home, "helper")
	require.NoError(t, os.WriteFile(script, []byte(`test -e "$0".again && echo "a stray line"
touch "$0".again
echo '{"Version": 1, "AccessKeyId": "AKIATEST", "SecretAccessKey": "s3cr3t", "Expiration": "2020-01-01T00:00:00Z"}'
`), 0o600))
	require.NoError(t, os.WriteFile(os.Getenv("AWS_CONFIG_FILE"), []byte("[profile p]\ncredential_process = sh "+script+"\n"), 0o600))
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	s, err := awsx.Open(t.Context(), awsx.Options{Profile: "p", Region: region})
	require.NoError(t, err)
	err = list(t.Context(), s, region)
	assert.Equal(t, "guardduty:ListDetectors was not sent: the credential_process of profile \"p\" gave no credentials: run it by hand to see why", awsx.Explain(err))
	assert.NotContains(t, err.Error(), "s3cr3t", "nor where it is not explained")
}

// Where the address of the instance's credentials is a hole, the SDK gives up by a
// limit of its own: still nothing but credentials is missing.
func TestNoCredentialsAndNoAnswerFromTheInstance(t *testing.T) {
	err := fmt.Errorf("get identity: no EC2 IMDS role found: %w", context.DeadlineExceeded)
	assert.ErrorContains(t, awsx.ExplainConfig(err, "default"), "no AWS credentials found")
}

func TestWhatToDoWithCredentialsThatAreRefused(t *testing.T) {
	for code, want := range map[string]string{
		"ExpiredToken":          "the temporary credentials have expired, or this machine's clock is off",
		"SignatureDoesNotMatch": "the secret access key is wrong, or this machine's clock is off",
		"InvalidClientTokenId":  "AWS does not know the access key",
		"AccessDenied":          "sts:GetCallerIdentity denied",
		"SomethingElse":         "SomethingElse",
	} {
		acct := newAccount(sandbox.Options{})
		acct.Inject(sandbox.Fault{Kind: sandbox.Custom, Status: 403, Code: code, Message: "words"})
		cfg := acct.Config(region)
		_, err := awsx.Open(t.Context(), awsx.Options{Base: &cfg})
		assert.ErrorContains(t, err, want)
		assert.Equal(t, code, awsx.ErrorCode(err), "the cause stays within reach")
	}
}

func TestARoleIsAssumed(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	s := open(t, acct, awsx.Options{RoleARN: "arn:aws:iam::123456789012:role/audit"})
	assert.Equal(t, awsx.Identity{AccountID: "123456789012", Principal: "arn:aws:sts::123456789012:assumed-role/audit/kiso", Partition: "aws"}, s.Identity)

	cfg := acct.Config(region)
	_, err := awsx.Open(t.Context(), awsx.Options{Base: &cfg, RoleARN: "arn:aws:iam::999999999999:role/audit"})
	assert.ErrorContains(t, err, "sts:AssumeRole denied for "+principal, "and not that there were no credentials")
	assert.ErrorContains(t, err, "; check that there is a role of that name, that its trust policy names the caller")
}

// TestThroughTheRealFrontDoor takes the way of a real run: environment, files,
// TLS, and a CA bundle of one's own, as behind a company's proxy.
func TestThroughTheRealFrontDoor(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	server := httptest.NewTLSServer(acct)
	defer server.Close()
	home := machine(t, "[profile work]\nregion = us-east-1\n", "[work]\naws_access_key_id = AKIATEST\naws_secret_access_key = test\n")
	bundle := filepath.Join(home, "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	require.NoError(t, os.WriteFile(bundle, block, 0o600))
	t.Setenv("AWS_CA_BUNDLE", bundle)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)

	s, err := awsx.Open(t.Context(), awsx.Options{Profile: "work"})
	require.NoError(t, err)
	assert.Equal(t, "us-east-1", s.HomeRegion())
	assert.True(t, s.CustomEndpoint())
	require.NoError(t, list(t.Context(), s, region))
	regions, err := s.Regions(t.Context())
	require.NoError(t, err)
	assert.NotEmpty(t, regions)
}

func TestAWSMaxAttemptsWins(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	server := httptest.NewServer(acct)
	defer server.Close()
	machine(t, "", "[default]\naws_access_key_id = AKIATEST\naws_secret_access_key = test\n")
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	s, err := awsx.Open(t.Context(), awsx.Options{Region: region})
	require.NoError(t, err)
	acct.Inject(sandbox.Fault{Kind: sandbox.Throttle, Times: 1})
	assert.Error(t, list(t.Context(), s, region))
}

func TestIdentity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, newAccount(sandbox.Options{Partition: "aws-cn", AccountID: "111122223333"}), awsx.Options{})
		assert.Equal(t, "arn:aws-cn:guardduty:cn-north-1:111122223333:detector/d", s.Identity.ARN("guardduty", "cn-north-1", "detector/d"))
		assert.Equal(t, "arn:aws-cn:s3:::logs", s.Identity.ARN("s3", "", "logs"))
		assert.False(t, s.Identity.Root())
		assert.True(t, awsx.Identity{Principal: "arn:aws:iam::123456789012:root"}.Root())
	})
}
