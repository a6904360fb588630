// Package securityhub keeps Security Hub CSPM on in every region with the
// standards of the spec, and one finding aggregator in the home region. It knows
// the Security Hub API and nothing of how plans are made or carried out. Security
// Hub V2, which is billed otherwise, it never touches.
package securityhub

import (
	"fmt"
	"slices"

	"github.com/kiso-cli/kiso/pkg/resource"
)

// Service is the securityhub section of the spec.
var Service = &resource.Service{
	Name:    "securityhub",
	Title:   "AWS Security Hub CSPM",
	Summary: "Security Hub CSPM on in every region, with the standards of the spec and no default ones, and one finding aggregator in the home region that links all regions.",
	Cost:    "By security check and finding; 30 days free for each account and region. The checks of standards rest on AWS Config, whose recording is billed apart.",
	New: func() resource.Section {
		return &Section{Standards: []Standard{"aws-foundational-security-best-practices/v/1.0.0"}, Aggregation: allRegions}
	},
	Kinds: []resource.KindInfo{hubs, standards, aggregators},
	Example: `securityhub:
  standards:
    - aws-foundational-security-best-practices/v/1.0.0
    - cis-aws-foundations-benchmark/v/3.0.0
  aggregation: all_regions
`,
	Rests: map[string]string{
		"config": "securityhub: the checks of standards rest on AWS Config, and the spec has no config section: make sure that it records in every region, since a standard that finds no recorder stays incomplete",
	},
}

// Section is what the spec may say of Security Hub.
type Section struct {
	Standards   []Standard `yaml:"standards" jsonschema:"uniqueItems=true" doc:"Standards to enable in every region, as NAME/v/VERSION. Others that are enabled already stay."`
	Aggregation string     `yaml:"aggregation" jsonschema:"enum=all_regions,enum=none" doc:"all_regions: one finding aggregator in the home region links every region. none: the aggregator is not managed."`
}

const allRegions = "all_regions"

// maxStandards is how many standards one request may enable (Security Hub API
// reference, BatchEnableStandards).
const maxStandards = 25

// Validate refuses more standards than one request takes.
func (s *Section) Validate(report func(path, problem, hint string)) {
	if n := len(s.Standards); n > maxStandards {
		report("standards", fmt.Sprintf("%d standards are named", n), fmt.Sprintf("Security Hub enables at most %d at once", maxStandards))
	}
}

// Expand declares the hub and the standards of each region, and the aggregator.
func (s *Section) Expand(in resource.Input, d *resource.Declaration) {
	s.noteUnknown(d)
	hub := Hub{Enabled: true, Tags: d.PlainTags(in.Tags, "Security Hub", "hubs")}
	for _, region := range in.Regions {
		scope := resource.Scope(region)
		d.Add(hubs.New(scope, "hub", "", hub))
		if len(s.Standards) > 0 {
			recording := resource.ID{Kind: "config.recording", Scope: scope, Name: "recording"}
			d.Add(standards.New(scope, "standards", "standards", s.wanted(),
				resource.Needs(hubs.ID(scope, "hub")), resource.NeedsIfDeclared(recording)))
		}
	}
	if s.Aggregation == allRegions {
		aggregate(in, d)
	}
}

func (s *Section) wanted() Standards {
	want := Standards{Standards: map[string]State{}}
	for _, name := range s.Standards {
		want.Standards[string(name)] = enabled
	}
	return want
}

// noteUnknown tells of names that may be misspelt. They are asked for all the
// same: AWS adds standards faster than kiso is released.
func (s *Section) noteUnknown(d *resource.Declaration) {
	for _, name := range s.Standards {
		if !slices.Contains(known, string(name)) {
			d.NoteUnknown("securityhub.standards", string(name), nearest(string(name)))
		}
	}
}

// aggregate declares the aggregator after all hubs, so that it links regions
// that are there.
func aggregate(in resource.Input, d *resource.Declaration) {
	home := resource.Scope(in.HomeRegion)
	switch {
	case optIn[in.HomeRegion]:
		d.Refuse("aggregation", fmt.Sprintf("the home region %s is one that accounts opt in to, where AWS allows no finding aggregator", in.HomeRegion),
			"set aggregation: none, or a home_region that is enabled in every account")
		return
	case !slices.Contains(in.Regions, in.HomeRegion):
		d.Refuse("aggregation", fmt.Sprintf("the finding aggregator needs Security Hub in the home region %s, which is not one of the managed regions", in.HomeRegion),
			"add it to regions (or take it out of regions.exclude), or set aggregation: none")
		return
	}
	needs := []resource.Ref{resource.Needs(hubs.ID(home, "hub"))}
	for _, region := range in.Regions {
		if region != in.HomeRegion {
			needs = append(needs, resource.After(hubs.ID(resource.Scope(region), "hub")))
		}
	}
	d.Add(aggregators.New(home, "aggregator", "aggregation", Aggregator{Region: in.HomeRegion, Mode: linkAll}, needs...))
}

// optIn are the regions that accounts must opt in to: none of them can be the
// home of a finding aggregator (Security Hub user guide, "Enabling cross-Region
// aggregation"; AWS General Reference, "Managing AWS Regions").
var optIn = map[string]bool{
	"af-south-1": true, "ap-east-1": true, "ap-east-2": true, "ap-south-2": true,
	"ap-southeast-3": true, "ap-southeast-4": true, "ap-southeast-5": true, "ap-southeast-6": true, "ap-southeast-7": true,
	"ca-west-1": true, "eu-central-2": true, "eu-south-1": true, "eu-south-2": true,
	"il-central-1": true, "me-central-1": true, "me-south-1": true, "mx-central-1": true,
}
