package awsx

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
)

// explainConfig turns what the SDK says when it has no usable credentials into
// what the user can do. The SDK's own text stays reachable through Unwrap; it is
// not shown where it may hold what a credential_process printed.
func explainConfig(err error, profile string) error {
	var none *noCredentials
	if errors.As(err, &none) {
		return none // explained where they were asked for
	}
	profile = cmp.Or(profile, os.Getenv("AWS_PROFILE"), os.Getenv("AWS_DEFAULT_PROFILE"), "default")
	advice := ""
	if !sessionOver(err) { // which has the code of a denial
		advice = refusedAdvice(err)
	}
	if advice == "" {
		advice = missingAdvice(err, profile)
	}
	if advice == "" {
		return err
	}
	return &adviceError{advice: advice, cause: err}
}

// explained is where credentials come from, with its errors explained: they may be
// asked for at any call, and what the SDK says holds what a credential_process
// printed.
type explained struct {
	aws.CredentialsProvider
	profile string
}

// Retrieve returns the credentials.
func (e explained) Retrieve(ctx context.Context) (aws.Credentials, error) {
	credentials, err := e.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		return credentials, &noCredentials{adviceError{advice: explainConfig(err, e.profile).Error(), cause: err}}
	}
	return credentials, nil
}

// noCredentials keeps a call from being made.
type noCredentials struct{ adviceError }

// sessionOver says whether credentials could not be had because the SSO session
// has ended: by its time, or because somebody signed out.
func sessionOver(err error) bool {
	var none *noCredentials
	if errors.As(err, &none) {
		err = none.cause
	}
	return contains(err.Error(), "InvalidGrantException", "SSO session has expired", "Token has expired", "cached SSO token", "token has expired", "Session token not found")
}

// refusedAdvice explains credentials that AWS refuses, by its code; or "".
func refusedAdvice(err error) string {
	off := clockOff(err)
	switch {
	case misaddressed(err):
		return noURL(err)
	case skewed(err):
		return Explain(err)
	case off != "" && IsCode(err, append([]string{"SignatureDoesNotMatch"}, expired...)...):
		return off + ": set the clock (NTP) and run again"
	case IsCode(err, expired...):
		return "the temporary credentials have expired, or this machine's clock is off: sign in again, check the clock"
	case IsCode(err, "SignatureDoesNotMatch"):
		return "the secret access key is wrong, or this machine's clock is off"
	case IsCode(err, "InvalidClientTokenId", "UnrecognizedClientException"):
		return "AWS does not know the access key: it was deleted, is mistyped, or belongs to another partition"
	case Denied(err), unsent(err), IsCode(err, notActivated...):
		return Explain(err)
	}
	return ""
}

// missingAdvice explains that the SDK found no credentials to send, by its
// words: it has no types for most of these. Or "".
func missingAdvice(err error, profile string) string {
	var noProfile config.SharedConfigProfileNotExistError
	var file *fs.PathError
	text := err.Error()
	switch {
	case contains(text, "Failed to parse uri", "Custom endpoint"):
		return noURL(err)
	case contains(text, "AssumeRoleTokenProvider"):
		return fmt.Sprintf("profile %q wants the code of an MFA device, and nobody can be asked for it here: run kiso at a terminal, or take credentials from a session that has given it (`aws configure export-credentials --profile %s`)", profile, profile)
	case contains(text, "failed to load assume role") && contains(text, "<nil>"):
		return fmt.Sprintf("profile %q takes its credentials from itself, through source_profile: one profile of the circle must have some of its own", profile)
	case errors.As(err, &noProfile):
		return fmt.Sprintf("profile %q is not in the AWS config or credentials file; %s", noProfile.Profile, knownProfiles())
	case sessionOver(err):
		return fmt.Sprintf("the SSO session of profile %q has expired: run `aws sso login --profile %s`", profile, profile)
	case contains(text, "no EC2 IMDS role found", "static credentials are empty") && halfAKey():
		return "one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set without the other: set both, or none"
	case contains(text, "no EC2 IMDS role found", "static credentials are empty"):
		return fmt.Sprintf("no AWS credentials found (environment, profile %q, web identity, container, instance): run `aws sso login --profile %s` or set AWS_PROFILE", profile, profile)
	// After those above: the SDK's own limit on the instance's credentials ends so too.
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return Explain(err)
	case contains(text, "partial credentials found"):
		return fmt.Sprintf("profile %q has an access key id without its secret, or a secret without its id: complete it in the AWS credentials file", profile)
	case contains(text, "process provider error"):
		return fmt.Sprintf("the credential_process of profile %q gave no credentials: run it by hand to see why", profile)
	case contains(text, "failed to retrieve jwt"):
		return "the web identity token cannot be read: AWS_WEB_IDENTITY_TOKEN_FILE (or web_identity_token_file) must name a readable file"
	case contains(text, "Missing Region"):
		return "no region: set home_region in the spec, or AWS_REGION"
	case contains(text, "failed to refresh cached credentials"):
		_, why, _ := strings.Cut(text, "failed to refresh cached credentials, ")
		return fmt.Sprintf("the credentials of profile %q cannot be had: %s", profile, why)
	case errors.As(err, &file):
		return fmt.Sprintf("a file that the AWS configuration names (AWS_CA_BUNDLE, ca_bundle) cannot be read: %v", file)
	}
	return ""
}

// misaddressed says whether an endpoint is an address without http:// or https://,
// which no repetition makes one.
func misaddressed(err error) bool {
	var request *url.Error
	return errors.As(err, &request) && contains(request.Err.Error(), "unsupported protocol scheme")
}

func noURL(err error) string {
	why := innermost(err)
	var request *url.Error
	if errors.As(err, &request) {
		why = strings.Trim(request.URL, "/")
	}
	return "an endpoint that the AWS configuration names (AWS_ENDPOINT_URL, endpoint_url) is no URL, such as http://127.0.0.1:4566: " + why
}

// halfAKey says whether the environment has one part of a key: the SDK passes over it.
func halfAKey() bool {
	id := cmp.Or(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_ACCESS_KEY"))
	secret := cmp.Or(os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SECRET_KEY"))
	return (id == "") != (secret == "")
}

// adviceError says what to do and keeps the cause.
type adviceError struct {
	advice string
	cause  error
}

func (e *adviceError) Error() string { return e.advice }
func (e *adviceError) Unwrap() error { return e.cause }

func contains(text string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}
