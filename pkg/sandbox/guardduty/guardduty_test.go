package guardduty_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/guardduty/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	sim "github.com/kiso-cli/kiso/pkg/sandbox/guardduty"
	"github.com/kiso-cli/kiso/pkg/sandbox/iam"
)

const region = "eu-west-1"

func newAccount(options sandbox.Options) (*sandbox.Account, *guardduty.Client) {
	acct := sandbox.New(options, sim.New(), iam.New())
	return acct, guardduty.NewFromConfig(acct.Config(region))
}

func create(t *testing.T, client *guardduty.Client, features ...types.DetectorFeatureConfiguration) *string {
	t.Helper()
	out, err := client.CreateDetector(t.Context(), &guardduty.CreateDetectorInput{
		Enable: aws.Bool(true), Features: features, Tags: map[string]string{"managed-by": "kiso"},
	})
	require.NoError(t, err)
	return out.DetectorId
}

func get(t *testing.T, client *guardduty.Client, id *string) (*guardduty.GetDetectorOutput, map[string]string) {
	t.Helper()
	out, err := client.GetDetector(t.Context(), &guardduty.GetDetectorInput{DetectorId: id})
	require.NoError(t, err)
	statuses := map[string]string{}
	for _, f := range out.Features {
		statuses[string(f.Name)] = string(f.Status)
		for _, a := range f.AdditionalConfiguration {
			statuses[string(f.Name)+"/"+string(a.Name)] = string(a.Status)
		}
	}
	return out, statuses
}

func feature(name, status string) types.DetectorFeatureConfiguration {
	return types.DetectorFeatureConfiguration{Name: types.DetectorFeature(name), Status: types.FeatureStatus(status)}
}

func assertBadRequest(t *testing.T, err error, message string) {
	t.Helper()
	var e *types.BadRequestException
	require.ErrorAs(t, err, &e)
	assert.Contains(t, e.ErrorMessage(), message)
}

func TestCreateTurnsOnWhatIsNotNamed(t *testing.T) {
	acct, client := newAccount(sandbox.Options{})
	sim.Edit(acct, region, func(s *sim.State) { s.Unavailable = []string{"AI_ANALYST"} })
	got, statuses := get(t, client, create(t, client, feature("S3_DATA_EVENTS", "DISABLED")))

	assert.Equal(t, types.DetectorStatusEnabled, got.Status)
	assert.Equal(t, types.FindingPublishingFrequencySixHours, got.FindingPublishingFrequency)
	assert.Equal(t, map[string]string{"managed-by": "kiso"}, got.Tags)
	assert.Equal(t, map[string]string{
		"CLOUD_TRAIL": "ENABLED", "DNS_LOGS": "ENABLED", "FLOW_LOGS": "ENABLED",
		"S3_DATA_EVENTS": "DISABLED", "EKS_AUDIT_LOGS": "ENABLED", "EBS_MALWARE_PROTECTION": "ENABLED",
		"RDS_LOGIN_EVENTS": "ENABLED", "LAMBDA_NETWORK_LOGS": "ENABLED", "AI_PROTECTION": "ENABLED",
		"EKS_RUNTIME_MONITORING": "DISABLED", "EKS_RUNTIME_MONITORING/EKS_ADDON_MANAGEMENT": "DISABLED",
		"RUNTIME_MONITORING": "DISABLED", "RUNTIME_MONITORING/EKS_ADDON_MANAGEMENT": "DISABLED",
		"RUNTIME_MONITORING/ECS_FARGATE_AGENT_MANAGEMENT": "DISABLED", "RUNTIME_MONITORING/EC2_AGENT_MANAGEMENT": "DISABLED",
	}, statuses)
	assert.Contains(t, iam.Get(acct).Roles, "AWSServiceRoleForAmazonGuardDuty", "linked by the service itself")
}

func TestOneDetectorPerRegion(t *testing.T) {
	_, client := newAccount(sandbox.Options{})
	list := func() []string {
		out, err := client.ListDetectors(t.Context(), &guardduty.ListDetectorsInput{MaxResults: aws.Int32(50)})
		require.NoError(t, err)
		return out.DetectorIds
	}
	assert.Empty(t, list())
	id := create(t, client)
	_, err := client.CreateDetector(t.Context(), &guardduty.CreateDetectorInput{Enable: aws.Bool(false)})
	assertBadRequest(t, err, "The request is rejected because a detector already exists for the current account.")
	assert.Equal(t, []string{aws.ToString(id)}, list())
	_, err = client.GetDetector(t.Context(), &guardduty.GetDetectorInput{DetectorId: aws.String("other")})
	assertBadRequest(t, err, "The request is rejected because the input detectorId is not owned by the current account.")
}

func TestADeletedDetectorIsGone(t *testing.T) {
	acct, client := newAccount(sandbox.Options{})
	id := create(t, client)
	sim.Edit(acct, region, func(s *sim.State) {
		s.Administrator = &sim.Administrator{AccountID: "111122223333", RelationshipStatus: "Enabled"}
	})
	_, err := client.DeleteDetector(t.Context(), &guardduty.DeleteDetectorInput{DetectorId: id})
	assertBadRequest(t, err, "managed by the administrator account 111122223333")

	sim.Edit(acct, region, func(s *sim.State) { s.Administrator = nil })
	_, err = client.DeleteDetector(t.Context(), &guardduty.DeleteDetectorInput{DetectorId: id})
	require.NoError(t, err)
	_, err = client.DeleteDetector(t.Context(), &guardduty.DeleteDetectorInput{DetectorId: id})
	assertBadRequest(t, err, "is not owned by the current account")
	create(t, client)
}

func TestUpdateIsPartial(t *testing.T) {
	_, client := newAccount(sandbox.Options{})
	id := create(t, client)
	_, before := get(t, client, id)

	_, err := client.UpdateDetector(t.Context(), &guardduty.UpdateDetectorInput{DetectorId: id, Enable: aws.Bool(false)})
	require.NoError(t, err)
	_, err = client.UpdateDetector(t.Context(), &guardduty.UpdateDetectorInput{DetectorId: id, FindingPublishingFrequency: "ONE_HOUR"})
	require.NoError(t, err)
	monitoring := feature("RUNTIME_MONITORING", "ENABLED")
	monitoring.AdditionalConfiguration = []types.DetectorAdditionalConfiguration{{Name: "EC2_AGENT_MANAGEMENT", Status: "ENABLED"}}
	_, err = client.UpdateDetector(t.Context(), &guardduty.UpdateDetectorInput{DetectorId: id, Features: []types.DetectorFeatureConfiguration{monitoring}})
	require.NoError(t, err)

	got, after := get(t, client, id)
	assert.Equal(t, types.DetectorStatusDisabled, got.Status)
	assert.Equal(t, types.FindingPublishingFrequencyOneHour, got.FindingPublishingFrequency)
	before["RUNTIME_MONITORING"], before["RUNTIME_MONITORING/EC2_AGENT_MANAGEMENT"] = "ENABLED", "ENABLED"
	assert.Equal(t, before, after)
}

func TestFeaturesThatAreRefused(t *testing.T) {
	acct, client := newAccount(sandbox.Options{})
	sim.Edit(acct, region, func(s *sim.State) { s.Unavailable = []string{"RDS_LOGIN_EVENTS"} })
	id := create(t, client)
	before := string(acct.Snapshot())
	misplaced := feature("S3_DATA_EVENTS", "ENABLED")
	misplaced.AdditionalConfiguration = []types.DetectorAdditionalConfiguration{{Name: "EC2_AGENT_MANAGEMENT", Status: "ENABLED"}}
	for message, features := range map[string][]types.DetectorFeatureConfiguration{
		`"S3_DATA_EVENT" is not supported`:                                     {feature("S3_DATA_EVENT", "ENABLED")},
		`"FLOW_LOGS" is not supported`:                                         {feature("FLOW_LOGS", "DISABLED")},
		`"RDS_LOGIN_EVENTS" is not supported in this region`:                   {feature("EKS_AUDIT_LOGS", "DISABLED"), feature("RDS_LOGIN_EVENTS", "ENABLED")},
		"specified more than once":                                             {feature("S3_DATA_EVENTS", "ENABLED"), feature("S3_DATA_EVENTS", "DISABLED")},
		"EKS_RUNTIME_MONITORING and RUNTIME_MONITORING cannot be":              {feature("RUNTIME_MONITORING", "ENABLED"), feature("EKS_RUNTIME_MONITORING", "DISABLED")},
		"Value 'on' at 'features.1.member.status' failed":                      {feature("S3_DATA_EVENTS", "on")},
		`"EC2_AGENT_MANAGEMENT" is not valid for feature S3_DATA_EVENTS`:       {misplaced},
		"Value 'DAILY' at 'findingPublishingFrequency' failed to satisfy cons": nil,
	} {
		in := &guardduty.UpdateDetectorInput{DetectorId: id, Features: features}
		if features == nil {
			in.FindingPublishingFrequency = "DAILY"
		}
		_, err := client.UpdateDetector(t.Context(), in)
		assertBadRequest(t, err, message)
	}
	assert.Equal(t, before, string(acct.Snapshot()), "a refused update changes nothing, not even in part")
}

func TestOrderOfFeaturesIsNotStable(t *testing.T) {
	_, client := newAccount(sandbox.Options{})
	id := create(t, client)
	first, _ := get(t, client, id)
	second, _ := get(t, client, id)
	assert.NotEqual(t, first.Features[0].Name, second.Features[0].Name)
}

func TestAdministrator(t *testing.T) {
	acct, client := newAccount(sandbox.Options{})
	id := create(t, client)
	administrator := func() *types.Administrator {
		out, err := client.GetAdministratorAccount(t.Context(), &guardduty.GetAdministratorAccountInput{DetectorId: id})
		require.NoError(t, err)
		return out.Administrator
	}
	assert.Nil(t, administrator())

	sim.Edit(acct, region, func(s *sim.State) {
		s.Administrator = &sim.Administrator{AccountID: "999999999999", RelationshipStatus: "Enabled"}
	})
	assert.Equal(t, "999999999999", aws.ToString(administrator().AccountId))
	assert.Equal(t, "Enabled", aws.ToString(administrator().RelationshipStatus))
	_, err := client.UpdateDetector(t.Context(), &guardduty.UpdateDetectorInput{DetectorId: id, Enable: aws.Bool(false)})
	assertBadRequest(t, err, "managed by the administrator account 999999999999")
}

func TestTags(t *testing.T) {
	_, client := newAccount(sandbox.Options{Partition: "aws-cn", Regions: map[string]string{region: sandbox.Enabled}})
	arn := aws.String("arn:aws-cn:guardduty:eu-west-1:123456789012:detector/" + aws.ToString(create(t, client)))
	_, err := client.TagResource(t.Context(), &guardduty.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"a": "1", "b": "2"}})
	require.NoError(t, err)
	_, err = client.UntagResource(t.Context(), &guardduty.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"b", "managed-by"}})
	require.NoError(t, err)
	out, err := client.ListTagsForResource(t.Context(), &guardduty.ListTagsForResourceInput{ResourceArn: arn})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "1"}, out.Tags)

	_, err = client.TagResource(t.Context(), &guardduty.TagResourceInput{ResourceArn: aws.String(*arn + "x"), Tags: map[string]string{"a": "1"}})
	var refused smithy.APIError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "BadRequestException", refused.ErrorCode())
}
