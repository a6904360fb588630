package acceptance

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/guardduty/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// checkGuardDuty looks for one enabled detector with what the spec names.
func checkGuardDuty(ctx context.Context, w *world, region string) {
	client := guardduty.NewFromConfig(w.aws(region))
	list, err := client.ListDetectors(ctx, &guardduty.ListDetectorsInput{})
	require.NoError(w, err)
	require.Len(w, list.DetectorIds, 1)
	detector, err := client.GetDetector(ctx, &guardduty.GetDetectorInput{DetectorId: &list.DetectorIds[0]})
	require.NoError(w, err)
	assert.Equal(w, types.DetectorStatusEnabled, detector.Status)
	assert.Equal(w, types.FindingPublishingFrequencyFifteenMinutes, detector.FindingPublishingFrequency)
	assert.Equal(w, "kiso", detector.Tags["managed-by"])
	features := map[string]types.FeatureStatus{}
	for _, f := range detector.Features {
		features[string(f.Name)] = f.Status
	}
	assert.Equal(w, types.FeatureStatusEnabled, features["S3_DATA_EVENTS"])
	assert.Equal(w, types.FeatureStatusDisabled, features["RDS_LOGIN_EVENTS"])
}

// tamperGuardDuty switches one region's detector off.
func tamperGuardDuty(ctx context.Context, w *world) {
	client := guardduty.NewFromConfig(w.aws(w.home))
	list, err := client.ListDetectors(ctx, &guardduty.ListDetectorsInput{})
	require.NoError(w, err)
	_, err = client.UpdateDetector(ctx, &guardduty.UpdateDetectorInput{DetectorId: &list.DetectorIds[0], Enable: aws.Bool(false)})
	require.NoError(w, err)
}
