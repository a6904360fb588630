package property

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// wish is a spec: its text, and the parts of it that the comparison rests on.
type wish struct {
	text      string
	home      string
	trail     string // the trail's name
	logs      string // the trail's bucket
	history   string // AWS Config's bucket
	features  []string
	standards []string
	emails    []string
	sections  map[string]bool
}

// wishes draws a spec that is valid by construction.
func wishes(t *rapid.T) wish {
	w := wish{home: pick(t, "home region", regions...), trail: pick(t, "trail name", "kiso", "audit"), sections: map[string]bool{}}
	w.logs = pick(t, "trail bucket", "kiso-cloudtrail-"+account+"-"+w.home, "shared-logs")
	w.history = pick(t, "config bucket", "kiso-config-"+account+"-"+w.home, "config-logs")
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\nhome_region: %s\n", w.home)
	if yes(t, "spec tags") {
		b.WriteString("tags: {owner: security}\n")
	}
	sections := some(t, "section", "cloudtrail", "config", "guardduty", "securityhub", "root_login_alarm")
	if len(sections) == 0 {
		sections = []string{"cloudtrail"}
	}
	for _, name := range sections {
		w.sections[name] = true
		b.WriteString(w.section(t, name))
	}
	w.text = b.String()
	return w
}

func (w *wish) section(t *rapid.T, name string) string {
	switch name {
	case "cloudtrail":
		return fmt.Sprintf("cloudtrail:\n  trail_name: %s\n  bucket:\n    name: %s\n    object_lock: {mode: %s, %s}\n", w.trail, w.logs,
			pick(t, "mode", "GOVERNANCE", "COMPLIANCE"), pick(t, "period", "days: 365", "days: 1", "years: 1", "years: 3"))
	case "config":
		return fmt.Sprintf("config:\n  bucket: {name: %s}\n  recording_frequency: %s\n", w.history, pick(t, "recording frequency", "CONTINUOUS", "DAILY"))
	case "guardduty":
		var features strings.Builder
		runtime := "enabled"
		for _, f := range some(t, "feature", "S3_DATA_EVENTS", "RDS_LOGIN_EVENTS", "RUNTIME_MONITORING", "EC2_AGENT_MANAGEMENT", "TIME_MACHINE") {
			status := pick(t, f, "enabled", "disabled")
			switch f {
			case "RUNTIME_MONITORING":
				runtime = status
			case "EC2_AGENT_MANAGEMENT":
				status = runtime // it implies the feature that it belongs to, and is refused where that is off
			}
			w.features = append(w.features, f)
			fmt.Fprintf(&features, "%s: %s, ", f, status)
		}
		return fmt.Sprintf("guardduty:\n  finding_publishing_frequency: %s\n  features: {%s}\n",
			pick(t, "finding frequency", "FIFTEEN_MINUTES", "ONE_HOUR", "SIX_HOURS"), strings.TrimSuffix(features.String(), ", "))
	case "securityhub":
		w.standards = some(t, "wanted standard", standards...)
		return fmt.Sprintf("securityhub:\n  standards: [%s]\n  aggregation: %s\n", strings.Join(w.standards, ", "), pick(t, "aggregation", "all_regions", "none"))
	default:
		w.emails = append([]string{"security@example.com"}, some(t, "further address", "boss@example.com")...)
		return fmt.Sprintf("root_login_alarm:\n  emails: [%s]\n  root_api_usage: %v\n", strings.Join(w.emails, ", "), yes(t, "root API usage"))
	}
}
