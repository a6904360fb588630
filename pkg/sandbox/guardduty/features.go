package guardduty

import (
	"fmt"
	"maps"
	"slices"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// Statuses of features and detectors.
const (
	enabled  = "ENABLED"
	disabled = "DISABLED"
)

// runtimeMonitoring is the one optional feature that a new detector has off.
// EKS_RUNTIME_MONITORING is its predecessor, which it excludes.
const (
	runtimeMonitoring    = "RUNTIME_MONITORING"
	eksRuntimeMonitoring = "EKS_RUNTIME_MONITORING"
)

// foundational are the sources that every detector reads. They are listed but
// cannot be set.
var foundational = []string{"CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS"}

// optional are the features that can be set, with their additional configurations.
var optional = map[string][]string{
	"S3_DATA_EVENTS":         nil,
	"EKS_AUDIT_LOGS":         nil,
	"EBS_MALWARE_PROTECTION": nil,
	"RDS_LOGIN_EVENTS":       nil,
	"LAMBDA_NETWORK_LOGS":    nil,
	"AI_PROTECTION":          nil,
	"AI_ANALYST":             nil,
	eksRuntimeMonitoring:     {"EKS_ADDON_MANAGEMENT"},
	runtimeMonitoring:        {"EKS_ADDON_MANAGEMENT", "ECS_FARGATE_AGENT_MANAGEMENT", "EC2_AGENT_MANAGEMENT"},
}

// featureInput is a feature as a request sets it.
type featureInput struct {
	Name       string            `json:"name"`
	Status     string            `json:"status" enum:"ENABLED,DISABLED"`
	Additional []additionalInput `json:"additionalConfiguration"`
}

type additionalInput struct {
	Name   string `json:"name"`
	Status string `json:"status" enum:"ENABLED,DISABLED"`
}

// initialFeatures are those of a new detector before its request is looked at:
// everything that the region has is on, except for runtime monitoring.
func initialFeatures(req *sandbox.Request, unavailable []string) map[string]*Feature {
	features := map[string]*Feature{}
	for _, name := range foundational {
		features[name] = &Feature{Status: enabled, UpdatedAt: req.Now.Unix()}
	}
	for name, additional := range optional {
		if slices.Contains(unavailable, name) {
			continue
		}
		f := &Feature{Status: enabled, UpdatedAt: req.Now.Unix()}
		if name == runtimeMonitoring || name == eksRuntimeMonitoring {
			f.Status = disabled
		}
		for _, a := range additional {
			if f.Additional == nil {
				f.Additional = map[string]string{}
			}
			f.Additional[a] = disabled
		}
		features[name] = f
	}
	return features
}

// setFeatures applies the features of a request; those it does not name stay.
func setFeatures(req *sandbox.Request, d *Detector, unavailable []string, inputs []featureInput) error {
	if err := checkFeatures(d, unavailable, inputs); err != nil {
		return err
	}
	for _, in := range inputs {
		f := d.Features[in.Name]
		changed := Feature{Status: f.Status, Additional: maps.Clone(f.Additional)}
		if in.Status != "" {
			changed.Status = in.Status
		}
		for _, a := range in.Additional {
			changed.Additional[a.Name] = a.Status
		}
		if changed.Status != f.Status || !maps.Equal(changed.Additional, f.Additional) {
			changed.UpdatedAt = req.Now.Unix()
			d.Features[in.Name] = &changed
		}
	}
	return nil
}

func checkFeatures(d *Detector, unavailable []string, inputs []featureInput) error {
	seen := map[string]bool{}
	for _, in := range inputs {
		additional, known := optional[in.Name]
		if !known || d.Features[in.Name] == nil || slices.Contains(unavailable, in.Name) {
			return badRequest(fmt.Sprintf("an invalid or out-of-range value is specified as an input parameter: feature %q is not supported in this region.", in.Name))
		}
		if seen[in.Name] {
			return badRequest(fmt.Sprintf("the feature %s is specified more than once.", in.Name))
		}
		seen[in.Name] = true
		for _, a := range in.Additional {
			if !slices.Contains(additional, a.Name) || a.Status == "" {
				return badRequest(fmt.Sprintf("the additional configuration %q is not valid for feature %s.", a.Name, in.Name))
			}
		}
	}
	if seen[runtimeMonitoring] && seen[eksRuntimeMonitoring] {
		return badRequest("EKS_RUNTIME_MONITORING and RUNTIME_MONITORING cannot be specified together.")
	}
	return nil
}

// featureOutput is a feature as GetDetector lists it.
type featureOutput struct {
	Name       string             `json:"name"`
	Status     string             `json:"status"`
	UpdatedAt  int64              `json:"updatedAt,omitempty"`
	Additional []additionalOutput `json:"additionalConfiguration,omitempty"`
}

type additionalOutput struct {
	Name      string `json:"name"`
	Status    string `json:"status"`
	UpdatedAt int64  `json:"updatedAt,omitempty"`
}

// listFeatures lists the features in an order that is not to be relied on.
func listFeatures(req *sandbox.Request, features map[string]*Feature) []featureOutput {
	var list []featureOutput
	for _, name := range slices.Sorted(maps.Keys(features)) {
		f := features[name]
		out := featureOutput{Name: name, Status: f.Status, UpdatedAt: f.UpdatedAt}
		for _, a := range slices.Sorted(maps.Keys(f.Additional)) {
			out.Additional = append(out.Additional, additionalOutput{a, f.Additional[a], f.UpdatedAt})
		}
		out.Additional = sandbox.Shuffled(req, out.Additional)
		list = append(list, out)
	}
	return sandbox.Shuffled(req, list)
}
