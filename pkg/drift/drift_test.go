package drift_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awscloudtrail "github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	awsguardduty "github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/drift"
	"github.com/kiso-cli/kiso/pkg/engine"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/guardduty"
	"github.com/kiso-cli/kiso/pkg/services"
	"github.com/kiso-cli/kiso/pkg/spec"
)

const specText = `
version: 1
home_region: eu-west-1
regions: {include: [eu-west-1, us-east-1]}
cloudtrail: {}
guardduty: {finding_publishing_frequency: FIFTEEN_MINUTES, features: {S3_DATA_EVENTS: enabled}}
`

// house is an account as the spec wants it, in which people then do things.
type house struct {
	t      *testing.T
	acct   *sandbox.Account
	engine *engine.Engine
	spec   *spec.Spec
}

func newHouse(t *testing.T, bootstrap bool) *house {
	t.Helper()
	return newHouseOf(t, specText, bootstrap)
}

func newHouseOf(t *testing.T, specText string, bootstrap bool) *house {
	t.Helper()
	h := &house{t: t, acct: sandbox.New(sandbox.Options{}, services.Simulators()...)}
	cfg := h.acct.Config("eu-west-1")
	var err error
	h.engine, err = engine.Open(t.Context(), services.All(), "test", awsx.Options{Base: &cfg}, "")
	require.NoError(t, err)
	h.spec, err = spec.Decode("kiso.yaml", []byte(specText), engine.Sections(services.All()))
	require.NoError(t, err)
	if bootstrap {
		p, err := h.engine.Plan(t.Context(), h.spec)
		require.NoError(t, err)
		result, err := h.engine.Apply(t.Context(), p, apply.Options{})
		require.NoError(t, err)
		require.NoError(t, result.Err())
		time.Sleep(time.Hour)
	}
	return h
}

// as returns a configuration that signs with somebody's access key.
func (h *house) as(key, region string) aws.Config {
	cfg := h.acct.Config(region)
	cfg.Credentials = credentials.NewStaticCredentialsProvider(key, "secret", "")
	return cfg
}

func (h *house) stopLogging(key string) {
	_, err := awscloudtrail.NewFromConfig(h.as(key, "eu-west-1")).StopLogging(h.t.Context(), &awscloudtrail.StopLoggingInput{Name: aws.String("kiso")})
	require.NoError(h.t, err)
}

func (h *house) updateDetector(key, region string, change func(*awsguardduty.UpdateDetectorInput)) {
	input := &awsguardduty.UpdateDetectorInput{DetectorId: aws.String(guardduty.Get(h.acct, region).Detector.ID)}
	change(input)
	_, err := awsguardduty.NewFromConfig(h.as(key, region)).UpdateDetector(h.t.Context(), input)
	require.NoError(h.t, err)
}

func (h *house) drift() *drift.Report {
	h.t.Helper()
	p, err := h.engine.Plan(h.t.Context(), h.spec)
	require.NoError(h.t, err)
	h.acct.ResetCalls()
	report := h.engine.Drift(h.t.Context(), p)
	assert.Empty(h.t, h.acct.Writes(), "drift only reads")
	return report
}

func in(t *testing.T, bootstrap bool, test func(h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(newHouse(t, bootstrap)) })
}

func TestEachCulpritIsNamedWithTheCall(t *testing.T) {
	in(t, true, func(h *house) {
		h.stopLogging("AKIAALICE")
		h.updateDetector("AKIABOB", "us-east-1", func(i *awsguardduty.UpdateDetectorInput) { i.FindingPublishingFrequency = "SIX_HOURS" })
		time.Sleep(time.Minute)
		h.updateDetector("AKIACAROL", "us-east-1", func(i *awsguardduty.UpdateDetectorInput) { i.Enable = aws.Bool(false) })

		report := h.drift()
		require.Len(t, report.Items, 2)
		trail, detector := report.Items[0], report.Items[1]

		assert.Equal(t, "cloudtrail.trail/eu-west-1/kiso", trail.Address.String())
		assert.Equal(t, drift.Drifted, trail.Status)
		require.Len(t, trail.Fields, 1)
		by := trail.Fields[0].By
		require.NotNil(t, by)
		assert.Equal(t, []string{"StopLogging", "AKIAALICE", "arn:aws:iam::123456789012:user/alice", "127.0.0.1"}, []string{by.Name, by.AccessKey, by.Actor, by.SourceIP})

		culprits := map[string]string{}
		for _, f := range detector.Fields {
			require.NotNil(t, f.By, f.Path)
			culprits[f.Path] = f.By.AccessKey
		}
		assert.Equal(t, map[string]string{"finding_publishing_frequency": "AKIABOB", "status": "AKIACAROL"}, culprits)
	})
}

func TestWhatNobodyIsOnRecordFor(t *testing.T) {
	in(t, true, func(h *house) {
		guardduty.Edit(h.acct, "us-east-1", func(s *guardduty.State) { s.Detector.Enabled = false })
		report := h.drift()
		require.Len(t, report.Items, 1)
		assert.Nil(t, report.Items[0].Fields[0].By)
		assert.Empty(t, report.Notes)
	})
}

func TestNeverBootstrappedIsNotDrift(t *testing.T) {
	in(t, false, func(h *house) {
		report := h.drift()
		assert.Equal(t, len(report.Items), report.Count(drift.Never))
		assert.NotEmpty(t, report.Items)
	})
}

func TestDeletedIsToldFromNeverThere(t *testing.T) {
	in(t, true, func(h *house) {
		_, err := awscloudtrail.NewFromConfig(h.as("AKIAMALLORY", "eu-west-1")).DeleteTrail(h.t.Context(), &awscloudtrail.DeleteTrailInput{Name: aws.String("kiso")})
		require.NoError(t, err)
		report := h.drift()
		require.Len(t, report.Items, 1)
		assert.Equal(t, drift.Gone, report.Items[0].Status)
		assert.Equal(t, "AKIAMALLORY", report.Items[0].Fields[0].By.AccessKey)
	})
}

func TestAHistoryThatCannotBeReadIsANote(t *testing.T) {
	in(t, true, func(h *house) {
		h.stopLogging("AKIAALICE")
		h.acct.Inject(sandbox.Fault{Service: "cloudtrail", Operation: "LookupEvents", Kind: sandbox.Deny, Reason: sandbox.DeniedBySCP})
		report := h.drift()
		require.Len(t, report.Items, 1)
		assert.Nil(t, report.Items[0].Fields[0].By)
		assert.True(t, report.Items[0].Fields[0].Unread)
		assert.Contains(t, report.Lines()[0], "logging by whom is not known")
		require.Len(t, report.Notes, 1)
		assert.Contains(t, report.Notes[0], "who changed what in eu-west-1 is not known: cloudtrail:LookupEvents denied by a service control policy")
	})
}

// What is gone was never there only as far as a history that was read can tell.
func TestWhatIsGoneWithoutAHistoryIsMissing(t *testing.T) {
	in(t, false, func(h *house) {
		h.acct.Inject(sandbox.Fault{Service: "cloudtrail", Operation: "LookupEvents", Region: "us-east-1", Kind: sandbox.Deny})
		report := h.drift()
		for _, item := range report.Items {
			want := drift.Never
			if item.Region == "us-east-1" {
				want = drift.Missing
			}
			assert.Equal(t, want, item.Status, item.Address)
		}
		assert.Equal(t, 1, report.Count(drift.Missing))
		var b bytes.Buffer
		require.NoError(t, report.Encode(&b))
		assert.Contains(t, b.String(), `"missing": 1`)
	})
}

// CloudTrail takes two LookupEvents a second in each region.
func TestLookupsKeepWithinTheRate(t *testing.T) {
	in(t, true, func(h *house) {
		h.stopLogging("AKIAALICE")
		h.updateDetector("AKIABOB", "eu-west-1", func(i *awsguardduty.UpdateDetectorInput) { i.Enable = aws.Bool(false) })
		h.drift()
		var last time.Time
		lookups := 0
		for _, c := range h.acct.Calls() {
			if c.Operation != "LookupEvents" {
				continue
			}
			lookups++
			if !last.IsZero() {
				assert.GreaterOrEqual(t, c.Time.Sub(last), 500*time.Millisecond)
			}
			last = c.Time
		}
		assert.Greater(t, lookups, 2)
	})
}

func TestEncode(t *testing.T) {
	in(t, true, func(h *house) {
		h.stopLogging("AKIAALICE")
		var b bytes.Buffer
		require.NoError(t, h.drift().Encode(&b))
		var doc struct {
			Complete bool
			Drift    []struct {
				Address, Status string
				Fields          []struct {
					Path       string
					Spec, Live any
					By         map[string]any
				}
			}
			Summary map[string]int
		}
		require.NoError(t, json.Unmarshal(b.Bytes(), &doc))
		assert.True(t, doc.Complete)
		assert.Equal(t, 1, doc.Summary["drifted"])
		field := doc.Drift[0].Fields[0]
		assert.Equal(t, []any{"logging", true, false, "StopLogging", "AKIAALICE"}, []any{field.Path, field.Spec, field.Live, field.By["event_name"], field.By["access_key_id"]})
	})
}
