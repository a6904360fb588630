package awsx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// attemptTimeout ends one attempt that hangs; the retryer starts another. The
// calls that kiso makes are answered within seconds, the slowest of them
// (enabling Security Hub, writing a delivery channel) in less than ten: who has
// waited three times that long waits for a connection that is gone.
const attemptTimeout = 30 * time.Second

func newTransport() aws.HTTPClient { return awshttp.NewBuildableClient() }

// gate bounds the requests in flight and how long each takes, and logs it.
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
	response, err := bounded(g.next, r)
	if g.log != nil {
		g.record(r, response, err, time.Since(start))
	}
	return response, err
}

// errSilent is an attempt that was given up: nothing came for too long.
var errSilent = errors.New("no answer within " + attemptTimeout.String())

// bounded makes a request, and gives it up with its answer's body half read if
// that takes too long.
func bounded(client aws.HTTPClient, r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), attemptTimeout)
	a := &attempt{ctx: ctx, run: r.Context(), done: cancel}
	response, err := client.Do(r.WithContext(ctx))
	if err != nil {
		defer cancel()
		return response, a.silence(err)
	}
	a.ReadCloser, response.Body = response.Body, a
	return response, nil
}

// attempt is the body of an answer that must come in time, and says when it is closed.
type attempt struct {
	io.ReadCloser
	ctx, run context.Context
	done     func()
}

// silence tells the attempt's own end from the run's.
func (a *attempt) silence(err error) error {
	if errors.Is(a.ctx.Err(), context.DeadlineExceeded) && a.run.Err() == nil {
		return fmt.Errorf("%w: %w", errSilent, err)
	}
	return err
}

func (a *attempt) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = a.silence(err)
	}
	return n, err
}

func (a *attempt) Close() error {
	defer a.done()
	return a.ReadCloser.Close()
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
