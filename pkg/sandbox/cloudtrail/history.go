package cloudtrail

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
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
	for _, e := range slices.Backward(history(req)) {
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

// history is what happened in the request's region, oldest first: the calls that
// the account took, and then what a test put there.
func history(req *sandbox.Request) []Event {
	var events []Event
	for _, r := range req.History() {
		if recordedIn(req, r) == req.Region {
			events = append(events, event(req, r))
		}
	}
	return append(events, sandbox.State[State](req).Events...)
}

// globalServices are recorded in one region of the partition, wherever they are
// called (CloudTrail user guide, "About global service events").
var globalServices = map[string]bool{"iam": true, "account": true, "organizations": true}

var globalRegions = map[string]string{"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1", "aws-eusc": "eusc-de-east-1"}

func recordedIn(req *sandbox.Request, r sandbox.Recorded) string {
	if globalServices[r.Service] {
		return globalRegions[req.Partition]
	}
	return r.Region
}

// eventNames are those of S3's calls that are not their operations' (Amazon S3
// user guide, "Amazon S3 CloudTrail events").
var eventNames = map[string]string{
	"PutPublicAccessBlock": "PutBucketPublicAccessBlock", "DeletePublicAccessBlock": "DeleteBucketPublicAccessBlock",
	"PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
}

func event(req *sandbox.Request, r sandbox.Recorded) Event {
	name := cmp.Or(eventNames[r.Operation], r.Operation)
	id := fmt.Sprintf("00000000-0000-4000-9000-%012d", r.Seq)
	source := r.Service + ".amazonaws.com"
	user := r.Principal[strings.LastIndexByte(r.Principal, '/')+1:]
	record, err := json.Marshal(map[string]any{
		"eventVersion": "1.11", "eventID": id, "eventName": name, "eventSource": source, "awsRegion": r.Region,
		"eventTime": r.Time.Format(time.RFC3339), "sourceIPAddress": "127.0.0.1", "userAgent": r.UserAgent,
		"userIdentity":      map[string]any{"type": "IAMUser", "arn": r.Principal, "accountId": req.AccountID, "accessKeyId": r.AccessKey, "userName": user},
		"requestParameters": r.Params, "readOnly": false, "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": req.AccountID,
	})
	if err != nil {
		panic("sandbox: a recorded call is not plain data: " + err.Error())
	}
	return Event{
		ID: id, Name: name, ReadOnly: "false", AccessKey: r.AccessKey, Time: r.Time, Source: source, Username: user,
		Resources: []EventResource{}, Record: string(record),
	}
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
