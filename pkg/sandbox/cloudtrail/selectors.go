package cloudtrail

import (
	"slices"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// EventSelector is a basic event selector.
type EventSelector struct {
	ReadWriteType string         `json:"ReadWriteType,omitempty" enum:"ReadOnly,WriteOnly,All"`
	Management    *bool          `json:"IncludeManagementEvents"`
	DataResources []DataResource `json:"DataResources"`
	Exclude       []string       `json:"ExcludeManagementEventSources"`
}

// DataResource names resources whose data events are logged.
type DataResource struct {
	Type   string   `json:"Type" enum:"AWS::S3::Object,AWS::Lambda::Function,AWS::DynamoDB::Table"`
	Values []string `json:"Values"`
}

// AdvancedSelector is an advanced event selector.
type AdvancedSelector struct {
	Name   string          `json:"Name,omitempty" range:"0,1000"`
	Fields []FieldSelector `json:"FieldSelectors,required" range:"1,100"`
}

// FieldSelector is a condition of an advanced event selector.
type FieldSelector struct {
	Field         string   `json:"Field,required" range:"1,1000"`
	Equals        []string `json:"Equals,omitempty"`
	StartsWith    []string `json:"StartsWith,omitempty"`
	EndsWith      []string `json:"EndsWith,omitempty"`
	NotEquals     []string `json:"NotEquals,omitempty"`
	NotStartsWith []string `json:"NotStartsWith,omitempty"`
	NotEndsWith   []string `json:"NotEndsWith,omitempty"`
}

func (f FieldSelector) values() int {
	n := 0
	for _, list := range [][]string{f.Equals, f.StartsWith, f.EndsWith, f.NotEquals, f.NotStartsWith, f.NotEndsWith} {
		n += len(list)
	}
	return n
}

type selectorsOutput struct {
	ARN      string             `json:"TrailARN"`
	Basic    []EventSelector    `json:"EventSelectors,omitempty"`
	Advanced []AdvancedSelector `json:"AdvancedEventSelectors,omitempty"`
}

type getSelectorsInput struct {
	Name string `json:"TrailName,required"`
}

// getEventSelectors answers in the trail's home region alone (observed,
// aws-sdk-go-v2 issue 1957). A trail without selectors of its own logs all
// management events.
func getEventSelectors(req *sandbox.Request, in getSelectorsInput) (any, error) {
	t, err := find(req, in.Name)
	if err != nil {
		return nil, err
	}
	if t.home != req.Region {
		return nil, unknownTrail(req, t.arn)
	}
	out := selectorsOutput{ARN: t.arn, Basic: t.Selectors, Advanced: t.Advanced}
	if len(out.Basic)+len(out.Advanced) == 0 {
		yes := true
		out.Basic = []EventSelector{{ReadWriteType: "All", Management: &yes, DataResources: []DataResource{}, Exclude: []string{}}}
	}
	return out, nil
}

type putSelectorsInput struct {
	Name     string             `json:"TrailName,required"`
	Basic    []EventSelector    `json:"EventSelectors"`
	Advanced []AdvancedSelector `json:"AdvancedEventSelectors"`
}

// putEventSelectors replaces all selectors, also those of the other kind.
func putEventSelectors(req *sandbox.Request, in putSelectorsInput) (any, error) {
	t, err := own(req, in.Name)
	if err != nil {
		return nil, err
	}
	if (len(in.Basic) == 0) == (len(in.Advanced) == 0) {
		return nil, invalidSelectors("either event selectors or advanced event selectors must be given")
	}
	if err := checkBasic(in.Basic); err != nil {
		return nil, err
	}
	if err := checkAdvanced(in.Advanced); err != nil {
		return nil, err
	}
	t.Selectors, t.Advanced = in.Basic, in.Advanced
	return selectorsOutput{ARN: t.arn, Basic: t.Selectors, Advanced: t.Advanced}, nil
}

func invalidSelectors(why string) error {
	return refuse("InvalidEventSelectorsException", "The event selectors are not valid: %s", why)
}

// checkBasic also fills in what is left out: all events, management included.
func checkBasic(list []EventSelector) error {
	if len(list) > 5 {
		return invalidSelectors("a trail can have up to 5")
	}
	values := 0
	for i := range list {
		s := &list[i]
		if s.ReadWriteType == "" {
			s.ReadWriteType = "All"
		}
		if s.Management == nil {
			yes := true
			s.Management = &yes
		}
		s.DataResources, s.Exclude = append([]DataResource{}, s.DataResources...), append([]string{}, s.Exclude...)
		for _, source := range s.Exclude {
			if source != "kms.amazonaws.com" && source != "rdsdata.amazonaws.com" {
				return invalidSelectors("the source " + source + " cannot be excluded")
			}
		}
		if len(s.Exclude) > 0 && !*s.Management {
			return invalidSelectors("sources are excluded from no management events")
		}
		if !*s.Management && len(s.DataResources) == 0 {
			return invalidSelectors("a selector without management events and data resources selects nothing")
		}
		for _, r := range s.DataResources {
			values += len(r.Values)
		}
	}
	if values > 250 {
		return invalidSelectors("a trail is limited to 250 data resources")
	}
	return nil
}

// managementFields are what management events can be selected by.
var managementFields = []string{"eventCategory", "readOnly", "eventSource", "eventName", "eventType", "sessionCredentialFromConsole", "userIdentity.arn"}

func checkAdvanced(list []AdvancedSelector) error {
	values := 0
	for _, s := range list {
		category, fields := "", map[string]bool{}
		for _, f := range s.Fields {
			if f.values() == 0 || fields[f.Field] {
				return invalidSelectors("the field " + f.Field + " has no condition, or is named twice")
			}
			fields[f.Field] = true
			values += f.values()
			if f.Field == "eventCategory" && len(f.Equals) == 1 && f.values() == 1 {
				category = f.Equals[0]
			}
		}
		switch category {
		case "Management":
			for field := range fields {
				if !slices.Contains(managementFields, field) {
					return invalidSelectors("management events have no field " + field)
				}
			}
		case "Data", "NetworkActivity":
			if category == "Data" && !fields["resources.type"] {
				return invalidSelectors("data events need the field resources.type")
			}
		default:
			return invalidSelectors("eventCategory must equal Management, Data or NetworkActivity")
		}
	}
	if values > 500 {
		return invalidSelectors("the total number of values exceeds 500")
	}
	return nil
}

type insightsInput struct {
	Name string `json:"TrailName,required"`
}

type insightsOutput struct {
	ARN      string          `json:"TrailARN"`
	Insights []insightOutput `json:"InsightSelectors"`
}

type insightOutput struct {
	Type string `json:"InsightType"`
}

func getInsightSelectors(req *sandbox.Request, in insightsInput) (any, error) {
	t, err := find(req, in.Name)
	if err != nil {
		return nil, err
	}
	if len(t.Insights) == 0 {
		return nil, refuse("InsightNotEnabledException", "Trail %s does not have Insights enabled.", t.arn)
	}
	out := insightsOutput{ARN: t.arn}
	for _, i := range t.Insights {
		out.Insights = append(out.Insights, insightOutput{i})
	}
	return out, nil
}
