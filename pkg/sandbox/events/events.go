// Package events simulates the default event bus of Amazon EventBridge in a
// sandbox account: rules, their targets, and which targets an event reaches.
// Facts are from the Amazon EventBridge API reference and user guide.
package events

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// Service is the name of the service in the sandbox.
const Service = "events"

// New returns the simulator.
func New() sandbox.Simulator {
	return sandbox.Simulator{
		Name:     Service,
		Protocol: sandbox.AWSJSON{Target: "AWSEvents"},
		Operations: map[string]sandbox.Operation{
			"PutRule":             sandbox.Write(putRule),
			"DescribeRule":        sandbox.Read(describeRule),
			"ListRules":           sandbox.Read(listRules),
			"EnableRule":          sandbox.Write(enableRule),
			"DisableRule":         sandbox.Write(disableRule),
			"DeleteRule":          sandbox.Write(deleteRule),
			"PutTargets":          sandbox.Write(putTargets),
			"RemoveTargets":       sandbox.Write(removeTargets),
			"ListTargetsByRule":   sandbox.Read(listTargetsByRule),
			"TestEventPattern":    sandbox.Read(testEventPattern),
			"TagResource":         sandbox.Write(tagResource),
			"UntagResource":       sandbox.Write(untagResource),
			"ListTagsForResource": sandbox.Read(listTags),
		},
	}
}

// States of a rule. AllEvents also lets CloudTrail's read-only management events
// through.
const (
	Enabled   = "ENABLED"
	Disabled  = "DISABLED"
	AllEvents = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
)

// State is what EventBridge keeps in one region.
type State struct {
	Rules map[string]*Rule `json:"rules,omitempty"` // by name
	// FailEntries makes the next so many entries of PutTargets fail, as happens
	// when too many requests are made at once.
	FailEntries int `json:"failEntries,omitempty"`
}

// Rule is a rule of the default event bus.
type Rule struct {
	Pattern     string            `json:"pattern,omitempty"` // JSON, as it was put
	Schedule    string            `json:"schedule,omitempty"`
	State       string            `json:"state"`
	Description string            `json:"description,omitempty"`
	RoleARN     string            `json:"roleArn,omitempty"`
	ManagedBy   string            `json:"managedBy,omitempty"` // a service's principal
	Tags        map[string]string `json:"tags,omitempty"`
	Targets     []Target          `json:"targets,omitempty"`
}

// Target is what a rule invokes, named as in the API.
type Target struct {
	ID               string         `json:"Id,required" range:"1,64"`
	ARN              string         `json:"Arn,required" range:"1,1600"`
	RoleARN          string         `json:"RoleArn,omitempty" range:"0,1600"`
	Input            string         `json:"Input,omitempty" range:"0,8192"`
	InputPath        string         `json:"InputPath,omitempty" range:"0,256"`
	InputTransformer *Transformer   `json:"InputTransformer,omitempty"`
	DeadLetter       *DeadLetter    `json:"DeadLetterConfig,omitempty"`
	Retry            *RetryPolicy   `json:"RetryPolicy,omitempty"`
	Sqs              map[string]any `json:"SqsParameters,omitempty"`
}

// Transformer makes the text for a target out of parts of an event.
type Transformer struct {
	Paths    map[string]string `json:"InputPathsMap,omitempty" range:"0,100"`
	Template string            `json:"InputTemplate,required" range:"1,8192"`
}

// DeadLetter is the queue for events that did not reach their target.
type DeadLetter struct {
	ARN string `json:"Arn,omitempty" range:"0,1600"`
}

// RetryPolicy bounds how a target is tried.
type RetryPolicy struct {
	MaxAge      *int `json:"MaximumEventAgeInSeconds,omitempty" range:"60,86400"`
	MaxAttempts *int `json:"MaximumRetryAttempts,omitempty" range:"0,185"`
}

// Get returns a copy of a region's state.
func Get(a *sandbox.Account, region string) State { return sandbox.Get[State](a, Service, region) }

// Edit changes a region's state behind the API's back.
func Edit(a *sandbox.Account, region string, change func(*State)) {
	sandbox.Edit(a, Service, region, change)
}

// bus is the member by which all operations name the event bus.
type bus struct {
	BusName string `json:"EventBusName" range:"1,1600"`
}

const defaultBus = "default"

// check refuses buses other than the default one.
func (b bus) check(req *sandbox.Request) error {
	if !slices.Contains([]string{"", defaultBus, req.ARN(Service, req.Region, "event-bus/"+defaultBus)}, b.BusName) {
		return notFound("Event bus %s does not exist.", b.BusName)
	}
	return nil
}

// rule returns a rule that is there.
func (b bus) rule(req *sandbox.Request, name string) (*State, *Rule, error) {
	if err := b.check(req); err != nil {
		return nil, nil, err
	}
	state := sandbox.State[State](req)
	rule := state.Rules[name]
	if rule == nil {
		return nil, nil, notFound("Rule %s does not exist on EventBus %s.", name, defaultBus)
	}
	return state, rule, nil
}

// changeable is rule, for changes: those of AWS services cannot be changed.
func (b bus) changeable(req *sandbox.Request, name string) (*State, *Rule, error) {
	state, rule, err := b.rule(req, name)
	if err == nil && rule.ManagedBy != "" {
		err = sandbox.Errorf("ManagedRuleException", http.StatusBadRequest, "Rule %s is a managed rule and cannot be changed by anybody but %s.", name, rule.ManagedBy)
	}
	return state, rule, err
}

func ruleARN(req *sandbox.Request, name string) string {
	return req.ARN(Service, req.Region, "rule/"+name)
}

func notFound(format string, args ...any) error {
	return sandbox.Errorf("ResourceNotFoundException", http.StatusBadRequest, format, args...)
}

func invalid(format string, args ...any) error {
	return sandbox.Errorf("ValidationException", http.StatusBadRequest, format, args...)
}

func limitExceeded(what string, limit int) error {
	return sandbox.Errorf("LimitExceededException", http.StatusBadRequest, "The requested resource exceeds the maximum number allowed. (%s: %s)", what, fmt.Sprint(limit))
}
