package sandbox_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsaccount "github.com/aws/aws-sdk-go-v2/service/account"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	awsguardduty "github.com/aws/aws-sdk-go-v2/service/guardduty"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/guardduty"
)

const region = "eu-west-1"

// once makes clients that do not retry, so that a test sees what was answered.
func once(acct *sandbox.Account) aws.Config {
	cfg := acct.Config(region)
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return cfg
}

func createDetector(ctx context.Context, cfg aws.Config) error {
	_, err := awsguardduty.NewFromConfig(cfg).CreateDetector(ctx, &awsguardduty.CreateDetectorInput{Enable: aws.Bool(true)})
	return err
}

func hasDetector(acct *sandbox.Account) bool { return guardduty.Get(acct, region).Detector != nil }

func TestFaultsAndTheirEffect(t *testing.T) {
	for name, tc := range map[string]struct {
		fault     sandbox.Fault
		message   string // of the error; empty: the call succeeds
		effective bool
	}{
		"throttle":     {sandbox.Fault{Kind: sandbox.Throttle}, "ThrottlingException: Rate exceeded", false},
		"500":          {sandbox.Fault{Kind: sandbox.InternalError}, "InternalServerException", false},
		"500 after":    {sandbox.Fault{Kind: sandbox.InternalError, AfterEffect: true}, "InternalServerException", true},
		"denied":       {sandbox.Fault{Kind: sandbox.Deny}, "User: arn:aws:iam::123456789012:user/kiso is not authorized to perform: guardduty:CreateDetector on resource: arn:aws:guardduty:eu-west-1:123456789012:* because no identity-based policy allows the guardduty:CreateDetector action", false},
		"denied (SCP)": {sandbox.Fault{Kind: sandbox.Deny, Reason: sandbox.DeniedBySCP}, "123456789012:* with an explicit deny in a service control policy", false},
		"custom":       {sandbox.Fault{Kind: sandbox.Custom, Code: "OddException", Status: 409, Message: "odd"}, "StatusCode: 409, RequestID: 00000000-0000-4000-8000-000000000001, api error OddException: odd", false},
		"cut":          {sandbox.Fault{Kind: sandbox.CutConnection}, io.ErrUnexpectedEOF.Error(), false},
		"cut after":    {sandbox.Fault{Kind: sandbox.CutConnection, AfterEffect: true}, io.ErrUnexpectedEOF.Error(), true},
		"dropped":      {sandbox.Fault{Kind: sandbox.Drop}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			acct := newAccount(sandbox.Options{})
			tc.fault.Service = "guardduty"
			injected := acct.Inject(tc.fault)
			err := createDetector(t.Context(), once(acct))
			if tc.message == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tc.message)
			}
			assert.Equal(t, tc.effective, hasDetector(acct))
			assert.Equal(t, tc.effective, acct.Writes()[0].Effective)
			assert.Equal(t, 1, injected.Hits())
		})
	}
}

func TestFaultsInEachProtocol(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	acct.Inject(sandbox.Fault{Kind: sandbox.Throttle, Times: 3})
	acct.Inject(sandbox.Fault{Kind: sandbox.Deny, Skip: 3, Reason: sandbox.NoBoundary})
	ctx, cfg := t.Context(), once(acct)
	codes := func() (all []string) {
		_, query := awssts.NewFromConfig(cfg).GetCallerIdentity(ctx, &awssts.GetCallerIdentityInput{})
		_, ec2 := awsec2.NewFromConfig(cfg).DescribeRegions(ctx, &awsec2.DescribeRegionsInput{})
		_, json := awsaccount.NewFromConfig(cfg).ListRegions(ctx, &awsaccount.ListRegionsInput{})
		for _, err := range []error{query, ec2, json} {
			var e smithy.APIError
			require.ErrorAs(t, err, &e)
			all = append(all, e.ErrorCode())
		}
		return all
	}
	assert.Equal(t, []string{"Throttling", "RequestLimitExceeded", "ThrottlingException"}, codes())
	assert.Equal(t, []string{"AccessDenied", "UnauthorizedOperation", "AccessDeniedException"}, codes())
}

func TestFaultsSelectTheirCalls(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	acct.Inject(sandbox.Fault{Operation: "Get*", Region: "eu-*", Skip: 1, Times: 1, Kind: sandbox.InternalError})
	acct.Inject(sandbox.Fault{WritesOnly: true, Kind: sandbox.InternalError})
	call := func(region string) error {
		cfg := once(acct)
		cfg.Region = region
		_, err := awssts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &awssts.GetCallerIdentityInput{})
		return err
	}
	assert.NoError(t, call("us-east-1"))
	assert.NoError(t, call("eu-west-1"), "skipped")
	assert.Error(t, call("eu-west-3"))
	assert.NoError(t, call("eu-west-1"), "used up")
	assert.Error(t, createDetector(t.Context(), once(acct)))
	acct.ClearFaults()
	assert.NoError(t, createDetector(t.Context(), once(acct)))
}

func TestTheSDKRetriesWhatIsTransient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acct := newAccount(sandbox.Options{})
		acct.Inject(sandbox.Fault{Kind: sandbox.Throttle, Times: 1})
		acct.Inject(sandbox.Fault{Kind: sandbox.CutConnection, Skip: 1, Times: 1})
		require.NoError(t, createDetector(t.Context(), acct.Config(region)))
		var codes []string
		for _, c := range acct.Calls() {
			codes = append(codes, c.ErrorCode)
		}
		assert.Equal(t, []string{"ThrottlingException", "NoAnswer", ""}, codes)
	})
}

func TestHookKillsBeforeOrAfterTheEffect(t *testing.T) {
	for _, after := range []bool{false, true} {
		acct := newAccount(sandbox.Options{})
		ctx, kill := context.WithCancel(t.Context())
		acct.Inject(sandbox.Fault{Kind: sandbox.Hook, AfterEffect: after, Do: func(sandbox.Call) { kill() }})
		assert.ErrorIs(t, createDetector(ctx, once(acct)), context.Canceled)
		assert.Equal(t, after, hasDetector(acct))
	}
}

func TestHangEndsWithItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acct := newAccount(sandbox.Options{})
		acct.Inject(sandbox.Fault{Kind: sandbox.Hang})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		assert.ErrorIs(t, createDetector(ctx, once(acct)), context.DeadlineExceeded)
		assert.Equal(t, time.Minute, time.Since(start))
	})
}

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acct := newAccount(sandbox.Options{Latency: func(c sandbox.Call) time.Duration {
			if c.Operation == "CreateDetector" {
				return 3 * time.Second
			}
			return 0
		}})
		start := time.Now()
		done := make(chan error)
		for _, r := range []string{"eu-west-1", "eu-west-2", "eu-west-3"} {
			cfg := acct.Config(r)
			go func() { done <- createDetector(t.Context(), cfg) }()
		}
		for range 3 {
			assert.NoError(t, <-done)
		}
		assert.Equal(t, 3*time.Second, time.Since(start), "calls wait side by side")

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := createDetector(ctx, once(acct))
		assert.True(t, errors.Is(err, context.DeadlineExceeded), "%v", err)
	})
}

func TestReadsLagBehindWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acct := newAccount(sandbox.Options{ReadLag: 40 * time.Second})
		cfg := acct.Config(region)
		client := awsguardduty.NewFromConfig(cfg)
		frequency := func() string {
			id := guardduty.Get(acct, region).Detector.ID
			out, err := client.GetDetector(t.Context(), &awsguardduty.GetDetectorInput{DetectorId: &id})
			if err != nil {
				return "none"
			}
			return string(out.FindingPublishingFrequency)
		}
		require.NoError(t, createDetector(t.Context(), cfg))
		assert.Equal(t, "none", frequency())
		assert.ErrorContains(t, createDetector(t.Context(), cfg), "already exists", "writes see what is there")

		time.Sleep(30 * time.Second)
		id := guardduty.Get(acct, region).Detector.ID
		_, err := client.UpdateDetector(t.Context(), &awsguardduty.UpdateDetectorInput{DetectorId: &id, FindingPublishingFrequency: "ONE_HOUR"})
		require.NoError(t, err)
		time.Sleep(10 * time.Second)
		assert.Equal(t, "SIX_HOURS", frequency(), "as it was before the update")
		time.Sleep(30 * time.Second)
		assert.Equal(t, "ONE_HOUR", frequency())

		guardduty.Edit(acct, region, func(s *guardduty.State) { s.Detector.Frequency = "FIFTEEN_MINUTES" })
		assert.Equal(t, "FIFTEEN_MINUTES", frequency(), "tampering is seen at once")
	})
}
