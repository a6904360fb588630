package config

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/configservice/types"
)

// Recording strategies.
const (
	AllSupported = "ALL_SUPPORTED_RESOURCE_TYPES"
	Inclusion    = "INCLUSION_BY_RESOURCE_TYPES"
	Exclusion    = "EXCLUSION_BY_RESOURCE_TYPES"
)

// Group says which resource types a recorder records.
type Group struct {
	Strategy      string   `json:"strategy"`
	IncludeGlobal bool     `json:"includeGlobal,omitempty"`
	Types         []string `json:"types,omitempty"`    // of Inclusion
	Excluded      []string `json:"excluded,omitempty"` // of Exclusion
}

type groupDocument struct {
	AllSupported  bool               `json:"allSupported"`
	IncludeGlobal bool               `json:"includeGlobalResourceTypes"`
	Types         []string           `json:"resourceTypes"`
	Exclusion     *exclusionDocument `json:"exclusionByResourceTypes"`
	Strategy      *strategyDocument  `json:"recordingStrategy"`
}

type exclusionDocument struct {
	Types []string `json:"resourceTypes"`
}

type strategyDocument struct {
	UseOnly string `json:"useOnly" enum:"ALL_SUPPORTED_RESOURCE_TYPES,INCLUSION_BY_RESOURCE_TYPES,EXCLUSION_BY_RESOURCE_TYPES"`
}

// document shows every member, also those that were never sent.
func (g Group) document() groupDocument {
	return groupDocument{
		AllSupported: g.Strategy == AllSupported, IncludeGlobal: g.IncludeGlobal, Types: g.Types,
		Exclusion: &exclusionDocument{g.Excluded}, Strategy: &strategyDocument{g.Strategy},
	}
}

// groupOf takes a request's recording group. None at all is everything but the
// global IAM types. Of the combinations of its members only three are valid.
func groupOf(d *groupDocument) (Group, error) {
	if d == nil {
		return Group{Strategy: AllSupported}, nil
	}
	var strategy string
	if d.Strategy != nil {
		strategy = d.Strategy.UseOnly
	}
	var excluded []string
	if d.Exclusion != nil {
		excluded = d.Exclusion.Types
	}
	if err := knownTypes("configurationRecorder.recordingGroup.resourceTypes", slices.Concat(d.Types, excluded)); err != nil {
		return Group{}, err
	}
	none := len(d.Types) == 0 && len(excluded) == 0
	switch {
	case d.AllSupported && none && (strategy == "" || strategy == AllSupported):
		return Group{Strategy: AllSupported, IncludeGlobal: d.IncludeGlobal}, nil
	case !d.AllSupported && len(d.Types) > 0 && len(excluded) == 0 && !d.IncludeGlobal && (strategy == "" || strategy == Inclusion):
		return Group{Strategy: Inclusion, Types: d.Types}, nil
	case !d.AllSupported && len(d.Types) == 0 && len(excluded) > 0 && strategy == Exclusion:
		return Group{Strategy: Exclusion, Excluded: excluded}, nil
	}
	return Group{}, refuse("InvalidRecordingGroupException", "The recording group provided is not valid")
}

func knownTypes(path string, names []string) error {
	for _, name := range names {
		if !slices.Contains(types.ResourceType("").Values(), types.ResourceType(name)) {
			return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy enum value set", name, path)
		}
	}
	return nil
}

// Mode says how often a recorder records.
type Mode struct {
	Frequency string     `json:"frequency"`
	Overrides []Override `json:"overrides,omitempty"`
}

// Override is another frequency for some resource types.
type Override struct {
	Description string   `json:"description,omitempty" range:"1,256"`
	Types       []string `json:"resourceTypes,required"`
	Frequency   string   `json:"recordingFrequency,required" enum:"CONTINUOUS,DAILY"`
}

type modeDocument struct {
	Frequency string     `json:"recordingFrequency,required" enum:"CONTINUOUS,DAILY"`
	Overrides []Override `json:"recordingModeOverrides" range:"0,1"`
}

func (m Mode) document() modeDocument { return modeDocument(m) }

// neverDaily are the types that are recorded continuously in any case.
var neverDaily = []string{"AWS::Config::ResourceCompliance", "AWS::Config::ConformancePackCompliance", "AWS::Config::ConfigurationRecorder"}

func modeOf(d *modeDocument) (Mode, error) {
	if d == nil {
		return Mode{Frequency: "CONTINUOUS"}, nil
	}
	for _, o := range d.Overrides {
		if err := knownTypes("configurationRecorder.recordingMode.recordingModeOverrides.1.member.resourceTypes", o.Types); err != nil {
			return Mode{}, err
		}
		for _, name := range neverDaily {
			if o.Frequency == "DAILY" && slices.Contains(o.Types, name) {
				return Mode{}, invalid("Daily recording cannot be specified for the resource type %s.", name)
			}
		}
	}
	return Mode(*d), nil
}
