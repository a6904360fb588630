package config

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"

	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// defaultName is what AWS Config calls a recorder and a channel that nobody named.
const defaultName = "default"

// Recorder is the model of a region's customer managed recorder.
type Recorder struct {
	Name    string `json:"name" diff:"create"`
	RoleARN string `json:"role_arn" diff:"create"`

	AllSupported  bool     `json:"all_supported"`
	IncludeGlobal Included `json:"include_global_resource_types"`
	// ResourceTypes and ExcludedTypes narrow a recorder that does not record all.
	ResourceTypes []string `json:"resource_types,omitzero" diff:"set"`
	ExcludedTypes []string `json:"excluded_resource_types,omitzero" diff:"set"`

	Frequency Frequency         `json:"recording_frequency,omitzero"`
	Overrides []Override        `json:"recording_mode_overrides,omitzero" diff:"-"`
	Tags      map[string]string `json:"tags,omitzero" diff:"create"`
}

// Included says whether something is recorded as well.
type Included bool

// Raise keeps what is recorded already: kiso stops no recording.
func (i Included) Raise(live Included) Included { return i || live }

// Frequency is how often a change is recorded.
type Frequency string

const (
	continuous Frequency = "CONTINUOUS"
	daily      Frequency = "DAILY"
)

// Raise keeps a live recorder that records continuously.
func (f Frequency) Raise(live Frequency) Frequency {
	if live == continuous {
		return live
	}
	return f
}

// Override is another frequency for some resource types.
type Override struct {
	Description   string    `json:"description,omitzero"`
	ResourceTypes []string  `json:"resource_types"`
	Frequency     Frequency `json:"recording_frequency"`
}

var recorders = &resource.Type[Recorder]{
	Kind: "config.recorder",
	Doc: resource.Doc{
		Summary:  "The region's recorder: every supported resource type, often enough, with the service-linked role; IAM's global types in one region.",
		Controls: []string{"Config.1"},
		Reads:    []resource.Permission{{Action: "config:DescribeConfigurationRecorders"}},
		Writes: []resource.Permission{
			{Action: "config:PutConfigurationRecorder"}, {Action: "config:TagResource", For: "config:PutConfigurationRecorder"},
			// An adopted recorder keeps its role, which may be any.
			{
				Action: "iam:PassRole", Resource: "arn:{partition}:iam::{account_id}:role/*",
				Condition: map[string]string{"iam:PassedToService": servicePrincipal}, For: "config:PutConfigurationRecorder",
			},
		},
		Changers: []resource.Changer{{Event: "PutConfigurationRecorder"}, {Event: "DeleteConfigurationRecorder"}},
	},
	Observe: observeRecorder,
	Adapt:   adaptRecorder,
	Apply:   applyRecorder,
	Settle: resource.Settle{RetryOn: []resource.Transient{
		// The role was made a moment ago.
		{Code: "InvalidRoleException"},
		// Another run, or a first try whose answer was lost, created it.
		{Code: "MaxNumberOfConfigurationRecordersExceededException"},
	}},
}

func observeRecorder(ctx context.Context, env resource.Env, id resource.ID) (*Recorder, error) {
	live, err := recorderOf(ctx, env, id.Scope)
	if err != nil || live == nil {
		return nil, err
	}
	return recorderModel(string(id.Scope), live), controlTower(live.Name)
}

func recorderModel(region string, live *types.ConfigurationRecorder) *Recorder {
	m := &Recorder{Name: aws.ToString(live.Name), RoleARN: aws.ToString(live.RoleARN), Frequency: continuous}
	if mode := live.RecordingMode; mode != nil {
		m.Frequency = Frequency(mode.RecordingFrequency)
		m.Overrides = overridesModel(mode.RecordingModeOverrides)
	}
	group := live.RecordingGroup
	if group == nil {
		group = &types.RecordingGroup{AllSupported: true}
	}
	m.AllSupported = group.AllSupported
	m.ResourceTypes = texts(group.ResourceTypes)
	if group.ExclusionByResourceTypes != nil {
		m.ExcludedTypes = texts(group.ExclusionByResourceTypes.ResourceTypes)
	}
	m.IncludeGlobal = includesGlobal(region, group, m)
	return m
}

// includesGlobal says whether a recorder records any of IAM's global types. One
// that records all but some does so wherever it can, whatever its flag says; one
// that records some does so if they are among them (AWS Config API reference,
// RecordingGroup).
func includesGlobal(region string, group *types.RecordingGroup, m *Recorder) Included {
	among := func(list []string) int {
		return len(slices.DeleteFunc(slices.Clone(globalTypes), func(t string) bool { return !slices.Contains(list, t) }))
	}
	switch strategy := group.RecordingStrategy; {
	case m.AllSupported:
		return Included(group.IncludeGlobalResourceTypes)
	case strategy != nil && strategy.UseOnly == types.RecordingStrategyTypeExclusionByResourceTypes:
		return Included(recordsGlobalTypes[region] && among(m.ExcludedTypes) < len(globalTypes))
	default:
		return among(m.ResourceTypes) > 0
	}
}

func overridesModel(live []types.RecordingModeOverride) []Override {
	var overrides []Override
	for _, o := range live {
		overrides = append(overrides, Override{
			Description: aws.ToString(o.Description), ResourceTypes: texts(o.ResourceTypes), Frequency: Frequency(o.RecordingFrequency),
		})
	}
	return overrides
}

// texts returns the types as strings; nil for none, as AWS shows both.
func texts(list []types.ResourceType) []string {
	var names []string
	for _, t := range list {
		names = append(names, string(t))
	}
	return names
}

func resourceTypes(names []string) []types.ResourceType {
	var list []types.ResourceType
	for _, n := range names {
		list = append(list, types.ResourceType(n))
	}
	return list
}

// adaptRecorder empties the lists that a live recorder is narrowed by, which AWS
// refuses beside "all supported", and says what of it stays and is worth a look.
func adaptRecorder(live, want Recorder) (Recorder, []string) {
	var notes []string
	if live.ResourceTypes != nil {
		want.ResourceTypes = []string{}
	}
	if live.ExcludedTypes != nil {
		want.ExcludedTypes = []string{}
	}
	if controlTower(&live.Name) != nil { // which nobody here can take advice on
		return want, nil
	}
	if live.RoleARN != want.RoleARN {
		notes = append(notes, fmt.Sprintf("the recorder keeps its role %s, and Security Hub's control Config.1 fails with any but %s: change it by hand if nothing rests on it", live.RoleARN, roleName))
	}
	if live.IncludeGlobal && !want.IncludeGlobal {
		notes = append(notes, "IAM's users, groups, roles and policies are recorded here besides the one region that should, and billed for each: to save that, set includeGlobalResourceTypes to false by hand")
	}
	for _, o := range live.Overrides {
		if o.Frequency == daily && want.Frequency == continuous {
			notes = append(notes, fmt.Sprintf("an override records %d resource types only daily; it stays as it is", len(o.ResourceTypes)))
		}
	}
	return want, notes
}

// applyRecorder sends the whole recorder: what a request leaves out goes back to
// its default (AWS Config API reference, PutConfigurationRecorder).
func applyRecorder(ctx context.Context, env resource.Env, d resource.Delta[Recorder]) error {
	m := d.After
	mode := &types.RecordingMode{RecordingFrequency: types.RecordingFrequency(m.Frequency)}
	for _, o := range m.Overrides {
		override := types.RecordingModeOverride{ResourceTypes: resourceTypes(o.ResourceTypes), RecordingFrequency: types.RecordingFrequency(o.Frequency)}
		if o.Description != "" {
			override.Description = &o.Description
		}
		mode.RecordingModeOverrides = append(mode.RecordingModeOverrides, override)
	}
	_, err := client(env, d.ID.Scope).PutConfigurationRecorder(ctx, &configservice.PutConfigurationRecorderInput{
		ConfigurationRecorder: &types.ConfigurationRecorder{
			Name: &m.Name, RoleARN: &m.RoleARN, RecordingMode: mode,
			RecordingGroup: &types.RecordingGroup{
				AllSupported: m.AllSupported, IncludeGlobalResourceTypes: bool(m.IncludeGlobal),
				RecordingStrategy: &types.RecordingStrategy{UseOnly: types.RecordingStrategyTypeAllSupportedResourceTypes},
			},
		},
		Tags: tagList(m.Tags),
	})
	if awsx.IsCode(err, "InvalidRoleException") && !strings.HasSuffix(m.RoleARN, "/"+roleName) {
		return resource.Pending(fmt.Sprintf("%s; the recorder has the role %s: make sure that it is there and that AWS Config may assume it, or give the recorder %s by hand", awsx.Explain(err), m.RoleARN, roleName))
	}
	return err
}

// tagList returns tags as the API takes them, which it does on creation only.
func tagList(tags map[string]string) []types.Tag {
	var list []types.Tag
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: aws.String(k), Value: aws.String(tags[k])})
	}
	return list
}
