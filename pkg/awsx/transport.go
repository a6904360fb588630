package awsx

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

const (
	// maxAttempts replaces the SDK's 3: a bootstrap is worth waiting for.
	// AWS_MAX_ATTEMPTS still wins.
	maxAttempts = 10
	// attemptTimeout ends one attempt that hangs; the retryer starts another.
	attemptTimeout = 60 * time.Second
)

func newTransport() aws.HTTPClient {
	return awshttp.NewBuildableClient().WithTimeout(attemptTimeout)
}

// newRetryer is the SDK's standard mode with more attempts. It also retries
// what the SDK leaves out though it passes: an answer cut off in its body, and
// SNS's code Throttled (Amazon SNS API reference, common errors).
func newRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = maxAttempts
		o.Retryables = append(o.Retryables,
			retry.IsErrorRetryableFunc(cutOff),
			retry.RetryableErrorCode{Codes: map[string]struct{}{"Throttled": {}}},
		)
	})
}

func cutOff(err error) aws.Ternary {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}

// gate bounds the requests in flight and logs each.
type gate struct {
	next  aws.HTTPClient
	slots chan struct{}
	log   *slog.Logger
}

func (g *gate) Do(r *http.Request) (*http.Response, error) {
	select {
	case g.slots <- struct{}{}:
		defer func() { <-g.slots }()
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	start := time.Now()
	response, err := g.next.Do(r)
	if g.log != nil {
		g.record(r, response, err, time.Since(start))
	}
	return response, err
}

// record never logs headers or bodies: they hold signatures and tokens.
func (g *gate) record(r *http.Request, response *http.Response, err error, took time.Duration) {
	ctx := r.Context()
	attributes := []any{
		"service", middleware.GetServiceID(ctx), "operation", middleware.GetOperationName(ctx),
		"region", middleware.GetRegion(ctx), "took", took.Round(time.Millisecond),
	}
	if err != nil {
		g.log.DebugContext(ctx, "request failed", append(attributes, "error", err)...)
		return
	}
	g.log.DebugContext(ctx, "request", append(attributes, "status", response.StatusCode)...)
}
