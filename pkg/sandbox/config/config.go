// Package config simulates AWS Config of a sandbox account: one customer managed
// recorder and one delivery channel per region, the order in which AWS wants them,
// service-linked recorders beside them, and a delivery that needs the bucket to
// take it. Facts are from the AWS Config API reference unless said otherwise.
package config

import (
	"net/http"
	"time"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// Service is the name of the service in the sandbox.
const Service = "config"

// New returns the simulator.
func New() sandbox.Simulator {
	return sandbox.Simulator{
		Name:     Service,
		Protocol: sandbox.AWSJSON{Target: "StarlingDoveService"},
		Operations: map[string]sandbox.Operation{
			"PutConfigurationRecorder":            sandbox.Write(putRecorder),
			"DescribeConfigurationRecorders":      sandbox.Read(describeRecorders),
			"DescribeConfigurationRecorderStatus": sandbox.Read(describeRecorderStatus),
			"ListConfigurationRecorders":          sandbox.Read(listRecorders),
			"StartConfigurationRecorder":          sandbox.Write(startRecorder),
			"StopConfigurationRecorder":           sandbox.Write(stopRecorder),
			"DeleteConfigurationRecorder":         sandbox.Write(deleteRecorder),
			"PutDeliveryChannel":                  sandbox.Write(putChannel),
			"DescribeDeliveryChannels":            sandbox.Read(describeChannels),
			"DescribeDeliveryChannelStatus":       sandbox.Read(describeChannelStatus),
			"DeleteDeliveryChannel":               sandbox.Write(deleteChannel),
			"TagResource":                         sandbox.Write(tagResource),
			"UntagResource":                       sandbox.Write(untagResource),
			"ListTagsForResource":                 sandbox.Read(listTags),
		},
	}
}

// State is what AWS Config keeps in one region.
type State struct {
	Recorder *Recorder `json:"recorder,omitempty"` // the customer managed one
	Channel  *Channel  `json:"channel,omitempty"`
	// Linked are recorders that belong to other AWS services. They record always,
	// and only their service changes them.
	Linked []*Recorder `json:"linked,omitempty"`
}

// Recorder is a configuration recorder.
type Recorder struct {
	Name      string            `json:"name"`
	ARN       string            `json:"arn"`
	RoleARN   string            `json:"roleARN"`
	Group     Group             `json:"group"`
	Mode      Mode              `json:"mode"`
	Tags      map[string]string `json:"tags,omitempty"`
	Recording bool              `json:"recording,omitempty"`
	StartedAt time.Time         `json:"startedAt,omitzero"`
	StoppedAt time.Time         `json:"stoppedAt,omitzero"`
	// Failure, if set, is how the last recording ended.
	Failure *Failure `json:"failure,omitempty"`
	// ServicePrincipal is the service of a service-linked recorder.
	ServicePrincipal string `json:"servicePrincipal,omitempty"`
}

// Channel is a delivery channel.
type Channel struct {
	Name      string `json:"name"`
	Bucket    string `json:"bucket"`
	Prefix    string `json:"prefix,omitempty"`
	KMSKeyARN string `json:"kmsKeyARN,omitempty"`
	TopicARN  string `json:"topicARN,omitempty"`
	Frequency string `json:"frequency,omitempty"` // of snapshots
	// Failure, if set, is how the last delivery ended, whatever the bucket says.
	Failure *Failure `json:"failure,omitempty"`
}

// Failure is a status that went wrong.
type Failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Get returns a copy of a region's state.
func Get(a *sandbox.Account, region string) State {
	return sandbox.Get[State](a, Service, region)
}

// Edit changes a region's state behind the API's back.
func Edit(a *sandbox.Account, region string, change func(*State)) {
	sandbox.Edit(a, Service, region, change)
}

// refuse makes an error of AWS Config, all of which are answered with 400.
func refuse(code, format string, args ...any) error {
	return sandbox.Errorf(code, http.StatusBadRequest, format, args...)
}

func invalid(format string, args ...any) error { return refuse("ValidationException", format, args...) }

// Statuses as the service answers with them; its model spells them otherwise.
const (
	pending       = "PENDING"
	success       = "SUCCESS"
	failure       = "FAILURE"
	notApplicable = "NOT_APPLICABLE"
)

const defaultName = "default"
