package guardduty

import (
	"net/http"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/iam"
)

type listDetectorsInput struct {
	MaxResults *int   `query:"maxResults" range:"1,50"`
	NextToken  string `query:"nextToken"`
}

type listDetectorsOutput struct {
	DetectorIDs []string `json:"detectorIds"`
	NextToken   string   `json:"nextToken,omitempty"`
}

func listDetectors(req *sandbox.Request, in listDetectorsInput) (any, error) {
	var ids []string
	if d := sandbox.State[State](req).Detector; d != nil {
		ids = []string{d.ID}
	}
	var max int
	if in.MaxResults != nil {
		max = *in.MaxResults
	}
	page, next, err := sandbox.Page(req, ids, in.NextToken, max, 50)
	return listDetectorsOutput{page, next}, err
}

type detectorInput struct {
	DetectorID string `uri:"DetectorId"`
}

type getDetectorOutput struct {
	CreatedAt   string            `json:"createdAt"`
	UpdatedAt   string            `json:"updatedAt"`
	Frequency   string            `json:"findingPublishingFrequency"`
	ServiceRole string            `json:"serviceRole"`
	Status      string            `json:"status"`
	Tags        map[string]string `json:"tags"`
	Features    []featureOutput   `json:"features"`
}

func getDetector(req *sandbox.Request, in detectorInput) (any, error) {
	_, d, err := detector(req, in.DetectorID)
	if err != nil {
		return nil, err
	}
	status := disabled
	if d.Enabled {
		status = enabled
	}
	return getDetectorOutput{
		CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt, Frequency: d.Frequency, Status: status,
		ServiceRole: req.ARN("iam", "", "role/aws-service-role/guardduty.amazonaws.com/AWSServiceRoleForAmazonGuardDuty"),
		Tags:        d.Tags,
		Features:    listFeatures(req, d.Features),
	}, nil
}

type createDetectorInput struct {
	Enable      *bool             `json:"enable,required"`
	ClientToken string            `json:"clientToken" range:"0,64"`
	Frequency   string            `json:"findingPublishingFrequency" enum:"FIFTEEN_MINUTES,ONE_HOUR,SIX_HOURS"`
	Tags        map[string]string `json:"tags" range:"1,200"`
	Features    []featureInput    `json:"features"`
}

type createDetectorOutput struct {
	DetectorID string `json:"detectorId"`
}

// createDetector turns on every optional feature that the request does not name,
// except for runtime monitoring.
func createDetector(req *sandbox.Request, in createDetectorInput) (any, error) {
	state := sandbox.State[State](req)
	if state.Detector != nil {
		return nil, badRequest("a detector already exists for the current account.")
	}
	now := timestamp(req)
	d := &Detector{
		ID: req.NewID("detector", 32), Enabled: *in.Enable, Frequency: in.Frequency, Tags: in.Tags,
		CreatedAt: now, UpdatedAt: now, Features: initialFeatures(req, state.Unavailable),
	}
	if d.Frequency == "" {
		d.Frequency = "SIX_HOURS"
	}
	if err := setFeatures(req, d, state.Unavailable, in.Features); err != nil {
		return nil, err
	}
	iam.EnsureServiceLinkedRole(req, "guardduty.amazonaws.com", "AWSServiceRoleForAmazonGuardDuty")
	state.Detector = d
	return createDetectorOutput{d.ID}, nil
}

type updateDetectorInput struct {
	DetectorID string         `uri:"DetectorId"`
	Enable     *bool          `json:"enable"`
	Frequency  string         `json:"findingPublishingFrequency" enum:"FIFTEEN_MINUTES,ONE_HOUR,SIX_HOURS"`
	Features   []featureInput `json:"features"`
}

// updateDetector changes what the request names. A member cannot change what its
// administrator controls, which is everything that can be set here.
func updateDetector(req *sandbox.Request, in updateDetectorInput) (any, error) {
	state, d, err := detector(req, in.DetectorID)
	if err != nil {
		return nil, err
	}
	if err := state.refuseMember(); err != nil {
		return nil, err
	}
	if err := setFeatures(req, d, state.Unavailable, in.Features); err != nil {
		return nil, err
	}
	if in.Enable != nil {
		d.Enabled = *in.Enable
	}
	if in.Frequency != "" {
		d.Frequency = in.Frequency
	}
	d.UpdatedAt = timestamp(req)
	return nil, nil
}

// deleteDetector takes the detector with all its settings. A member of an
// administrator account cannot.
func deleteDetector(req *sandbox.Request, in detectorInput) (any, error) {
	state, _, err := detector(req, in.DetectorID)
	if err != nil {
		return nil, err
	}
	if err := state.refuseMember(); err != nil {
		return nil, err
	}
	state.Detector = nil
	return nil, nil
}

// refuseMember refuses what only the administrator account may do.
func (s *State) refuseMember() error {
	if s.Administrator == nil || s.Administrator.RelationshipStatus != "Enabled" {
		return nil
	}
	return badRequest("the current account is a member and its detector is managed by the administrator account " + s.Administrator.AccountID + ".")
}

type administratorOutput struct {
	Administrator *Administrator `json:"administrator"`
}

// getAdministratorAccount answers with nothing for an account that is no member.
func getAdministratorAccount(req *sandbox.Request, in detectorInput) (any, error) {
	state, _, err := detector(req, in.DetectorID)
	if err != nil {
		return nil, err
	}
	return administratorOutput{state.Administrator}, nil
}

type tagResourceInput struct {
	ResourceARN string            `uri:"ResourceArn"`
	Tags        map[string]string `json:"tags,required" range:"1,200"`
}

func tagResource(req *sandbox.Request, in tagResourceInput) (any, error) {
	d, err := tagged(req, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	if d.Tags == nil {
		d.Tags = map[string]string{}
	}
	for k, v := range in.Tags {
		d.Tags[k] = v
	}
	return nil, nil
}

type untagResourceInput struct {
	ResourceARN string   `uri:"ResourceArn"`
	TagKeys     []string `query:"tagKeys,required" range:"1,200"`
}

func untagResource(req *sandbox.Request, in untagResourceInput) (any, error) {
	d, err := tagged(req, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	for _, k := range in.TagKeys {
		delete(d.Tags, k)
	}
	return nil, nil
}

type listTagsInput struct {
	ResourceARN string `uri:"ResourceArn"`
}

type listTagsOutput struct {
	Tags map[string]string `json:"tags"`
}

func listTags(req *sandbox.Request, in listTagsInput) (any, error) {
	d, err := tagged(req, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return listTagsOutput{d.Tags}, nil
}

// tagged returns the detector with that ARN.
func tagged(req *sandbox.Request, arn string) (*Detector, error) {
	d := sandbox.State[State](req).Detector
	if d == nil || arn != req.ARN(Service, req.Region, "detector/"+d.ID) {
		return nil, sandbox.Error(badRequestCode, http.StatusBadRequest, "The request is rejected because the input resourceArn is not owned by the current account.")
	}
	return d, nil
}

func timestamp(req *sandbox.Request) string {
	return req.Now.UTC().Format("2006-01-02T15:04:05.000Z")
}
