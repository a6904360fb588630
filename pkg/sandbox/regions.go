package sandbox

import (
	"maps"
	"slices"
)

// Opt-in states of a region, as account:ListRegions names them (AWS Account
// Management API reference, RegionOptStatus). Only EnabledByDefault and Enabled
// regions answer calls.
const (
	EnabledByDefault = "ENABLED_BY_DEFAULT"
	Enabled          = "ENABLED"
	Enabling         = "ENABLING"
	Disabling        = "DISABLING"
	Disabled         = "DISABLED"
)

// partition is what the core must know about one AWS partition (botocore,
// endpoints.json and partitions.json).
type partition struct {
	dnsSuffix string
	byDefault []string // on in every account
	optIn     []string // off until the account opts in
}

var partitions = map[string]partition{
	"aws": {
		dnsSuffix: "amazonaws.com",
		byDefault: []string{
			"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
			"ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3",
			"sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
		},
		optIn: []string{
			"af-south-1", "ap-east-1", "ap-east-2", "ap-south-2", "ap-southeast-3", "ap-southeast-4",
			"ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-west-1", "eu-central-2", "eu-south-1",
			"eu-south-2", "il-central-1", "me-central-1", "me-south-1", "mx-central-1",
		},
	},
	"aws-cn":     {dnsSuffix: "amazonaws.com.cn", byDefault: []string{"cn-north-1", "cn-northwest-1"}},
	"aws-us-gov": {dnsSuffix: "amazonaws.com", byDefault: []string{"us-gov-east-1", "us-gov-west-1"}},
	"aws-eusc":   {dnsSuffix: "amazonaws.eu", byDefault: []string{"eusc-de-east-1"}},
	"aws-iso":    {dnsSuffix: "c2s.ic.gov", byDefault: []string{"us-iso-east-1", "us-iso-west-1"}},
	"aws-iso-b":  {dnsSuffix: "sc2s.sgov.gov", byDefault: []string{"us-isob-east-1", "us-isob-west-1"}},
	"aws-iso-e":  {dnsSuffix: "cloud.adc-e.uk", byDefault: []string{"eu-isoe-west-1"}},
	"aws-iso-f":  {dnsSuffix: "csp.hci.ic.gov", byDefault: []string{"us-isof-east-1", "us-isof-south-1"}},
}

// DefaultRegions returns the regions of a partition with the opt-in status that
// they have in a new account. An unknown partition has none.
func DefaultRegions(name string) map[string]string {
	regions := map[string]string{}
	for _, r := range partitions[name].byDefault {
		regions[r] = EnabledByDefault
	}
	for _, r := range partitions[name].optIn {
		regions[r] = Disabled
	}
	return regions
}

// isOn tells whether a region with this opt-in status answers calls. A region
// that is being switched on or off does not.
func isOn(status string) bool { return status == EnabledByDefault || status == Enabled }

// sortedKeys returns the keys of m in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
