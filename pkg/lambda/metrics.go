package lambda

import (
	"encoding/json"
	"time"

	"github.com/kiso-cli/kiso/pkg/fleet"
)

// metrics writes the result in CloudWatch's embedded metric format: a log line
// that CloudWatch makes metrics of (CloudWatch user guide, "Embedded metric
// format specification"). Runs is 1 each time, for an alarm on its absence.
func (f *Function) metrics(r fleet.Result) {
	drifted := 0
	if r.Mode != fleet.Apply {
		drifted = r.Summary.Changes()
	}
	count := func(name string) map[string]string { return map[string]string{"Name": name, "Unit": "Count"} }
	line := map[string]any{
		"_aws": map[string]any{
			"Timestamp": time.Now().UnixMilli(),
			"CloudWatchMetrics": []any{map[string]any{
				"Namespace":  "kiso",
				"Dimensions": f.dimensions(r),
				"Metrics": []any{
					count("Runs"), count("DriftedResources"), count("AppliedResources"), count("Errors"),
					map[string]string{"Name": "Duration", "Unit": "Seconds"},
				},
			}},
		},
		"AccountId": r.AccountID, "Mode": r.Mode, "Outcome": r.Outcome,
		"Runs": 1, "DriftedResources": drifted, "AppliedResources": r.Added + r.Changed,
		"Errors": len(r.Problems), "Duration": r.Seconds, "Problems": r.Problems, "Drift": r.Drift,
	}
	data, err := json.Marshal(line)
	if err != nil {
		panic("lambda: a result is not plain data: " + err.Error())
	}
	_, _ = f.Out.Write(append(data, '\n')) // the log is all there is to complain to
}

// dimensions says by what the metrics may be asked for. CloudWatch takes no line
// with an empty dimension, which the account of a run that could not begin may
// be, and bills each account's metrics by themselves: in a fleet of thousands
// KISO_ACCOUNT_METRICS=false leaves them out.
func (f *Function) dimensions(r fleet.Result) [][]string {
	if r.AccountID == "" || f.Env("KISO_ACCOUNT_METRICS") == "false" {
		return [][]string{{"Mode"}}
	}
	return [][]string{{"Mode"}, {"AccountId", "Mode"}}
}
