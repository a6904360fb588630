// Package account simulates AWS Account Management of a sandbox account: the list
// of regions and whether they are on. The statuses themselves are the account's
// options.
package account

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// New returns the simulator.
func New() sandbox.Simulator {
	return sandbox.Simulator{
		Name:     "account",
		Protocol: sandbox.RESTJSON{},
		Global:   true,
		Operations: map[string]sandbox.Operation{
			"ListRegions":        sandbox.Read(listRegions).At("POST /listRegions"),
			"GetRegionOptStatus": sandbox.Read(getRegionOptStatus).At("POST /getRegionOptStatus"),
		},
	}
}

type region struct {
	Name   string `json:"RegionName"`
	Status string `json:"RegionOptStatus"`
}

type listRegionsInput struct {
	AccountID  string   `json:"AccountId" range:"12,12"`
	MaxResults *int     `json:"MaxResults" range:"1,50"`
	NextToken  string   `json:"NextToken" range:"0,1000"`
	Statuses   []string `json:"RegionOptStatusContains" enum:"ENABLED,ENABLING,DISABLING,DISABLED,ENABLED_BY_DEFAULT"`
}

type listRegionsOutput struct {
	Regions   []region `json:"Regions"`
	NextToken string   `json:"NextToken,omitempty"`
}

func listRegions(req *sandbox.Request, in listRegionsInput) (any, error) {
	if err := refuseAccountID(in.AccountID); err != nil {
		return nil, err
	}
	var regions []region
	for name, status := range req.Regions() {
		if len(in.Statuses) == 0 || slices.Contains(in.Statuses, status) {
			regions = append(regions, region{name, status})
		}
	}
	slices.SortFunc(regions, func(a, b region) int { return cmp.Compare(a.Name, b.Name) })
	var max int
	if in.MaxResults != nil {
		max = *in.MaxResults
	}
	page, next, err := sandbox.Page(req, regions, in.NextToken, max, 50)
	return listRegionsOutput{page, next}, err
}

type getRegionOptStatusInput struct {
	AccountID  string `json:"AccountId" range:"12,12"`
	RegionName string `json:"RegionName,required" range:"1,50"`
}

func getRegionOptStatus(req *sandbox.Request, in getRegionOptStatusInput) (any, error) {
	if err := refuseAccountID(in.AccountID); err != nil {
		return nil, err
	}
	status, ok := req.Regions()[in.RegionName]
	if !ok {
		return nil, sandbox.Errorf("ValidationException", http.StatusBadRequest, "Invalid region: %s", in.RegionName)
	}
	return region{in.RegionName, status}, nil
}

// refuseAccountID refuses the AccountId parameter, which only an organization's
// management account may pass, for a member (Account Management API reference).
func refuseAccountID(id string) error {
	if id == "" {
		return nil
	}
	return sandbox.Error("AccessDeniedException", http.StatusForbidden,
		"User is not authorized to access this resource: AccountId can only be given by the management account of an organization")
}
