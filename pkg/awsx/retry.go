package awsx

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

const (
	// maxAttempts replaces the SDK's 3: a bootstrap is worth waiting for.
	// AWS_MAX_ATTEMPTS still wins.
	maxAttempts = 12
	// maxBackoff replaces the SDK's 20 s, which is for fleets that must not press
	// a service. One run has each region's limits for itself, and these are per
	// second: twelve attempts wait out a minute of refusals.
	maxBackoff = 8 * time.Second
	// maxSilence is how long calls are repeated of which a service and region
	// answers none. With maxAttempts alone it would be all of seven minutes a call.
	maxSilence = 2 * time.Minute
)

// newRetryer is the SDK's standard mode with more attempts. It also retries
// what the SDK leaves out though it passes: an answer cut off in its body, the
// status 429 whatever its code, and SNS's code Throttled (Amazon SNS API
// reference, common errors).
func newRetryer() aws.RetryerV2 {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff = maxAttempts, maxBackoff
		o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(inVain)}, o.Retryables...)
		o.Retryables = append(o.Retryables,
			retry.IsErrorRetryableFunc(cutOff),
			retry.RetryableErrorCode{Codes: map[string]struct{}{"Throttled": {}}},
			retry.RetryableHTTPStatusCode{Codes: map[int]struct{}{http.StatusTooManyRequests: {}}},
		)
	})
}

// MayHaveWorked says whether a call that is not to be repeated by the SDK, because
// it does something each time, may have gone through all the same: whoever made it
// must look before it is made again. retryer is the client's.
func MayHaveWorked(err error, retryer aws.Retryer) bool {
	return err != nil && retryer.IsErrorRetryable(err)
}

// inVain says of what can never succeed that it is not to be repeated, though the
// SDK takes it for a broken connection.
func inVain(err error) aws.Ternary {
	if misaddressed(err) {
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}

func cutOff(err error) aws.Ternary {
	if errors.Is(err, errSilent) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}

// quotas is the retryer of all the session's clients. It keeps one of the SDK's
// retry quotas for each service and region, so that one that is throttled does
// not use up the others' tries, nor one that is silent their time.
type quotas struct {
	aws.RetryerV2 // says what is retried, how often and after how long

	mu     sync.Mutex
	quotas map[quotaKey]*quota
}

type quotaKey struct{ service, region string }

// quota is what one service and region still get. silent is since when it has not
// answered; zero if it has. failure is what the last attempt failed with, but for want
// of time.
type quota struct {
	aws.RetryerV2
	mu      sync.Mutex
	silent  time.Time
	failure error
}

// sharedQuotas returns what gives every client of a session the same quotas.
func sharedQuotas() func() aws.Retryer {
	q := &quotas{RetryerV2: newRetryer(), quotas: map[quotaKey]*quota{}}
	return func() aws.Retryer { return q }
}

// of returns the quota of the service and region that a call goes to.
func (q *quotas) of(ctx context.Context) *quota {
	key := quotaKey{service: middleware.GetServiceID(ctx), region: middleware.GetRegion(ctx)}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.quotas[key] == nil {
		q.quotas[key] = &quota{RetryerV2: newRetryer()}
	}
	return q.quotas[key]
}

// GetAttemptToken asks the call's own quota, which learns how the attempt ended.
func (q *quotas) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	of := q.of(ctx)
	release, err := of.GetAttemptToken(ctx)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	return func(err error) error {
		of.ended(began, err)
		return release(err)
	}, nil
}

// GetRetryToken asks the call's own quota. An error keeps the call from being repeated.
func (q *quotas) GetRetryToken(ctx context.Context, err error) (func(error) error, error) {
	of := q.of(ctx)
	if of.givenUp() {
		return nil, err
	}
	return of.GetRetryToken(ctx, err)
}

func (q *quota) ended(began time.Time, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
		q.failure = err
	}
	switch {
	case !errors.Is(err, errSilent):
		q.silent = time.Time{}
	case q.silent.IsZero():
		q.silent = began
	}
}

// outOfTime is a call for which there was no time left, and what its last attempt
// failed with.
type outOfTime struct {
	error
	last error
}

func (e *outOfTime) Unwrap() error { return e.error }

// withLastTry adds to a call that ran out of time what its last attempt, of those to
// a service and region, failed with: that is why there were so many.
func withLastTry(retryer aws.Retryer, service, region string, err error) error {
	q, ours := retryer.(*quotas)
	if !ours || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	q.mu.Lock()
	of := q.quotas[quotaKey{service: service, region: region}]
	q.mu.Unlock()
	if of == nil {
		return err
	}
	of.mu.Lock()
	defer of.mu.Unlock()
	if of.failure == nil {
		return err
	}
	return &outOfTime{error: err, last: of.failure}
}

func (q *quota) givenUp() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.silent.IsZero() && time.Since(q.silent) > maxSilence
}
