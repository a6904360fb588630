package securityhub

import (
	"net/http"
	"slices"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// Aggregator is the account's one finding aggregator. It lives in its home region.
type Aggregator struct {
	ID      string   `json:"id"`
	Region  string   `json:"region"`
	Mode    string   `json:"mode"`
	Regions []string `json:"regions,omitempty"` // that the mode includes or excludes
}

// The linking modes.
const (
	allRegions       = "ALL_REGIONS"
	allRegionsExcept = "ALL_REGIONS_EXCEPT_SPECIFIED"
	specifiedRegions = "SPECIFIED_REGIONS"
	noRegions        = "NO_REGIONS"
)

func (a *Aggregator) arn(req *sandbox.Request) string {
	return req.ARN(Service, a.Region, "finding-aggregator/"+a.ID)
}

type aggregatorOutput struct {
	ARN     string   `json:"FindingAggregatorArn"`
	Region  string   `json:"FindingAggregationRegion"`
	Mode    string   `json:"RegionLinkingMode"`
	Regions []string `json:"Regions,omitempty"`
}

func (a *Aggregator) describe(req *sandbox.Request) aggregatorOutput {
	return aggregatorOutput{a.arn(req), a.Region, a.Mode, a.Regions}
}

func account(req *sandbox.Request) *AccountState {
	return sandbox.In[AccountState](req, Service, sandbox.Global)
}

type listAggregatorsInput struct {
	MaxResults *int   `query:"MaxResults" range:"1,100"`
	NextToken  string `query:"NextToken"`
}

type aggregatorSummary struct {
	ARN string `json:"FindingAggregatorArn"`
}

type listAggregatorsOutput struct {
	Aggregators []aggregatorSummary `json:"FindingAggregators"`
	NextToken   string              `json:"NextToken,omitempty"`
}

// listAggregators can be asked in any region.
func listAggregators(req *sandbox.Request, in listAggregatorsInput) (any, error) {
	if _, err := subscribed(req); err != nil {
		return nil, err
	}
	var all []aggregatorSummary
	if a := account(req).Aggregator; a != nil {
		all = append(all, aggregatorSummary{a.arn(req)})
	}
	page, next, err := sandbox.Page(req, all, in.NextToken, value(in.MaxResults), maxPage)
	return listAggregatorsOutput{page, next}, err
}

type aggregatorInput struct {
	ARN string `uri:"FindingAggregatorArn"`
}

func getAggregator(req *sandbox.Request, in aggregatorInput) (any, error) {
	if _, err := subscribed(req); err != nil {
		return nil, err
	}
	a, err := aggregator(req, in.ARN)
	if err != nil {
		return nil, err
	}
	return a.describe(req), nil
}

// aggregator returns the account's aggregator if it has that ARN.
func aggregator(req *sandbox.Request, arn string) (*Aggregator, error) {
	if a := account(req).Aggregator; a != nil && a.arn(req) == arn {
		return a, nil
	}
	return nil, notFound("The finding aggregator " + arn + " is not found")
}

// aggregatorAtHome returns the aggregator for a change, which its home region
// alone takes.
func aggregatorAtHome(req *sandbox.Request, arn string) (*Aggregator, error) {
	if err := mayAggregate(req); err != nil {
		return nil, err
	}
	a, err := aggregator(req, arn)
	if err == nil && a.Region != req.Region {
		err = invalidInput("The operation must be called from the finding aggregation region " + a.Region)
	}
	return a, err
}

// mayAggregate says whether the account may change its aggregator from here.
func mayAggregate(req *sandbox.Request) error {
	state, err := writable(req)
	if err == nil && state.member() {
		err = failure(invalidInputCode, http.StatusUnauthorized, "A finding aggregator cannot be created by a member account.")
	}
	return err
}

type createAggregatorInput struct {
	Mode    string   `json:"RegionLinkingMode,required"`
	Regions []string `json:"Regions"`
}

// createAggregator makes the account's aggregator in the region that it is asked
// in, which cannot be one that accounts opt in to. The message for a second one is
// not documented.
func createAggregator(req *sandbox.Request, in createAggregatorInput) (any, error) {
	if err := mayAggregate(req); err != nil {
		return nil, err
	}
	if req.Regions()[req.Region] != sandbox.EnabledByDefault {
		return nil, invalidInput("The finding aggregation region cannot be an opt-in region: " + req.Region)
	}
	if account(req).Aggregator != nil {
		return nil, invalidInput("A finding aggregator already exists for the account.")
	}
	if err := checkLinking(in.Mode, in.Regions); err != nil {
		return nil, err
	}
	a := &Aggregator{ID: aggregatorID(req), Region: req.Region, Mode: in.Mode, Regions: in.Regions}
	account(req).Aggregator = a
	return a.describe(req), nil
}

func aggregatorID(req *sandbox.Request) string {
	id := req.NewID("finding-aggregator", 32)
	return id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
}

func checkLinking(mode string, regions []string) error {
	switch named := len(regions) > 0; {
	case !slices.Contains([]string{allRegions, allRegionsExcept, specifiedRegions, noRegions}, mode):
		return invalidInput("Invalid parameter 'RegionLinkingMode': " + mode)
	case named && (mode == allRegions || mode == noRegions):
		return invalidInput("Regions cannot be specified when RegionLinkingMode is " + mode)
	case !named && (mode == allRegionsExcept || mode == specifiedRegions):
		return invalidInput("Regions must be specified when RegionLinkingMode is " + mode)
	}
	return nil
}

type updateAggregatorInput struct {
	ARN     string   `json:"FindingAggregatorArn,required"`
	Mode    string   `json:"RegionLinkingMode,required"`
	Regions []string `json:"Regions"`
}

func updateAggregator(req *sandbox.Request, in updateAggregatorInput) (any, error) {
	a, err := aggregatorAtHome(req, in.ARN)
	if err != nil {
		return nil, err
	}
	if err := checkLinking(in.Mode, in.Regions); err != nil {
		return nil, err
	}
	a.Mode, a.Regions = in.Mode, in.Regions
	return a.describe(req), nil
}

func deleteAggregator(req *sandbox.Request, in aggregatorInput) (any, error) {
	if _, err := aggregatorAtHome(req, in.ARN); err != nil {
		return nil, err
	}
	account(req).Aggregator = nil
	return nil, nil
}
