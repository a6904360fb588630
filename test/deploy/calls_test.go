package deploy

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCallsThatStartARun(t *testing.T) {
	pattern := template(t, "schedule.yaml").properties("CallRule").at("EventPattern")
	assert.Equal(t, pattern, template(t, "realtime-forwarder.yaml").properties("Rule").at("EventPattern"), "what is forwarded is what is waited for")

	names := pattern.at("detail")["eventName"]
	for _, call := range []string{
		"StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors",
		"UpdateDetector", "DeleteDetector",
		"StopConfigurationRecorder", "DeleteConfigurationRecorder", "DeleteDeliveryChannel",
		"DisableSecurityHub", "BatchDisableStandards", "DeleteFindingAggregator",
		"DisableRule", "DeleteRule", "RemoveTargets", "DeleteTopic",
		"PutBucketPolicy", "DeleteBucketPolicy", "PutBucketObjectLockConfiguration",
	} {
		assert.Contains(t, names, call)
	}
	text, err := json.Marshal(pattern)
	require.NoError(t, err)
	assert.LessOrEqual(t, len(text), 2048, "EventBridge's quota of an event pattern's length")
}
