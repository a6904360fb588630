package cloudtrail

import (
	"slices"
	"time"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// Event is a record of the event history.
type Event struct {
	ID        string          `json:"EventId"`
	Name      string          `json:"EventName"`
	ReadOnly  string          `json:"ReadOnly,omitempty"` // "true" or "false"
	AccessKey string          `json:"AccessKeyId,omitempty"`
	Time      time.Time       `json:"EventTime"`
	Source    string          `json:"EventSource"`
	Username  string          `json:"Username,omitempty"`
	Resources []EventResource `json:"Resources"`
	Record    string          `json:"CloudTrailEvent"` // the record itself, JSON
}

// EventResource is something that a call was about.
type EventResource struct {
	Type string `json:"ResourceType,omitempty"`
	Name string `json:"ResourceName,omitempty"`
}

type lookupInput struct {
	Attributes []attribute `json:"LookupAttributes" range:"0,1"`
	Start      time.Time   `json:"StartTime"`
	End        time.Time   `json:"EndTime"`
	Category   string      `json:"EventCategory" enum:"insight"`
	Max        *int        `json:"MaxResults" range:"1,50"`
	Token      string      `json:"NextToken"`
}

type attribute struct {
	Key   string `json:"AttributeKey,required" enum:"EventId,EventName,ReadOnly,Username,ResourceType,ResourceName,EventSource,AccessKeyId"`
	Value string `json:"AttributeValue,required" range:"1,2000"`
}

type lookupOutput struct {
	Events []Event `json:"Events"`
	Token  string  `json:"NextToken,omitempty"`
}

// historyKept is how far back the event history goes.
const historyKept = 90 * 24 * time.Hour

// lookupEvents returns the newest events first.
func lookupEvents(req *sandbox.Request, in lookupInput) (any, error) {
	if !in.Start.IsZero() && !in.End.IsZero() && in.Start.After(in.End) {
		return nil, refuse("InvalidTimeRangeException", "The start time is after the end time.")
	}
	var events []Event
	for _, e := range slices.Backward(sandbox.State[State](req).Events) {
		if in.Category == "" && in.within(req, e) && in.about(e) {
			events = append(events, e)
		}
	}
	limit := 50
	if in.Max != nil {
		limit = *in.Max
	}
	page, next, err := sandbox.Page(req, events, in.Token, limit, 50)
	if err != nil {
		return nil, refuse("InvalidNextTokenException", "The token is not valid.")
	}
	return lookupOutput{page, next}, nil
}

func (in lookupInput) within(req *sandbox.Request, e Event) bool {
	return (in.Start.IsZero() || !e.Time.Before(in.Start)) && (in.End.IsZero() || !e.Time.After(in.End)) &&
		req.Now.Sub(e.Time) <= historyKept
}

func (in lookupInput) about(e Event) bool {
	for _, a := range in.Attributes {
		has := map[string]string{
			"EventId": e.ID, "EventName": e.Name, "ReadOnly": e.ReadOnly, "Username": e.Username,
			"EventSource": e.Source, "AccessKeyId": e.AccessKey,
		}[a.Key] == a.Value
		for _, r := range e.Resources {
			has = has || a.Key == "ResourceName" && r.Name == a.Value || a.Key == "ResourceType" && r.Type == a.Value
		}
		if !has {
			return false
		}
	}
	return true
}
