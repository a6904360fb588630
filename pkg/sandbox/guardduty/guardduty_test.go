package guardduty_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/guardduty/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	sim "github.com/kiso-cli/kiso/pkg/sandbox/guardduty"
)

func TestCreateDetectorTurnsOnWhatIsNotNamed(t *testing.T) {
	acct := sandbox.New(sandbox.Options{}, sim.New())
	client := guardduty.NewFromConfig(acct.Config("eu-west-1"))
	ctx := t.Context()

	listed, err := client.ListDetectors(ctx, &guardduty.ListDetectorsInput{})
	require.NoError(t, err)
	assert.Empty(t, listed.DetectorIds)

	created, err := client.CreateDetector(ctx, &guardduty.CreateDetectorInput{
		Enable:   aws.Bool(true),
		Tags:     map[string]string{"managed-by": "kiso"},
		Features: []types.DetectorFeatureConfiguration{{Name: types.DetectorFeatureS3DataEvents, Status: types.FeatureStatusDisabled}},
	})
	require.NoError(t, err)

	got, err := client.GetDetector(ctx, &guardduty.GetDetectorInput{DetectorId: created.DetectorId})
	require.NoError(t, err)
	assert.Equal(t, types.DetectorStatusEnabled, got.Status)
	assert.Equal(t, types.FindingPublishingFrequencySixHours, got.FindingPublishingFrequency)
	assert.Equal(t, map[string]string{"managed-by": "kiso"}, got.Tags)
	status := map[string]string{}
	for _, f := range got.Features {
		status[string(f.Name)] = string(f.Status)
	}
	assert.Equal(t, map[string]string{
		"CLOUD_TRAIL": "ENABLED", "DNS_LOGS": "ENABLED", "FLOW_LOGS": "ENABLED",
		"S3_DATA_EVENTS": "DISABLED", "EKS_AUDIT_LOGS": "ENABLED", "EBS_MALWARE_PROTECTION": "ENABLED",
		"RDS_LOGIN_EVENTS": "ENABLED", "LAMBDA_NETWORK_LOGS": "ENABLED", "AI_PROTECTION": "ENABLED", "AI_ANALYST": "ENABLED",
		"RUNTIME_MONITORING": "DISABLED", "EKS_RUNTIME_MONITORING": "DISABLED",
	}, status)
}
