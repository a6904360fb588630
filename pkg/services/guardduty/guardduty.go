// Package guardduty keeps one GuardDuty detector enabled in every region. It
// knows the GuardDuty API and nothing of how plans are made or carried out.
package guardduty

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/guardduty/types"

	"github.com/kiso-cli/kiso/internal/similar"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// Service is the guardduty section of the spec.
var Service = &resource.Service{
	Name:    "guardduty",
	Title:   "Amazon GuardDuty",
	Summary: "One enabled detector in every region, with the publishing frequency and the features of the spec.",
	Cost:    "By volume of events analysed; 30 days free for each plan, account and region. Optional protection plans are on in a new detector unless the spec says disabled.",
	New:     func() resource.Section { return &Section{Frequency: "SIX_HOURS"} },
	Kinds:   []resource.KindInfo{detectors},
	Example: `guardduty:
  finding_publishing_frequency: FIFTEEN_MINUTES
  features: {S3_DATA_EVENTS: enabled, RDS_LOGIN_EVENTS: enabled}
`,
}

// Section is what the spec may say of GuardDuty.
type Section struct {
	Frequency Frequency         `yaml:"finding_publishing_frequency" jsonschema:"enum=FIFTEEN_MINUTES,enum=ONE_HOUR,enum=SIX_HOURS" doc:"How often updated findings are published. A live detector that publishes more often is left so."`
	Features  map[string]Status `yaml:"features" jsonschema:"enum=enabled,enum=disabled" doc:"Protection plans by GuardDuty's own names, such as S3_DATA_EVENTS. Those not named are not managed; disabled counts when a detector is created, and never switches a live feature off."`
}

// Validate refuses the two generations of runtime monitoring together, as
// GuardDuty does (GuardDuty API reference, UpdateDetector), and agents of one that
// is off.
func (s *Section) Validate(report func(path, problem, hint string)) {
	for _, agent := range slices.Sorted(maps.Keys(runtimeAgents)) {
		if s.Features[agent] == on && s.Features[runtimeMonitoring] == off {
			report("features."+agent, "it is part of RUNTIME_MONITORING, which is disabled", "enable both, or none")
		}
		if s.Features[agent] == on && s.Features[eksRuntimeMonitoring] == on {
			report("features."+agent, "it is part of RUNTIME_MONITORING, which GuardDuty refuses together with EKS_RUNTIME_MONITORING", "RUNTIME_MONITORING covers EKS too: leave EKS_RUNTIME_MONITORING out")
		}
	}
	if s.Features[runtimeMonitoring] == on && s.Features[eksRuntimeMonitoring] == on {
		report("features.EKS_RUNTIME_MONITORING", "GuardDuty refuses it together with RUNTIME_MONITORING", "RUNTIME_MONITORING covers EKS too: leave EKS_RUNTIME_MONITORING out")
	}
}

// Expand declares a detector in each region.
func (s *Section) Expand(in resource.Input, d *resource.Declaration) {
	s.noteUnknown(d)
	want := Detector{Status: "ENABLED", Frequency: s.Frequency, Features: s.wanted(), Tags: d.PlainTags(in.Tags, "GuardDuty", "detectors")}
	for _, region := range in.Regions {
		d.Add(detectors.New(resource.Scope(region), "detector", "", want))
	}
}

// wanted returns the features of the spec, and that which an agent that is on needs.
func (s *Section) wanted() map[string]Status {
	features := maps.Clone(s.Features)
	for agent := range runtimeAgents {
		if features[agent] == on {
			features[runtimeMonitoring] = on
		}
	}
	return features
}

// noteUnknown tells of features that may be misspelt.
func (s *Section) noteUnknown(d *resource.Declaration) {
	var known []string
	for _, f := range types.DetectorFeature("").Values() {
		known = append(known, string(f))
	}
	for agent := range runtimeAgents {
		known = append(known, agent)
	}
	slices.Sort(known)
	for _, name := range slices.Sorted(maps.Keys(s.Features)) {
		if !slices.Contains(known, name) {
			nearest, _ := similar.Nearest(name, known)
			d.NoteUnknown("guardduty.features", name, nearest)
		}
	}
}
