// Package guardduty simulates Amazon GuardDuty detectors of a sandbox account: one
// per region, with features that are on unless a request says otherwise, refusals
// told apart by their message alone, and settings that an administrator account
// may own. Facts are from the GuardDuty API reference unless said otherwise.
package guardduty

import (
	"net/http"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// Service is the name of the service in the sandbox.
const Service = "guardduty"

// New returns the simulator.
func New() sandbox.Simulator {
	return sandbox.Simulator{
		Name:     Service,
		Protocol: sandbox.RESTJSON{},
		Invalid:  badRequestCode,
		Operations: map[string]sandbox.Operation{
			"ListDetectors":           sandbox.Read(listDetectors).At("GET /detector"),
			"GetDetector":             sandbox.Read(getDetector).At("GET /detector/{DetectorId}"),
			"CreateDetector":          sandbox.Write(createDetector).At("POST /detector"),
			"UpdateDetector":          sandbox.Write(updateDetector).At("POST /detector/{DetectorId}"),
			"DeleteDetector":          sandbox.Write(deleteDetector).At("DELETE /detector/{DetectorId}"),
			"GetAdministratorAccount": sandbox.Read(getAdministratorAccount).At("GET /detector/{DetectorId}/administrator"),
			"TagResource":             sandbox.Write(tagResource).At("POST /tags/{ResourceArn}").Status(http.StatusNoContent),
			"UntagResource":           sandbox.Write(untagResource).At("DELETE /tags/{ResourceArn}").Status(http.StatusNoContent),
			"ListTagsForResource":     sandbox.Read(listTags).At("GET /tags/{ResourceArn}"),
		},
	}
}

// State is what GuardDuty keeps in one region.
type State struct {
	Detector *Detector `json:"detector,omitempty"`
	// Administrator is the account that this one is a member of; nil: none.
	Administrator *Administrator `json:"administrator,omitempty"`
	// Unavailable names features that GuardDuty does not offer in this region.
	Unavailable []string `json:"unavailable,omitempty"`
}

// Detector is the one detector of a region.
type Detector struct {
	ID        string              `json:"id"`
	Enabled   bool                `json:"enabled"`
	Frequency string              `json:"frequency"`
	Features  map[string]*Feature `json:"features"`
	Tags      map[string]string   `json:"tags,omitempty"`
	CreatedAt string              `json:"createdAt"`
	UpdatedAt string              `json:"updatedAt"`
}

// Feature is the setting of one feature. Additional holds the status of its
// additional configurations by name.
type Feature struct {
	Status     string            `json:"status"`
	UpdatedAt  int64             `json:"updatedAt,omitempty"` // seconds since the epoch
	Additional map[string]string `json:"additional,omitempty"`
}

// Administrator is the relationship of a member to its administrator account.
type Administrator struct {
	AccountID          string `json:"accountId"`
	InvitationID       string `json:"invitationId,omitempty"`
	RelationshipStatus string `json:"relationshipStatus"`
	InvitedAt          string `json:"invitedAt,omitempty"`
}

// Get returns a copy of a region's state.
func Get(a *sandbox.Account, region string) State {
	return sandbox.Get[State](a, Service, region)
}

// Edit changes a region's state behind the API's back.
func Edit(a *sandbox.Account, region string, change func(*State)) {
	sandbox.Edit(a, Service, region, change)
}

const badRequestCode = "BadRequestException"

// badRequest is the one error that GuardDuty has for everything a caller does
// wrong; only the message tells what.
func badRequest(reason string) error {
	return sandbox.Error(badRequestCode, http.StatusBadRequest, "The request is rejected because "+reason)
}

// detector returns the region's detector if it has that id.
func detector(req *sandbox.Request, id string) (*State, *Detector, error) {
	state := sandbox.State[State](req)
	if state.Detector == nil || state.Detector.ID != id {
		return nil, nil, badRequest("the input detectorId is not owned by the current account.")
	}
	return state, state.Detector, nil
}
