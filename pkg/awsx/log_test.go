package awsx_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/awsx"
)

// torn answers GetCallerIdentity, and breaks off after the answer.
type torn struct{}

func (torn) Do(*http.Request) (*http.Response, error) {
	body := io.MultiReader(
		strings.NewReader(`<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/a</Arn><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`),
		iotest.ErrReader(errors.New("torn")),
	)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(body)}, nil
}

func TestTheSDKsRemarksAreForWhoLooksAtRequests(t *testing.T) {
	base := aws.Config{
		Region: "eu-west-1", HTTPClient: torn{}, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	}
	var log bytes.Buffer
	_, err := awsx.Open(t.Context(), awsx.Options{
		Base: &base, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	require.NoError(t, err)
	assert.Contains(t, log.String(), "level=DEBUG msg=sdk")
	_, err = awsx.Open(t.Context(), awsx.Options{Base: &base})
	require.NoError(t, err)
}
