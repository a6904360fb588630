package awsx

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
)

// explainConfig turns what the SDK says when it has no usable credentials into
// what the user can do. The SDK's own text stays reachable through Unwrap.
func explainConfig(err error, profile string) error {
	text := err.Error()
	name := profile
	if name == "" {
		name = "default"
	}
	var noProfile config.SharedConfigProfileNotExistError
	advice := ""
	switch {
	case errors.As(err, &noProfile):
		advice = fmt.Sprintf("profile %q is not in the AWS config or credentials file; `aws configure list-profiles` shows those that are", noProfile.Profile)
	case contains(text, "InvalidGrantException", "SSO session has expired", "Token has expired", "cached SSO token", "token has expired"):
		advice = fmt.Sprintf("the SSO session of profile %q has expired: run `aws sso login --profile %s`", name, name)
	case contains(text, "no EC2 IMDS role found", "failed to refresh cached credentials", "static credentials are empty"):
		advice = fmt.Sprintf("no AWS credentials found (environment, profile %q, web identity, container, instance): run `aws sso login --profile %s` or set AWS_PROFILE", name, name)
	case contains(text, "Missing Region", "Invalid Configuration: Missing Region"):
		advice = "no region: set home_region in the spec, or AWS_REGION"
	case IsCode(err, "ExpiredToken", "ExpiredTokenException", "RequestExpired"):
		advice = "the temporary credentials have expired, or this machine's clock is off: sign in again, check the clock"
	case IsCode(err, "SignatureDoesNotMatch"):
		advice = "the secret access key is wrong, or this machine's clock is off"
	case IsCode(err, "InvalidClientTokenId", "UnrecognizedClientException"):
		advice = "AWS does not know the access key: it was deleted, is mistyped, or belongs to another partition"
	case IsCode(err, "AccessDenied", "AccessDeniedException"):
		advice = Explain(err)
	default:
		return err
	}
	return &adviceError{advice: advice, cause: err}
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
