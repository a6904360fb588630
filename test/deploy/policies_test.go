package deploy

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/policy"
	"github.com/kiso-cli/kiso/pkg/services"
)

// statements returns those of a policy as plain data.
func statements(t *testing.T, document any) []any {
	t.Helper()
	data, err := json.Marshal(document)
	require.NoError(t, err)
	var d struct{ Statement []any }
	require.NoError(t, json.Unmarshal(data, &d))
	return d.Statement
}

// TestRolesAreGrantedWhatKisoPolicySays compares with the policies that kiso
// prints. If it fails, make generate brings the templates up to date.
func TestRolesAreGrantedWhatKisoPolicySays(t *testing.T) {
	scope := policy.ForAll(services.All(), "aws")
	scope.AccountID = account
	plan := statements(t, policy.Make(policy.Plan, scope))
	apply := statements(t, policy.Make(policy.Apply, scope))
	for _, name := range []string{"schedule.yaml", "role.yaml", "github-oidc.yaml"} {
		t.Run(name, func(t *testing.T) {
			template := template(t, name)
			reads := statements(t, template.properties("ReadPolicy")["PolicyDocument"])
			writes := statements(t, template.properties("WritePolicy")["PolicyDocument"])
			assert.Equal(t, plan, reads)
			assert.ElementsMatch(t, apply, append(reads, writes...))
		})
	}
}

func TestWritingIsOptedInto(t *testing.T) {
	write := object{"!If": []any{"Applies", "WritePolicy", "NoValue"}}
	for name, role := range map[string]string{"schedule.yaml": "FunctionRole", "role.yaml": "Role"} {
		template := template(t, name)
		assert.Equal(t, []any{"ReadPolicy", write}, template.properties(role)["ManagedPolicyArns"], name)
		assert.Equal(t, "Applies", template.at("Resources", "WritePolicy")["Condition"], name)
		assert.NotEqual(t, "apply", template.at("Parameters", "Mode")["Default"], name)
	}
	github := template(t, "github-oidc.yaml")
	assert.Equal(t, []any{"ReadPolicy"}, github.properties("PlanRole")["ManagedPolicyArns"])
	assert.Equal(t, []any{"ReadPolicy", "WritePolicy"}, github.properties("ApplyRole")["ManagedPolicyArns"])
	assert.Equal(t, "drift", template(t, "fleet.yaml").at("Parameters", "Mode")["Default"])
}

// condition returns the one of a role's trust policy.
func condition(t *testing.T, role object) object {
	t.Helper()
	list, ok := role.at("AssumeRolePolicyDocument")["Statement"].([]any)
	require.True(t, ok)
	require.Len(t, list, 1)
	return list[0].(object).at("Condition")
}

func TestWhoMayAssumeTheRoles(t *testing.T) {
	github := template(t, "github-oidc.yaml")
	const issuer = "token.actions.githubusercontent.com"
	assert.Equal(t, object{"StringEquals": object{
		issuer + ":aud": "sts.amazonaws.com",
		issuer + ":sub": []any{"repo:${Repository}:pull_request", "repo:${Repository}:ref:refs/heads/${Branch}"},
	}}, condition(t, github.properties("PlanRole")))
	assert.Equal(t, object{"StringEquals": object{
		issuer + ":aud": "sts.amazonaws.com",
		issuer + ":sub": "repo:${Repository}:environment:${Environment}",
	}}, condition(t, github.properties("ApplyRole")))
	assert.Equal(t, object{"StringEquals": object{
		"sts:ExternalId": "ExternalId", "aws:PrincipalOrgID": "OrganizationId",
	}}, condition(t, template(t, "role.yaml").properties("Role")))
}

// TestServicesMayAssumeRolesForThisAccountAlone is about the confused deputy:
// a service that somebody else's resource makes use our role (IAM user guide).
// Lambda has no such condition to offer.
func TestServicesMayAssumeRolesForThisAccountAlone(t *testing.T) {
	for _, name := range []string{"schedule.yaml", "fleet.yaml", "realtime-forwarder.yaml"} {
		template(t, name).each("AWS::IAM::Role", func(role string, properties object) {
			if role == "FunctionRole" {
				return
			}
			c := condition(t, properties)
			assert.Equal(t, "AccountId", c.at("StringEquals")["aws:SourceAccount"], "%s %s", name, role)
			like, _ := c.at("ArnLike")["aws:SourceArn"].(string)
			equal, _ := c.at("StringEquals")["aws:SourceArn"].(string)
			assert.Contains(t, like+equal, ":"+account+":", "%s %s", name, role)
		})
	}
}
