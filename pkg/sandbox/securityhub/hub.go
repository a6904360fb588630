package securityhub

import (
	"net/http"
	"regexp"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/iam"
)

func hubARN(req *sandbox.Request) string { return req.ARN(Service, req.Region, "hub/default") }

type describeHubInput struct {
	HubARN string `query:"HubArn"`
}

type describeHubOutput struct {
	HubARN             string `json:"HubArn"`
	SubscribedAt       string `json:"SubscribedAt"`
	AutoEnableControls bool   `json:"AutoEnableControls"`
	Generator          string `json:"ControlFindingGenerator"`
}

func describeHub(req *sandbox.Request, in describeHubInput) (any, error) {
	state, err := subscribed(req)
	if err != nil {
		return nil, err
	}
	if in.HubARN != "" && in.HubARN != hubARN(req) {
		return nil, notFound("Hub " + in.HubARN + " is not found")
	}
	hub := state.Hub
	return describeHubOutput{hubARN(req), hub.SubscribedAt, hub.AutoEnableControls, hub.Generator}, nil
}

type enableInput struct {
	Tags             map[string]string `json:"Tags" range:"1,50"`
	DefaultStandards *bool             `json:"EnableDefaultStandards"`
	Generator        string            `json:"ControlFindingGenerator" enum:"STANDARD_CONTROL,SECURITY_CONTROL"`
}

// enableSecurityHub enables the default standards too unless it is told not to.
func enableSecurityHub(req *sandbox.Request, in enableInput) (any, error) {
	state := sandbox.State[State](req)
	if state.Hub != nil {
		return nil, failure("ResourceConflictException", http.StatusConflict, "Account is already subscribed to Security Hub")
	}
	if err := state.selfManaged(); err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	iam.EnsureServiceLinkedRole(req, "securityhub.amazonaws.com", "AWSServiceRoleForSecurityHub")
	state.Hub = &Hub{SubscribedAt: timestamp(req), AutoEnableControls: true, Generator: in.Generator, Tags: in.Tags}
	if in.Generator == "" {
		state.Hub.Generator = "SECURITY_CONTROL"
	}
	if in.DefaultStandards != nil && !*in.DefaultStandards {
		return nil, nil
	}
	for _, s := range state.offered() {
		if s.byDefault {
			state.subscribe(req, s.name)
		}
	}
	return nil, nil
}

func disableSecurityHub(req *sandbox.Request, _ struct{}) (any, error) {
	state, err := writable(req)
	if err != nil {
		return nil, err
	}
	state.Hub = nil
	return nil, nil
}

type updateInput struct {
	AutoEnableControls *bool  `json:"AutoEnableControls"`
	Generator          string `json:"ControlFindingGenerator" enum:"STANDARD_CONTROL,SECURITY_CONTROL"`
}

func updateConfiguration(req *sandbox.Request, in updateInput) (any, error) {
	state, err := writable(req)
	if err != nil {
		return nil, err
	}
	if in.AutoEnableControls != nil {
		state.Hub.AutoEnableControls = *in.AutoEnableControls
	}
	if in.Generator != "" {
		state.Hub.Generator = in.Generator
	}
	return nil, nil
}

type administratorOutput struct {
	Administrator *Administrator `json:"Administrator"`
}

// getAdministratorAccount answers with nothing for an account that is no member.
func getAdministratorAccount(req *sandbox.Request, _ struct{}) (any, error) {
	state, err := subscribed(req)
	if err != nil {
		return nil, err
	}
	return administratorOutput{state.Administrator}, nil
}

type tagInput struct {
	ResourceARN string            `uri:"ResourceArn"`
	Tags        map[string]string `json:"Tags,required" range:"1,50"`
}

func tagResource(req *sandbox.Request, in tagInput) (any, error) {
	hub, err := tagged(req, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	if hub.Tags == nil {
		hub.Tags = map[string]string{}
	}
	for k, v := range in.Tags {
		hub.Tags[k] = v
	}
	if len(hub.Tags) > maxTags {
		return nil, invalidInput("The resource would have more than 50 tags")
	}
	return nil, nil
}

type untagInput struct {
	ResourceARN string   `uri:"ResourceArn"`
	TagKeys     []string `query:"tagKeys,required" range:"1,50"`
}

func untagResource(req *sandbox.Request, in untagInput) (any, error) {
	hub, err := tagged(req, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	for _, k := range in.TagKeys {
		delete(hub.Tags, k)
	}
	return nil, nil
}

type listTagsInput struct {
	ResourceARN string `uri:"ResourceArn"`
}

type listTagsOutput struct {
	Tags map[string]string `json:"Tags"`
}

func listTags(req *sandbox.Request, in listTagsInput) (any, error) {
	hub, err := tagged(req, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return listTagsOutput{hub.Tags}, nil
}

// tagged returns the hub if that is what the ARN names.
func tagged(req *sandbox.Request, arn string) (*Hub, error) {
	hub := sandbox.State[State](req).Hub
	if hub == nil || arn != hubARN(req) {
		return nil, notFound("The resource " + arn + " is not found")
	}
	return hub, nil
}

const maxTags = 50

// tagKey is the pattern that Security Hub's model has for tag keys: stricter than
// most services, without spaces.
var tagKey = regexp.MustCompile(`^[a-zA-Z+-=._:/]{1,128}$`)

func checkTags(tags map[string]string) error {
	for k, v := range tags {
		if !tagKey.MatchString(k) || len(k) >= 4 && k[:4] == "aws:" || len(v) > 256 {
			return invalidInput("Invalid parameter 'Tags': " + k)
		}
	}
	return nil
}

func timestamp(req *sandbox.Request) string {
	return req.Now.UTC().Format("2006-01-02T15:04:05.000Z")
}
