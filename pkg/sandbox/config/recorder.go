package config

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/iam"
)

// linkedPrefix begins the names of service-linked recorders.
const linkedPrefix = "AWSConfigurationRecorderFor"

// Recording scopes: what a service records for itself is free.
const (
	paid     = "PAID"
	internal = "INTERNAL"
)

type recorderDocument struct {
	ARN              string         `json:"arn,omitempty" range:"1,1000"`
	Name             string         `json:"name" range:"1,256"`
	RoleARN          string         `json:"roleARN"`
	Group            *groupDocument `json:"recordingGroup"`
	Mode             *modeDocument  `json:"recordingMode"`
	Scope            string         `json:"recordingScope" enum:"INTERNAL,PAID"`
	ServicePrincipal string         `json:"servicePrincipal,omitempty" range:"1,128"`
}

func (r *Recorder) document() recorderDocument {
	group, mode := r.Group.document(), r.Mode.document()
	return recorderDocument{
		ARN: r.ARN, Name: r.Name, RoleARN: r.RoleARN, Group: &group, Mode: &mode,
		Scope: r.scope(), ServicePrincipal: r.ServicePrincipal,
	}
}

func (r *Recorder) scope() string {
	if r.ServicePrincipal != "" {
		return internal
	}
	return paid
}

type putRecorderInput struct {
	Recorder recorderDocument `json:"ConfigurationRecorder,required"`
	Tags     []tag            `json:"Tags" range:"0,50"`
}

// putRecorder creates or replaces the region's recorder: what the request leaves
// out goes back to its default. Tags count only on creation.
func putRecorder(req *sandbox.Request, in putRecorderInput) (any, error) {
	state := sandbox.State[State](req)
	wanted := in.Recorder
	name := cmp.Or(wanted.Name, defaultName)
	if err := mayPut(state, name, wanted); err != nil {
		return nil, err
	}
	if err := checkRole(req, wanted.RoleARN); err != nil {
		return nil, err
	}
	group, err := groupOf(wanted.Group)
	if err != nil {
		return nil, err
	}
	mode, err := modeOf(wanted.Mode)
	if err != nil {
		return nil, err
	}
	tags, err := checkTags(in.Tags)
	if err != nil {
		return nil, err
	}
	if state.Recorder == nil {
		arn := req.ARN(Service, req.Region, "configuration-recorder/"+name+"/"+req.NewID("recorder", 16))
		state.Recorder = &Recorder{Name: name, ARN: arn, Tags: tags}
	}
	state.Recorder.RoleARN, state.Recorder.Group, state.Recorder.Mode = wanted.RoleARN, group, mode
	return nil, nil
}

func mayPut(state *State, name string, wanted recorderDocument) error {
	switch {
	case wanted.ServicePrincipal != "" || wanted.Scope == internal:
		return refuse("UnmodifiableEntityException", "A service-linked configuration recorder cannot be created or changed with this operation.")
	case strings.HasPrefix(name, linkedPrefix):
		return refuse("InvalidConfigurationRecorderNameException",
			"The configuration recorder name '%s' is not valid: the prefix %s is reserved.", name, linkedPrefix)
	case state.Recorder != nil && state.Recorder.Name != name:
		return refuse("MaxNumberOfConfigurationRecordersExceededException",
			"Failed to put configuration recorder '%s' because the maximum number of configuration recorders: 1 is reached.", name)
	case state.Recorder != nil && wanted.ARN != "" && wanted.ARN != state.Recorder.ARN:
		return invalid("The ARN '%s' is not that of the configuration recorder '%s'.", wanted.ARN, name)
	}
	return nil
}

// checkRole wants a role of this account that AWS Config can see already. The
// model calls the role optional, the server does not.
func checkRole(req *sandbox.Request, arn string) error {
	if arn == "" {
		return refuse("InvalidRoleException", "The role ARN is null or empty.")
	}
	if iam.RoleOf(req, arn) == nil {
		return refuse("InvalidRoleException", "The role '%s' does not exist in this account.", arn)
	}
	return nil
}

// selector says which recorder a request is about.
type selector struct {
	Names            []string `json:"ConfigurationRecorderNames"`
	ServicePrincipal string   `json:"ServicePrincipal" range:"1,128"`
	ARN              string   `json:"Arn" range:"1,1000"`
}

// find returns what the selector asks for; nothing asked for is the customer
// managed recorder, if there is one.
func (s selector) find(req *sandbox.Request) ([]*Recorder, error) {
	state := sandbox.State[State](req)
	all := slices.Clone(state.Linked)
	if state.Recorder != nil {
		all = append(all, state.Recorder)
	}
	switch {
	case len(s.Names) > 1:
		return nil, invalid("You can specify only one configuration recorder.")
	case len(s.Names) == 1:
		return one(all, s.Names[0], func(r *Recorder) bool { return r.Name == s.Names[0] })
	case s.ARN != "":
		return one(all, s.ARN, func(r *Recorder) bool { return r.ARN == s.ARN })
	case s.ServicePrincipal != "":
		return one(all, s.ServicePrincipal, func(r *Recorder) bool { return r.ServicePrincipal == s.ServicePrincipal })
	case state.Recorder == nil:
		return nil, nil
	default:
		return []*Recorder{state.Recorder}, nil
	}
}

func one(all []*Recorder, name string, match func(*Recorder) bool) ([]*Recorder, error) {
	i := slices.IndexFunc(all, match)
	if i < 0 {
		return nil, noSuchRecorder(name)
	}
	return all[i : i+1], nil
}

func noSuchRecorder(name string) error {
	return refuse("NoSuchConfigurationRecorderException", "Cannot find configuration recorder with the specified name '%s'.", name)
}

type describeRecordersOutput struct {
	Recorders []recorderDocument `json:"ConfigurationRecorders"`
}

func describeRecorders(req *sandbox.Request, in selector) (any, error) {
	found, err := in.find(req)
	if err != nil {
		return nil, err
	}
	out := describeRecordersOutput{}
	for _, r := range found {
		out.Recorders = append(out.Recorders, r.document())
	}
	return out, nil
}

type recorderStatus struct {
	ARN              string     `json:"arn"`
	Name             string     `json:"name"`
	Recording        bool       `json:"recording"`
	LastStatus       string     `json:"lastStatus"`
	LastErrorCode    string     `json:"lastErrorCode,omitempty"`
	LastErrorMessage string     `json:"lastErrorMessage,omitempty"`
	LastStartTime    *time.Time `json:"lastStartTime"`
	LastStopTime     *time.Time `json:"lastStopTime"`
	LastStatusChange *time.Time `json:"lastStatusChangeTime"`
	ServicePrincipal string     `json:"servicePrincipal,omitempty"`
}

func (r *Recorder) status() recorderStatus {
	s := recorderStatus{
		ARN: r.ARN, Name: r.Name, Recording: r.Recording, LastStatus: pending, ServicePrincipal: r.ServicePrincipal,
		LastStartTime: timeOrNil(r.StartedAt), LastStopTime: timeOrNil(r.StoppedAt), LastStatusChange: timeOrNil(r.StartedAt),
	}
	switch {
	case r.Failure != nil:
		s.LastStatus, s.LastErrorCode, s.LastErrorMessage = failure, r.Failure.Code, r.Failure.Message
	case r.Recording:
		s.LastStatus = success
	}
	return s
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

type describeRecorderStatusOutput struct {
	Statuses []recorderStatus `json:"ConfigurationRecordersStatus"`
}

func describeRecorderStatus(req *sandbox.Request, in selector) (any, error) {
	found, err := in.find(req)
	if err != nil {
		return nil, err
	}
	out := describeRecorderStatusOutput{}
	for _, r := range found {
		out.Statuses = append(out.Statuses, r.status())
	}
	return out, nil
}

type recorderFilter struct {
	Name   string   `json:"filterName" enum:"recordingScope"`
	Values []string `json:"filterValue"`
}

type listRecordersInput struct {
	Filters    []recorderFilter `json:"Filters"`
	MaxResults int              `json:"MaxResults" range:"0,20"`
	NextToken  string           `json:"NextToken"`
}

type recorderSummary struct {
	ARN              string `json:"arn"`
	Name             string `json:"name"`
	Scope            string `json:"recordingScope"`
	ServicePrincipal string `json:"servicePrincipal,omitempty"`
}

type listRecordersOutput struct {
	Summaries []recorderSummary `json:"ConfigurationRecorderSummaries"`
	NextToken string            `json:"NextToken,omitempty"`
}

// listRecorders lists the customer managed and the service-linked recorders.
func listRecorders(req *sandbox.Request, in listRecordersInput) (any, error) {
	state := sandbox.State[State](req)
	var all []recorderSummary
	for _, r := range append([]*Recorder{state.Recorder}, state.Linked...) {
		if r != nil && r.passes(in.Filters) {
			all = append(all, recorderSummary{r.ARN, r.Name, r.scope(), r.ServicePrincipal})
		}
	}
	page, next, err := sandbox.Page(req, all, in.NextToken, in.MaxResults, 20)
	return listRecordersOutput{page, next}, err
}

func (r *Recorder) passes(filters []recorderFilter) bool {
	for _, f := range filters {
		if !slices.Contains(f.Values, r.scope()) {
			return false
		}
	}
	return true
}

type recorderNameInput struct {
	Name string `json:"ConfigurationRecorderName,required" range:"1,256"`
}

// named returns the customer managed recorder if that is its name.
func named(req *sandbox.Request, name string) (*State, error) {
	state := sandbox.State[State](req)
	for _, r := range state.Linked {
		if r.Name == name {
			return nil, refuse("UnmodifiableEntityException", "The configuration recorder '%s' is service-linked: only its service can change it.", name)
		}
	}
	if state.Recorder == nil || state.Recorder.Name != name {
		return nil, noSuchRecorder(name)
	}
	return state, nil
}

func startRecorder(req *sandbox.Request, in recorderNameInput) (any, error) {
	state, err := named(req, in.Name)
	if err != nil {
		return nil, err
	}
	if state.Channel == nil {
		return nil, refuse("NoAvailableDeliveryChannelException", "Delivery channel is not available to start configuration recorder.")
	}
	if !state.Recorder.Recording {
		state.Recorder.Recording, state.Recorder.StartedAt = true, req.Now.UTC()
	}
	return nil, nil
}

func stopRecorder(req *sandbox.Request, in recorderNameInput) (any, error) {
	state, err := named(req, in.Name)
	if err != nil {
		return nil, err
	}
	if state.Recorder.Recording {
		state.Recorder.Recording, state.Recorder.StoppedAt = false, req.Now.UTC()
	}
	return nil, nil
}

func deleteRecorder(req *sandbox.Request, in recorderNameInput) (any, error) {
	state, err := named(req, in.Name)
	if err != nil {
		return nil, err
	}
	state.Recorder = nil
	return nil, nil
}
