package awsx_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// scissors cut the body of the first answers short, with or without an error.
type scissors struct {
	next http.RoundTripper
	err  error // what reading ends with

	mu   sync.Mutex
	left int
}

func (s *scissors) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := s.next.RoundTrip(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil || s.left == 0 {
		return response, err
	}
	s.left--
	body, err := io.ReadAll(response.Body)
	response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), failing{s.err}))
	return response, err
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestAnAnswerCutShortIsAskedForAgain cuts answers of each protocol: the query
// protocol's XML, JSON, and EC2's.
func TestAnAnswerCutShortIsAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acct := newAccount(sandbox.Options{})
		cut := &scissors{next: acct, err: io.ErrUnexpectedEOF, left: 2}
		cfg := acct.Config(region)
		cfg.HTTPClient = &http.Client{Transport: cut}
		s, err := awsx.Open(t.Context(), awsx.Options{Base: &cfg})
		require.NoError(t, err, "sts")

		cut.left = 2
		assert.NoError(t, list(t.Context(), s, region), "guardduty")
		cut.left = 2
		_, err = s.Regions(t.Context())
		assert.NoError(t, err, "account")
		acct.Inject(sandbox.Fault{Kind: sandbox.Deny, Service: "account"})
		cut.left = 3
		_, err = s.Regions(t.Context())
		assert.NoError(t, err, "ec2")
		assert.Zero(t, cut.left)
	})
}

func TestWhatPassesIsTriedTwelveTimes(t *testing.T) {
	for name, fault := range map[string]sandbox.Fault{
		"throttled":          {Kind: sandbox.Throttle},
		"throttled, SNS":     {Kind: sandbox.Custom, Code: "Throttled", Status: 400},
		"throttled, no code": {Kind: sandbox.Custom, Code: "SomethingNew", Status: 429},
		"an error of AWS":    {Kind: sandbox.InternalError},
		"a connection cut":   {Kind: sandbox.CutConnection},
		"cut, though it was": {Kind: sandbox.CutConnection, AfterEffect: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				acct := newAccount(sandbox.Options{})
				s := open(t, acct, awsx.Options{})
				fault.Service, fault.Times = "guardduty", 11
				acct.Inject(fault)
				assert.NoError(t, list(t.Context(), s, region))
				acct.ClearFaults()
				fault.Times = 0
				struck := acct.Inject(fault)
				assert.Error(t, list(t.Context(), s, region))
				assert.Equal(t, 12, struck.Hits())
			})
		})
	}
}

// TestAnAttemptThatHangsIsGivenUp has a connection that nothing comes out of.
func TestAnAttemptThatHangsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acct := newAccount(sandbox.Options{})
		s := open(t, acct, awsx.Options{})
		acct.Inject(sandbox.Fault{Kind: sandbox.Hang, Times: 1})
		start := time.Now()
		require.NoError(t, list(t.Context(), s, region))
		assert.Less(t, time.Since(start), 32*time.Second)

		hung := acct.Inject(sandbox.Fault{Kind: sandbox.Hang})
		err := list(t.Context(), s, region)
		const noAnswer = "guardduty:ListDetectors got no answer within 30s, however often it was tried; check the network, a proxy (HTTPS_PROXY) and the region, or run again"
		assert.Equal(t, noAnswer, awsx.Explain(err))
		assert.Equal(t, 4, hung.Hits(), "it is tried for two minutes")
		assert.Equal(t, noAnswer, awsx.Explain(list(t.Context(), s, region)))
		assert.Equal(t, 5, hung.Hits(), "what has been silent for that long is tried once more")
		acct.ClearFaults()
		acct.Inject(sandbox.Fault{Kind: sandbox.Hang, Times: 1})
		require.NoError(t, list(t.Context(), s, "us-east-1"), "another region's silence is its own")
		require.NoError(t, list(t.Context(), s, region))
		acct.Inject(sandbox.Fault{Kind: sandbox.Hang, Times: 2})
		require.NoError(t, list(t.Context(), s, region), "it has answered again")

		acct.Inject(sandbox.Fault{Kind: sandbox.Hang, Service: "guardduty"})
		s = open(t, acct, awsx.Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		assert.Equal(t, "guardduty:ListDetectors timed out; raise --timeout or run again", awsx.Explain(list(ctx, s, region)))
	})
}

// An answer that stops half-way is one that hangs.
func TestABodyThatStopsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acct := newAccount(sandbox.Options{})
		cfg := acct.Config(region)
		cfg.HTTPClient = doer(func(r *http.Request) (*http.Response, error) {
			response, err := (&http.Client{Transport: acct}).Do(r)
			if err == nil && strings.Contains(r.URL.Path, "detector") {
				response.Body = &stopped{ctx: r.Context()}
			}
			return response, err
		})
		s, err := awsx.Open(t.Context(), awsx.Options{Base: &cfg})
		require.NoError(t, err)
		assert.Equal(t, "guardduty:ListDetectors got no answer within 30s, however often it was tried; check the network, a proxy (HTTPS_PROXY) and the region, or run again",
			awsx.Explain(list(t.Context(), s, region)))
	})
}

// stopped is a body that never comes.
type stopped struct{ ctx context.Context }

func (s *stopped) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

func (s *stopped) Close() error { return nil }

func TestWhatDoesNotPassIsNotTriedAgain(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	s := open(t, acct, awsx.Options{})
	struck := acct.Inject(sandbox.Fault{Kind: sandbox.Deny})
	assert.Error(t, list(t.Context(), s, region))
	assert.Equal(t, 1, struck.Hits())
}

// TestARegionThatIsThrottledDoesNotStarveOthers uses up the SDK's retry quota in
// one region: another still has its own.
func TestARegionThatIsThrottledDoesNotStarveOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acct := newAccount(sandbox.Options{})
		s := open(t, acct, awsx.Options{})
		acct.Inject(sandbox.Fault{Kind: sandbox.Throttle, Region: "us-east-1"})
		for range 30 {
			require.Error(t, list(t.Context(), s, "us-east-1"))
		}
		assert.ErrorContains(t, list(t.Context(), s, "us-east-1"), "quota exceeded")
		acct.Inject(sandbox.Fault{Kind: sandbox.Throttle, Region: region, Times: 5})
		assert.NoError(t, list(t.Context(), s, region))
	})
}

func TestRequestsInFlightAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acct := newAccount(sandbox.Options{})
		s := open(t, acct, awsx.Options{Parallelism: 2})
		acct.Adjust(func(o *sandbox.Options) { o.Latency = func(sandbox.Call) time.Duration { return time.Second } })
		start := time.Now()
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() { assert.NoError(t, list(t.Context(), s, region)) })
		}
		all.Wait()
		assert.Equal(t, 5*time.Second, time.Since(start))
	})
}

func TestTheLogHoldsRequestsAndNoSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		acct := newAccount(sandbox.Options{})
		s := open(t, acct, awsx.Options{Log: slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug}))})
		acct.Inject(sandbox.Fault{Kind: sandbox.CutConnection, Times: 1})
		require.NoError(t, list(t.Context(), s, region))
		assert.Contains(t, b.String(), `service=GuardDuty operation=ListDetectors region=eu-west-1 took=0s status=200`)
		assert.Contains(t, b.String(), `unexpected EOF`)
		for _, secret := range []string{"AKIASANDBOX", "Signature", "Authorization"} {
			assert.NotContains(t, b.String(), secret)
		}
	})
}

// down is a network that refuses every connection.
type down struct{}

func (down) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("connection refused")
}

// Who has too little time for the tries is told what they fail with.
func TestSigningInThatRunsOutOfTimeSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := newAccount(sandbox.Options{}).Config(region)
		cfg.HTTPClient = &http.Client{Transport: down{}}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := awsx.Open(ctx, awsx.Options{Base: &cfg})
		require.Error(t, err)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Contains(t, err.Error(), "sts:GetCallerIdentity timed out (the last try got no answer")
		assert.Contains(t, err.Error(), "connection refused); raise --timeout")
	})
}
