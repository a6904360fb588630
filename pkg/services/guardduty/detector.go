package guardduty

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/guardduty/types"

	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// Detector is the model of a region's detector.
type Detector struct {
	Status    string            `json:"status"`
	Frequency Frequency         `json:"finding_publishing_frequency,omitzero"`
	Features  map[string]Status `json:"features,omitzero"`
	Tags      map[string]string `json:"tags,omitzero" diff:"create"`
}

// Frequency is how often updated findings are published.
type Frequency string

// often ranks the frequencies, GuardDuty's whole list.
var often = map[Frequency]int{"SIX_HOURS": 1, "ONE_HOUR": 2, "FIFTEEN_MINUTES": 3}

// Raise keeps a live frequency that publishes at least as often.
func (f Frequency) Raise(live Frequency) Frequency {
	if often[live] >= often[f] {
		return live
	}
	return f
}

// Status is a feature's state.
type Status string

const (
	on  Status = "enabled"
	off Status = "disabled"
)

// Raise keeps a live feature on: kiso switches nothing off.
func (s Status) Raise(live Status) Status {
	if live == on {
		return live
	}
	return s
}

func (s Status) api() types.FeatureStatus { return types.FeatureStatus(strings.ToUpper(string(s))) }

var detectors = &resource.Type[Detector]{
	Kind: "guardduty.detector",
	Doc: resource.Doc{
		Summary:  "The region's detector: enabled, publishing often enough, with the named features.",
		Controls: []string{"GuardDuty.1"},
		Reads: []resource.Permission{
			{Action: "guardduty:ListDetectors"}, {Action: "guardduty:GetDetector"}, {Action: "guardduty:GetAdministratorAccount"},
		},
		Writes: []resource.Permission{
			{Action: "guardduty:CreateDetector"}, {Action: "guardduty:UpdateDetector"}, {Action: "guardduty:TagResource", For: "guardduty:CreateDetector"},
			{
				Action:    "iam:CreateServiceLinkedRole",
				Resource:  "arn:{partition}:iam::{account_id}:role/aws-service-role/guardduty.amazonaws.com/AWSServiceRoleForAmazonGuardDuty",
				Condition: map[string]string{"iam:AWSServiceName": "guardduty.amazonaws.com"},
				For:       "guardduty:CreateDetector",
			},
		},
		Changers: []resource.Changer{
			{Event: "CreateDetector"}, {Event: "DeleteDetector"},
			{Path: "status", Event: "UpdateDetector", Parameter: "enable"},
			{Path: "finding_publishing_frequency", Event: "UpdateDetector", Parameter: "findingPublishingFrequency"},
			{Path: "features", Event: "UpdateDetector", Parameter: "features", Names: resource.Below("features")},
			{Path: "features", Event: "UpdateDetector", Parameter: "dataSources"},
		},
	},
	Observe: observe,
	Adapt:   adapt,
	Apply:   apply,
	Settle:  resource.Settle{RetryOn: passing},
}

const badRequest = "BadRequestException"

// passing are the refusals that pass.
var passing = []resource.Transient{
	// Another run, or a first try whose answer was lost, created it.
	{Code: badRequest, Message: "already exists"},
	// The first detector of an account creates GuardDuty's service-linked role.
	{Code: badRequest, Message: "service-linked role"},
	// A detector that was created a moment ago.
	{Code: badRequest, Message: "not owned by the current account"},
}

// refused says whether GuardDuty does not take something of a request: it has one
// code for everything.
func refused(err error) bool {
	return awsx.IsCode(err, badRequest) && !resource.Passing(passing, err)
}

func client(env resource.Env, region resource.Scope) *guardduty.Client {
	return awsx.Client(env.Session, string(region), guardduty.NewFromConfig)
}

// detectorID finds the region's one detector; "" if there is none.
func detectorID(ctx context.Context, env resource.Env, region resource.Scope) (string, error) {
	key := reads.Key{Service: "guardduty", Region: string(region), Call: "ListDetectors"}
	return reads.Get(ctx, env.Reads, key, func(ctx context.Context) (detector string, err error) {
		err = awsx.Pages(func(token *string) (*string, error) {
			page, err := client(env, region).ListDetectors(ctx, &guardduty.ListDetectorsInput{NextToken: token})
			if err != nil {
				return nil, err
			}
			if len(page.DetectorIds) == 0 {
				return page.NextToken, nil // an empty page need not be the last
			}
			detector = page.DetectorIds[0]
			return nil, nil
		})
		return detector, err
	})
}

func observe(ctx context.Context, env resource.Env, id resource.ID) (*Detector, error) {
	detector, err := detectorID(ctx, env, id.Scope)
	if err != nil || detector == "" {
		return nil, err
	}
	var live *guardduty.GetDetectorOutput
	var admin *guardduty.GetAdministratorAccountOutput
	var both reads.Group
	both.Go(func() (err error) {
		live, err = client(env, id.Scope).GetDetector(ctx, &guardduty.GetDetectorInput{DetectorId: &detector})
		return err
	})
	both.Go(func() (err error) {
		admin, err = client(env, id.Scope).GetAdministratorAccount(ctx, &guardduty.GetAdministratorAccountInput{DetectorId: &detector})
		return err
	})
	if err := both.Wait(); err != nil {
		return nil, err
	}
	return model(live), administered(admin)
}

func model(live *guardduty.GetDetectorOutput) *Detector {
	m := &Detector{
		Status:    string(live.Status),
		Frequency: Frequency(live.FindingPublishingFrequency),
		Features:  map[string]Status{},
		Tags:      live.Tags,
	}
	for _, f := range live.Features {
		m.Features[string(f.Name)] = Status(strings.ToLower(string(f.Status)))
		if f.Name != runtimeMonitoring {
			continue // the older EKS_RUNTIME_MONITORING lists an agent of the same name
		}
		for _, a := range f.AdditionalConfiguration {
			m.Features[string(a.Name)] = Status(strings.ToLower(string(a.Status)))
		}
	}
	return m
}

// severed are the states of a membership that is over or has not begun (GuardDuty
// API reference, Member). In any other the administrator decides, also about a
// member whose monitoring it has stopped.
var severed = []string{"", "Created", "Invited", "EmailVerificationInProgress", "EmailVerificationFailed", "Removed", "Resigned", "Deleted"}

// administered says whether an administrator account decides about the
// detector. A stand-alone account gets an answer with nothing in it, though
// the API's model calls the administrator required.
func administered(out *guardduty.GetAdministratorAccountOutput) error {
	a := out.Administrator
	if a == nil || a.AccountId == nil || slices.Contains(severed, aws.ToString(a.RelationshipStatus)) {
		return nil
	}
	return resource.ManagedBy("organization administrator "+*a.AccountId,
		"the account is a GuardDuty member: its administrator decides about the detector and its features")
}

// adapt leaves out features that the region does not offer: GetDetector names
// every feature that it knows, on or off. An answer that names none, as emulators
// give, tells nothing. What stays on against the spec is said too.
func adapt(live, want Detector) (Detector, []string) {
	if len(live.Features) == 0 {
		return want, nil
	}
	var notes []string
	offered := map[string]Status{}
	for _, name := range slices.Sorted(maps.Keys(want.Features)) {
		is, known := live.Features[name]
		if known {
			offered[name] = want.Features[name]
		}
		switch wanted := want.Features[name]; {
		case is == on && wanted == off:
			notes = append(notes, fmt.Sprintf("the feature %s is on, though the spec says disabled: kiso switches nothing off; if that is meant, disable it in GuardDuty", name))
		case !known && wanted == on:
			notes = append(notes, fmt.Sprintf("the feature %s is not offered here (GuardDuty does not list it): it stays as it is", name))
		}
	}
	want.Features = offered
	return want, notes
}

func apply(ctx context.Context, env resource.Env, d resource.Delta[Detector]) error {
	if d.Action == resource.Create {
		return create(ctx, env, d)
	}
	detector, err := detectorID(ctx, env, d.ID.Scope)
	if err != nil {
		return err
	}
	if detector == "" {
		return resource.Pending("the detector is not listed yet")
	}
	return update(ctx, env, d.ID.Scope, detector, d)
}

// create names the wanted features, so that none that the spec turns off is on for
// a moment. Where the region refuses one of them, fewer are named, and the next look
// sets the others, if they are offered. Only if nothing else is taken the detector
// is created without any, and what is offered is set at once.
func create(ctx context.Context, env resource.Env, d resource.Delta[Detector]) error {
	input := &guardduty.CreateDetectorInput{
		Enable:                     aws.Bool(true),
		FindingPublishingFrequency: types.FindingPublishingFrequency(d.After.Frequency),
		Tags:                       d.After.Tags,
	}
	c := client(env, d.ID.Scope)
	for i, named := range fewer(d.After.Features) {
		input.Features = features(named)
		_, err := c.CreateDetector(ctx, input)
		switch {
		case err == nil && i > 0:
			return resource.Pending("the detector is there; the rest of its features follows")
		case err == nil, !refused(err), len(d.After.Features) == 0:
			return err
		}
	}
	input.Features = nil
	created, err := c.CreateDetector(ctx, input)
	if err != nil {
		return err
	}
	return setOffered(ctx, c, created.DetectorId, d.After.Features)
}

// fewer returns which features to name, one attempt after the other: all, those that
// the spec turns off, and those but for one.
func fewer(want map[string]Status) []map[string]Status {
	disabled := maps.Clone(want)
	maps.DeleteFunc(disabled, func(_ string, s Status) bool { return s != off })
	attempts := []map[string]Status{want}
	if len(disabled) == 0 {
		return attempts
	}
	if len(disabled) < len(want) {
		attempts = append(attempts, disabled)
	}
	if len(disabled) == 1 {
		return attempts
	}
	for _, name := range slices.Sorted(maps.Keys(disabled)) {
		but := maps.Clone(disabled)
		delete(but, name)
		attempts = append(attempts, but)
	}
	return attempts
}

// setOffered sets the wanted features of a detector that was created a moment
// ago, with everything on that GuardDuty turns on by itself: here alone a feature
// is turned off, since nobody can have chosen it.
func setOffered(ctx context.Context, c *guardduty.Client, detector *string, want map[string]Status) error {
	live, err := c.GetDetector(ctx, &guardduty.GetDetectorInput{DetectorId: detector})
	if err != nil {
		return err
	}
	input := &guardduty.UpdateDetectorInput{DetectorId: detector}
	input.Features = features(differing(model(live).Features, want))
	return send(ctx, c, input)
}

// differing returns the wanted features that a detector has, and has otherwise.
func differing(live, want map[string]Status) map[string]Status {
	changed := map[string]Status{}
	for name, status := range want {
		if is, offered := live[name]; offered && is != status {
			changed[name] = status
		}
	}
	return changed
}

// update sends what differs. UpdateDetector leaves alone what it is not told
// (GuardDuty API reference, UpdateDetector).
func update(ctx context.Context, env resource.Env, region resource.Scope, detector string, d resource.Delta[Detector]) error {
	input := &guardduty.UpdateDetectorInput{DetectorId: &detector}
	if d.Has("status") {
		input.Enable = aws.Bool(true)
	}
	if d.Has("finding_publishing_frequency") {
		input.FindingPublishingFrequency = types.FindingPublishingFrequency(d.After.Frequency)
	}
	changed := map[string]Status{}
	for name, status := range d.After.Features {
		if d.Has("features." + name) {
			changed[name] = status
		}
	}
	input.Features = features(changed)
	return send(ctx, client(env, region), input)
}

// send makes an update in one request. If GuardDuty refuses it, the features go
// one by one, so that one that it lists and does not offer stands in the way of
// no other setting: its refusal has one code for everything.
func send(ctx context.Context, c *guardduty.Client, input *guardduty.UpdateDetectorInput) error {
	wanted := input.Features
	_, err := c.UpdateDetector(ctx, input)
	if !refused(err) || len(wanted) == 0 {
		return err
	}
	if input.Features = nil; input.Enable != nil || input.FindingPublishingFrequency != "" {
		if _, err := c.UpdateDetector(ctx, input); err != nil {
			return err
		}
	}
	var unwelcome []string
	for _, f := range wanted {
		_, err := c.UpdateDetector(ctx, &guardduty.UpdateDetectorInput{DetectorId: input.DetectorId, Features: []types.DetectorFeatureConfiguration{f}})
		switch {
		case refused(err):
			unwelcome = append(unwelcome, fmt.Sprintf("%s (%s)", f.Name, awsx.ErrorMessage(err)))
		case err != nil:
			return err
		}
	}
	if unwelcome == nil {
		return nil
	}
	return fmt.Errorf("guardduty:UpdateDetector refused in %s: %s; take them out of guardduty.features, or leave the region out (regions.exclude)",
		c.Options().Region, strings.Join(unwelcome, ", "))
}

// runtimeAgents are additional configuration of RUNTIME_MONITORING.
var runtimeAgents = map[string]bool{
	string(types.FeatureAdditionalConfigurationEksAddonManagement):        true,
	string(types.FeatureAdditionalConfigurationEcsFargateAgentManagement): true,
	string(types.FeatureAdditionalConfigurationEc2AgentManagement):        true,
}

const (
	runtimeMonitoring    = "RUNTIME_MONITORING"
	eksRuntimeMonitoring = "EKS_RUNTIME_MONITORING" // the older one
)

func features(statuses map[string]Status) []types.DetectorFeatureConfiguration {
	var list []types.DetectorFeatureConfiguration
	var agents []types.DetectorAdditionalConfiguration
	for _, name := range slices.Sorted(maps.Keys(statuses)) {
		status := statuses[name].api()
		if runtimeAgents[name] {
			agents = append(agents, types.DetectorAdditionalConfiguration{Name: types.FeatureAdditionalConfiguration(name), Status: status})
			continue
		}
		list = append(list, types.DetectorFeatureConfiguration{Name: types.DetectorFeature(name), Status: status})
	}
	return withAgents(list, agents)
}

// withAgents puts the agents under RUNTIME_MONITORING. Where the request does not
// name that, agents that are on name it, since they need it on; those that are off
// are off without it, and never a reason to turn it on.
func withAgents(list []types.DetectorFeatureConfiguration, agents []types.DetectorAdditionalConfiguration) []types.DetectorFeatureConfiguration {
	if len(agents) == 0 {
		return list
	}
	for i := range list {
		if list[i].Name == runtimeMonitoring {
			list[i].AdditionalConfiguration = agents
			return list
		}
	}
	if !slices.ContainsFunc(agents, func(a types.DetectorAdditionalConfiguration) bool { return a.Status == on.api() }) {
		return list
	}
	return append(list, types.DetectorFeatureConfiguration{Name: runtimeMonitoring, Status: on.api(), AdditionalConfiguration: agents})
}
