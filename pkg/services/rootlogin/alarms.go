package rootlogin

// loginAlarm waits for root at the console's door, let in or not. Events spell
// their type "Sign In"; a page of the EventBridge user guide says "Signin". The
// match is exact, so both are listed.
var loginAlarm = alarm{
	rule: Rule{
		Name:        "kiso-root-login",
		Description: "Root signed in to the console, or tried to. Kept by kiso.",
		State:       enabled,
		Pattern: Pattern{
			"source":      []any{"aws.signin"},
			"detail-type": []any{"AWS Console Sign In via CloudTrail", "AWS Console Signin via CloudTrail"},
			"detail": map[string]any{
				"eventName":    []any{"ConsoleLogin"},
				"userIdentity": map[string]any{"type": []any{"Root"}},
			},
		},
	},
	mail: Mail{
		Paths: map[string]string{
			"account": "$.account", "time": "$.time", "id": "$.detail.eventID",
			"address": "$.detail.sourceIPAddress", "result": "$.detail.responseElements.ConsoleLogin",
		},
		Template: `"The root user of the AWS account <account> signed in to the console, or tried to."
"Result: <result>"
"Time: <time>"
"From: <address>"
"CloudTrail event: <id>"
"If nobody you know did this, change root's password and check its MFA and access keys at once."`,
	},
}

// usageAlarm waits for any API call by root. Calls that AWS makes on root's
// behalf, and events that are no call, are left out, as in the metric filter of
// the CIS AWS Foundations Benchmark. Calls that only read reach a rule in no
// other state (EventBridge user guide, AWS service events delivered via CloudTrail).
var usageAlarm = alarm{
	path: "root_api_usage",
	rule: Rule{
		Name:        "kiso-root-api-usage",
		Description: "Root called an API. Kept by kiso.",
		State:       enabledForAll,
		Pattern: Pattern{
			"detail-type": []any{"AWS API Call via CloudTrail"},
			"detail": map[string]any{
				"eventType":    []any{map[string]any{"anything-but": []any{"AwsServiceEvent"}}},
				"userIdentity": map[string]any{"type": []any{"Root"}, "invokedBy": []any{map[string]any{"exists": false}}},
			},
		},
	},
	mail: Mail{
		Paths: map[string]string{
			"account": "$.account", "region": "$.region", "time": "$.time", "id": "$.detail.eventID",
			"event": "$.detail.eventName", "source": "$.detail.eventSource", "address": "$.detail.sourceIPAddress",
		},
		Template: `"The root user of the AWS account <account> called <event> of <source> in <region>."
"Time: <time>"
"From: <address>"
"CloudTrail event: <id>"
"If nobody you know did this, change root's password and check its MFA and access keys at once."`,
	},
}
