// Package cloudtrail simulates AWS CloudTrail's trails of a sandbox account: their
// home regions and the shadows that they cast into others, the checks of the
// bucket that they write to, logging, event selectors, and trails of an
// organization. Facts are from the CloudTrail API reference and user guide unless
// said otherwise.
package cloudtrail

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// Service is the name of the service in the sandbox.
const Service = "cloudtrail"

// New returns the simulator.
func New() sandbox.Simulator {
	return sandbox.Simulator{
		Name:     Service,
		Protocol: sandbox.AWSJSON{Target: "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101"},
		Invalid:  "InvalidParameterException",
		Operations: map[string]sandbox.Operation{
			"DescribeTrails":      sandbox.Read(describeTrails),
			"GetTrail":            sandbox.Read(getTrail),
			"ListTrails":          sandbox.Read(listTrails),
			"GetTrailStatus":      sandbox.Read(getTrailStatus),
			"GetEventSelectors":   sandbox.Read(getEventSelectors),
			"GetInsightSelectors": sandbox.Read(getInsightSelectors),
			"ListTags":            sandbox.Read(listTags),
			"LookupEvents":        sandbox.Read(lookupEvents),
			"CreateTrail":         sandbox.Write(createTrail),
			"UpdateTrail":         sandbox.Write(updateTrail),
			"DeleteTrail":         sandbox.Write(deleteTrail),
			"StartLogging":        sandbox.Write(startLogging),
			"StopLogging":         sandbox.Write(stopLogging),
			"PutEventSelectors":   sandbox.Write(putEventSelectors),
			"AddTags":             sandbox.Write(addTags),
			"RemoveTags":          sandbox.Write(removeTags),
		},
	}
}

// State is what CloudTrail keeps in one region: the trails that are at home in
// it, by name, and the region's event history.
type State struct {
	Trails map[string]*Trail `json:"trails,omitempty"`
	Events []Event           `json:"events,omitempty"` // in the order in which they happened
}

// Trail is a trail.
type Trail struct {
	Account      string             `json:"account,omitempty"` // of the owner; empty: this one
	Organization bool               `json:"organization,omitempty"`
	Bucket       string             `json:"bucket"`
	Prefix       string             `json:"prefix,omitempty"`
	Topic        string             `json:"topic,omitempty"` // ARN
	LogGroup     string             `json:"logGroup,omitempty"`
	LogRole      string             `json:"logRole,omitempty"`
	KMSKey       string             `json:"kmsKey,omitempty"`
	Global       bool               `json:"global,omitempty"`
	MultiRegion  bool               `json:"multiRegion,omitempty"`
	Validation   bool               `json:"validation,omitempty"`
	Selectors    []EventSelector    `json:"selectors,omitempty"` // none of either kind: the default
	Advanced     []AdvancedSelector `json:"advanced,omitempty"`
	Insights     []string           `json:"insights,omitempty"`
	Tags         map[string]string  `json:"tags,omitempty"`
	Logging      bool               `json:"logging,omitempty"`
	Started      time.Time          `json:"started,omitzero"`
	Stopped      time.Time          `json:"stopped,omitzero"`
	// What goes wrong with deliveries, in S3's codes. That the bucket is gone or
	// closed is found out without being told.
	DeliveryError string `json:"deliveryError,omitempty"`
	// Delivered is when a delivery arrived, of a trail whose deliveries fail.
	Delivered   time.Time `json:"delivered,omitzero"`
	DigestError string    `json:"digestError,omitempty"`
	LogsError   string    `json:"logsError,omitempty"`   // of deliveries to CloudWatch Logs
	NoticeError string    `json:"noticeError,omitempty"` // of notifications to SNS
}

// Get returns a copy of a region's state.
func Get(a *sandbox.Account, region string) State { return sandbox.Get[State](a, Service, region) }

// Edit changes a region's state behind the API's back.
func Edit(a *sandbox.Account, region string, change func(*State)) {
	sandbox.Edit(a, Service, region, func(s *State) {
		if s.Trails == nil {
			s.Trails = map[string]*Trail{}
		}
		change(s)
	})
}

func refuse(code, format string, args ...any) error {
	return sandbox.Errorf(code, http.StatusBadRequest, format, args...)
}

// seen is a trail as one region sees it.
type seen struct {
	*Trail
	name, home, arn string
	shadow          bool // it is at home elsewhere, or in another account
}

// trailsIn lists the trails that a region sees: those at home there, and the
// shadows of multi-region trails.
func trailsIn(req *sandbox.Request, region string) []seen {
	var list []seen
	for _, home := range slices.Sorted(maps.Keys(req.Regions())) {
		trails := sandbox.In[State](req, Service, home).Trails
		for _, name := range slices.Sorted(maps.Keys(trails)) {
			t := trails[name]
			if home == region || t.MultiRegion {
				list = append(list, seen{t, name, home, arn(req, home, t, name), home != region || t.Account != ""})
			}
		}
	}
	return list
}

func arn(req *sandbox.Request, home string, t *Trail, name string) string {
	account := t.Account
	if account == "" {
		account = req.AccountID
	}
	return strings.Join([]string{"arn", req.Partition, "cloudtrail", home, account, "trail/" + name}, ":")
}

// find returns a trail by its ARN, or by its name if it is at home in the region.
func find(req *sandbox.Request, nameOrARN string) (seen, error) {
	byARN := strings.HasPrefix(nameOrARN, "arn:")
	wanted := nameOrARN
	switch {
	case byARN && len(strings.Split(nameOrARN, ":")) != 6, byARN && !strings.Contains(nameOrARN, ":trail/"):
		return seen{}, refuse("CloudTrailARNInvalidException", "The ARN %s is not valid", nameOrARN)
	case !byARN && !validName(nameOrARN):
		return seen{}, invalidName(nameOrARN)
	case !byARN:
		wanted = arn(req, req.Region, &Trail{}, nameOrARN)
	}
	for _, t := range trailsIn(req, req.Region) {
		if t.arn == wanted {
			return t, nil
		}
	}
	return seen{}, unknownTrail(req, wanted)
}

func unknownTrail(req *sandbox.Request, arn string) error {
	return refuse("TrailNotFoundException", "Unknown trail: %s for the user: %s", arn, req.AccountID)
}

// own returns a trail that the account may change, in its home region.
func own(req *sandbox.Request, nameOrARN string) (seen, error) {
	t, err := find(req, nameOrARN)
	switch {
	case err != nil:
		return t, err
	case t.Account != "":
		return t, refuse("NotOrganizationMasterAccountException", "The organization trail %s can only be changed by the management account or a delegated administrator of the organization.", t.arn)
	case t.shadow:
		return t, refuse("InvalidHomeRegionException", "The trail %s was not created in the region %s: its home region is %s", t.arn, req.Region, t.home)
	}
	return t, nil
}

type tag struct {
	Key   string  `json:"Key,required" range:"1,128"`
	Value *string `json:"Value" range:"1,256"`
}

// merge adds tags to those that are there.
func merge(tags map[string]string, more []tag) (map[string]string, error) {
	for _, t := range more {
		if strings.HasPrefix(t.Key, "aws:") {
			return nil, refuse("InvalidTagParameterException", "Tag keys beginning with aws: are reserved")
		}
		if tags == nil {
			tags = map[string]string{}
		}
		tags[t.Key] = ""
		if t.Value != nil {
			tags[t.Key] = *t.Value
		}
	}
	if len(tags) > 50 {
		return nil, refuse("TagsLimitExceededException", "The number of tags per trail has exceeded the permitted amount. Currently, the limit is 50.")
	}
	return tags, nil
}

type listTagsInput struct {
	ARNs  []string `json:"ResourceIdList,required" range:"1,20"`
	Token string   `json:"NextToken"`
}

type listTagsOutput struct {
	List []resourceTags `json:"ResourceTagList"`
}

type resourceTags struct {
	ARN  string `json:"ResourceId"`
	Tags []tag  `json:"TagsList"`
}

func listTags(req *sandbox.Request, in listTagsInput) (any, error) {
	out := listTagsOutput{}
	for _, id := range in.ARNs {
		t, err := tagged(req, id)
		if err != nil {
			return nil, err
		}
		list := resourceTags{ARN: id, Tags: []tag{}}
		for _, k := range slices.Sorted(maps.Keys(t.Tags)) {
			value := t.Tags[k]
			list.Tags = append(list.Tags, tag{k, &value})
		}
		out.List = append(out.List, list)
	}
	return out, nil
}

// tagged returns the account's trail with an ARN.
func tagged(req *sandbox.Request, id string) (seen, error) {
	if !strings.HasPrefix(id, "arn:") {
		return seen{}, refuse("CloudTrailARNInvalidException", "The ARN %s is not valid", id)
	}
	t, err := own(req, id)
	if e, ok := errors.AsType[*sandbox.APIError](err); ok && e.Code == "TrailNotFoundException" {
		return t, refuse("ResourceNotFoundException", "Resource %s does not exist", id)
	}
	return t, err
}

type changeTagsInput struct {
	ARN  string `json:"ResourceId,required"`
	Tags []tag  `json:"TagsList,required" range:"0,200"`
}

func addTags(req *sandbox.Request, in changeTagsInput) (any, error) {
	t, err := tagged(req, in.ARN)
	if err != nil {
		return nil, err
	}
	t.Tags, err = merge(t.Tags, in.Tags)
	return nil, err
}

func removeTags(req *sandbox.Request, in changeTagsInput) (any, error) {
	t, err := tagged(req, in.ARN)
	if err != nil {
		return nil, err
	}
	for _, gone := range in.Tags {
		delete(t.Tags, gone.Key)
	}
	return nil, nil
}
