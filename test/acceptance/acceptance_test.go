package acceptance

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// byDefault are the 17 regions that every account of the partition aws has.
func byDefault() []string {
	all := sandbox.DefaultRegions("aws")
	maps.DeleteFunc(all, func(_, status string) bool { return status != sandbox.EnabledByDefault })
	return slices.Sorted(maps.Keys(all))
}

func TestOnTheSandbox(t *testing.T) {
	w := onSandbox(t, sandbox.Options{})
	w.home, w.signIn, w.regions = "eu-west-1", "us-east-1", byDefault()
	require.Len(t, w.regions, 17)
	w.foundation()
}

func TestOnTheSandboxWithRegionsOptedIn(t *testing.T) {
	regions := sandbox.DefaultRegions("aws")
	regions["ap-east-1"], regions["eu-south-2"], regions["me-south-1"] = sandbox.Enabled, sandbox.Enabled, sandbox.Enabling
	w := onSandbox(t, sandbox.Options{Regions: regions})
	w.home, w.signIn, w.regions = "ap-northeast-1", "us-east-1", append(byDefault(), "ap-east-1", "eu-south-2")
	w.foundation()
}

func TestOnTheSandboxOfOtherPartitions(t *testing.T) {
	for _, p := range []struct {
		name, home string
		noRoot     bool
		regions    []string
	}{
		{"aws-us-gov", "us-gov-east-1", false, []string{"us-gov-east-1", "us-gov-west-1"}},
		{"aws-cn", "cn-north-1", true, []string{"cn-north-1", "cn-northwest-1"}},
	} {
		t.Run(p.name, func(t *testing.T) {
			w := onSandbox(t, sandbox.Options{Partition: p.name})
			w.home, w.regions, w.noRoot = p.home, p.regions, p.noRoot
			w.foundation()
		})
	}
}

func TestOnMoto(t *testing.T) {
	w := onMoto(t, byDefault())
	w.home, w.signIn = "eu-west-1", "us-east-1"
	w.foundation()
}

// specText is what is asked for; every check looks for just this.
const specText = `version: 1
account_id: "ACCOUNT"
home_region: HOME
tags: {managed-by: kiso}
cloudtrail:
  trail_name: acceptance
  bucket:
    name: acceptance-cloudtrail-{account_id}-{home_region}
    object_lock: {mode: GOVERNANCE, days: 400}
guardduty:
  finding_publishing_frequency: FIFTEEN_MINUTES
  features: {S3_DATA_EVENTS: enabled, RDS_LOGIN_EVENTS: disabled}
config:
  bucket: {name: "acceptance-config-{account_id}-{home_region}"}
  recording_frequency: CONTINUOUS
securityhub:
  standards: [aws-foundational-security-best-practices/v/1.0.0]
  aggregation: all_regions
root_login_alarm:
  emails: [security@example.com, oncall@example.com]
  root_api_usage: true
`

func (w *world) writeSpec() {
	w.spec = filepath.Join(w.TempDir(), "kiso.yaml")
	text := strings.NewReplacer("ACCOUNT", w.accountID, "HOME", w.home).Replace(w.without(specText))
	require.NoError(w, os.WriteFile(w.spec, []byte(text), 0o600))
}

// foundation is the story: nothing there, everything planned, applied, found by
// others, nothing left to do; then tampered with, noticed, repaired.
func (w *world) foundation() {
	w.writeSpec()
	before := w.plan(2)
	assert.Contains(w, before.out, "to add, 0 to change, 0 to destroy.")
	assert.NotEmpty(w, w.apply(), "the first apply writes")
	w.verify()
	after := w.plan(0)
	assert.Contains(w, after.out, "No changes.")
	assert.Empty(w, w.apply(), "a second apply writes nothing")

	tamperCloudTrail(w.Context(), w)
	tamperGuardDuty(w.Context(), w)
	tampered := w.plan(2).out
	assert.Contains(w, tampered, "Plan: 0 to add, 2 to change, 0 to destroy.")
	assert.Contains(w, tampered, "logging: false -> true")
	assert.Contains(w, tampered, `status: "DISABLED" -> "ENABLED"`)
	assert.Len(w, w.apply(), 2, "a write for each")
	w.verify()
	w.plan(0)
}

// verify looks with clients of its own for every setting in every region.
func (w *world) verify() {
	ctx := w.Context()
	checkCloudTrail(ctx, w)
	checkConfigBucket(ctx, w)
	checkAggregator(ctx, w)
	if w.signIn != "" {
		checkAlarm(ctx, w, w.signIn, "kiso-root-login")
	}
	w.inEachRegion(func(ctx context.Context, w *world, region string) {
		checkGuardDuty(ctx, w, region)
		checkConfig(ctx, w, region)
		checkSecurityHub(ctx, w, region)
		if !w.noRoot {
			checkAlarm(ctx, w, region, "kiso-root-api-usage")
		}
		if region != w.signIn {
			checkNoAlarm(ctx, w, region, "kiso-root-login")
		}
	})
}
