package property

import (
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/guardduty"
	"github.com/kiso-cli/kiso/pkg/sandbox/securityhub"
)

func liveDetectors(t *rapid.T, acct *sandbox.Account) {
	for _, region := range some(t, "region with GuardDuty", regions...) {
		d := &guardduty.Detector{
			ID: strings.Repeat("d", 32), Enabled: yes(t, region+" detector enabled"), Frequency: pick(t, region+" frequency", "FIFTEEN_MINUTES", "ONE_HOUR", "SIX_HOURS"),
			Features: map[string]*guardduty.Feature{}, Tags: tags(t, region+" detector"), CreatedAt: past.Format(time.RFC3339),
		}
		for _, name := range []string{"CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS"} {
			d.Features[name] = &guardduty.Feature{Status: "ENABLED"}
		}
		for _, name := range []string{"S3_DATA_EVENTS", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS"} {
			d.Features[name] = &guardduty.Feature{Status: pick(t, region+" "+name, "ENABLED", "DISABLED")}
		}
		agent := "DISABLED"
		runtime := pick(t, region+" runtime monitoring", "ENABLED", "DISABLED")
		if runtime == "ENABLED" {
			agent = pick(t, region+" agent", "ENABLED", "DISABLED")
		}
		d.Features["RUNTIME_MONITORING"] = &guardduty.Feature{Status: runtime, Additional: map[string]string{
			"EKS_ADDON_MANAGEMENT": "DISABLED", "ECS_FARGATE_AGENT_MANAGEMENT": agent, "EC2_AGENT_MANAGEMENT": agent,
		}}
		state := guardduty.State{Detector: d}
		if one(t, 4, region+" member") {
			state.Administrator = &guardduty.Administrator{AccountID: central, RelationshipStatus: pick(t, region+" relationship", "Enabled", "Invited")}
		}
		guardduty.Edit(acct, region, func(s *guardduty.State) { *s = state })
	}
}

var standards = []string{
	"aws-foundational-security-best-practices/v/1.0.0", "cis-aws-foundations-benchmark/v/1.2.0", "cis-aws-foundations-benchmark/v/3.0.0", "pci-dss/v/4.0.1",
}

func liveHubs(t *rapid.T, acct *sandbox.Account) {
	var homes []string
	for _, region := range some(t, "region with Security Hub", regions...) {
		hub := &securityhub.Hub{
			SubscribedAt: past.Format(time.RFC3339), AutoEnableControls: yes(t, region+" auto-enable"), Generator: "STANDARD_CONTROL",
			Tags: tags(t, region+" hub"), Standards: map[string]*securityhub.Subscription{},
		}
		for _, name := range some(t, region+" standard", standards...) {
			hub.Standards[name] = pick(t, region+" "+name, &securityhub.Subscription{}, &securityhub.Subscription{Reason: "NO_AVAILABLE_CONFIGURATION_RECORDER"},
				&securityhub.Subscription{ReadyAt: bubble.Add(40 * time.Second)}, &securityhub.Subscription{GoneAt: bubble.Add(50 * time.Second)})
		}
		state := securityhub.State{Hub: hub}
		if region != "us-east-1" { // what no region offers is refused, as the service's tests have it
			state.Unavailable = some(t, region+" lacks the standard", standards[1:]...)
		}
		for _, name := range state.Unavailable {
			delete(hub.Standards, name)
		}
		switch rapid.IntRange(0, 9).Draw(t, region+" organization") {
		case 8:
			state.Administrator = &securityhub.Administrator{AccountID: central, MemberStatus: pick(t, region+" member status", "Enabled", "Resigned")}
		case 9:
			state.CentralPolicy = true
		}
		securityhub.Edit(acct, region, func(s *securityhub.State) { *s = state })
		homes = append(homes, region)
	}
	if len(homes) == 0 || !yes(t, "aggregator") {
		return
	}
	a := &securityhub.Aggregator{ID: "aggr", Region: pick(t, "aggregator home", homes...), Mode: pick(t, "linking", "ALL_REGIONS", "ALL_REGIONS_EXCEPT_SPECIFIED", "SPECIFIED_REGIONS", "NO_REGIONS")}
	if strings.Contains(a.Mode, "SPECIFIED") {
		a.Regions = []string{"us-west-2"}
	}
	securityhub.EditAccount(acct, func(s *securityhub.AccountState) { s.Aggregator = a })
}

// bubble is when every bubble of testing/synctest begins.
var bubble = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
