package awsx

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// attemptTimeout ends one attempt that hangs; the retryer starts another.
const attemptTimeout = 60 * time.Second

func newTransport() aws.HTTPClient {
	return awshttp.NewBuildableClient().WithTimeout(attemptTimeout)
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
