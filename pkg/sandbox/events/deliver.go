package events

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/sns"
)

// Delivery is a target that an event was meant for. Refusal says why it did not
// get it; nil if it did.
type Delivery struct {
	Rule    string
	Target  string // ARN
	Text    string
	Refusal error
}

// Send puts an event on the region's default event bus, as AWS services do, and
// returns what came of it. Topics publish what they get, if their policy lets the
// rule; other targets get nothing. The event is JSON.
func Send(a *sandbox.Account, region, event string) []Delivery {
	var parsed map[string]any
	if err := json.Unmarshal([]byte(event), &parsed); err != nil {
		panic("sandbox: the event is not a JSON object: " + err.Error())
	}
	var deliveries []Delivery
	rules := Get(a, region).Rules
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		if !rules[name].wants(parsed) {
			continue
		}
		for _, t := range rules[name].Targets {
			d := Delivery{Rule: name, Target: t.ARN, Text: t.text(parsed, event)}
			d.Refusal = d.publish(a, region)
			deliveries = append(deliveries, d)
		}
	}
	return deliveries
}

// publish hands the text to the target.
func (d Delivery) publish(a *sandbox.Account, region string) error {
	if m := arnPattern.FindStringSubmatch(d.Target); m[1] != sns.Service {
		return fmt.Errorf("the sandbox does not deliver to %s", m[1])
	}
	rule := fmt.Sprintf("arn:%s:%s:%s:%s:rule/%s", a.Partition(), Service, region, a.AccountID(), d.Rule)
	return sns.Publish(a, region, d.Target, "events.amazonaws.com", rule, d.Text)
}

// wants says whether the rule is on for the event and matches it. Read-only
// management events from CloudTrail pass only rules that ask for all (EventBridge
// user guide, AWS service events delivered via CloudTrail).
func (r *Rule) wants(event map[string]any) bool {
	if r.State == Disabled || r.Pattern == "" {
		return false
	}
	detail, _ := event["detail"].(map[string]any)
	viaCloudTrail := event["detail-type"] == "AWS API Call via CloudTrail"
	if viaCloudTrail && detail["readOnly"] == true && r.State != AllEvents {
		return false
	}
	p, err := parsePattern(r.Pattern)
	return err == nil && p.matches(event)
}

// text is what the target gets of an event.
func (t Target) text(event map[string]any, whole string) string {
	switch {
	case t.Input != "":
		return t.Input
	case t.InputPath != "":
		return textAt(event, t.InputPath)
	case t.InputTransformer == nil:
		return whole
	}
	// A variable whose path the event does not have is not in the text.
	return placeholder.ReplaceAllStringFunc(t.InputTransformer.Template, func(name string) string {
		return textAt(event, t.InputTransformer.Paths[strings.Trim(name, "<>")])
	})
}

// textAt returns the value at a JSON path without wildcards and indices.
func textAt(event any, path string) string {
	for _, field := range strings.Split(path, ".")[1:] {
		object, _ := event.(map[string]any)
		event = object[field]
	}
	switch v := event.(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		data, _ := json.Marshal(v) // it was JSON
		return string(data)
	}
}
