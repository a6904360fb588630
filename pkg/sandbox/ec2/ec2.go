// Package ec2 simulates the one call of Amazon EC2 by which clients learn which
// regions are enabled. Facts are from the EC2 API reference.
package ec2

import (
	"cmp"
	"net/http"
	"path"
	"slices"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// New returns the simulator.
func New() sandbox.Simulator {
	return sandbox.Simulator{
		Name:     "ec2",
		Protocol: sandbox.EC2{Namespace: "http://ec2.amazonaws.com/doc/2016-11-15/", Version: "2016-11-15"},
		Invalid:  "InvalidParameterValue",
		Operations: map[string]sandbox.Operation{
			"DescribeRegions": sandbox.Read(describeRegions),
		},
	}
}

type describeRegionsInput struct {
	RegionNames []string `json:"RegionName"`
	AllRegions  bool     `json:"AllRegions"`
	DryRun      bool     `json:"DryRun"`
	Filters     []filter `json:"Filter"`
}

type filter struct {
	Name   string   `json:"Name" enum:"endpoint,opt-in-status,region-name"`
	Values []string `json:"Value"`
}

type region struct {
	Name     string `json:"regionName"`
	Endpoint string `json:"regionEndpoint"`
	Status   string `json:"optInStatus"`
}

type describeRegionsOutput struct {
	Regions []region `json:"regionInfo"`
}

// describeRegions lists the enabled regions, or all of them, in no given order.
func describeRegions(req *sandbox.Request, in describeRegionsInput) (any, error) {
	if in.DryRun {
		return nil, sandbox.Error("DryRunOperation", http.StatusPreconditionFailed, "Request would have succeeded, but DryRun flag is set.")
	}
	statuses := req.Regions()
	for _, name := range in.RegionNames {
		if statuses[name] == "" {
			return nil, sandbox.Errorf("InvalidParameterValue", http.StatusBadRequest, "Invalid region: %s", name)
		}
	}
	var regions []region
	for name, status := range statuses {
		r := region{name, "ec2." + name + "." + req.DNSSuffix, optInStatus(status)}
		if in.wants(r) {
			regions = append(regions, r)
		}
	}
	slices.SortFunc(regions, func(a, b region) int { return cmp.Compare(a.Name, b.Name) })
	return describeRegionsOutput{sandbox.Shuffled(req, regions)}, nil
}

// optInStatus is EC2's coarser view of a region: it knows no states in between.
func optInStatus(status string) string {
	switch status {
	case sandbox.EnabledByDefault:
		return "opt-in-not-required"
	case sandbox.Enabled:
		return "opted-in"
	}
	return "not-opted-in"
}

func (in describeRegionsInput) wants(r region) bool {
	if !in.AllRegions && r.Status == "not-opted-in" {
		return false
	}
	if len(in.RegionNames) > 0 && !slices.Contains(in.RegionNames, r.Name) {
		return false
	}
	for _, f := range in.Filters {
		value := map[string]string{"endpoint": r.Endpoint, "opt-in-status": r.Status, "region-name": r.Name}[f.Name]
		if !slices.ContainsFunc(f.Values, func(pattern string) bool { ok, _ := path.Match(pattern, value); return ok }) {
			return false
		}
	}
	return true
}
