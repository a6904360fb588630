package policy_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/engine"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/policy"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/services"
	"github.com/kiso-cli/kiso/pkg/spec"
)

// documents are policies of every role in every shape.
func documents(t *testing.T) map[string]*policy.Document {
	t.Helper()
	included := everything(t, "account_id: \"123456789012\"\nregions: {include: ["+strings.Join(regionsOf("aws"), ", ")+"]}\n")
	all := map[string]*policy.Document{}
	for _, role := range []policy.Role{policy.Plan, policy.Apply} {
		all[string(role)+" of everything"] = policy.Make(role, policy.ForAll(services.All(), "aws"))
		all[string(role)+" of a spec"] = policy.Make(role, policy.ForSpec(services.All(), everything(t, "")))
		all[string(role)+" of a spec with every region by name"] = policy.Make(role, policy.ForSpec(services.All(), included))
	}
	return all
}

func regionsOf(partition string) []string {
	return slices.DeleteFunc(spec.Regions(), func(r string) bool { return spec.PartitionOf(r) != partition })
}

func TestGrammar(t *testing.T) {
	sid := regexp.MustCompile(`^[A-Za-z0-9]+$`)
	arn := regexp.MustCompile(`^arn:aws:(s3:::|[a-z0-9-]+:(\*|[a-z0-9-]*):(\*|\d{12}|):)[^{}]+$`)
	for name, d := range documents(t) {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, "2012-10-17", d.Version)
			seen := map[string]bool{}
			for _, s := range d.Statement {
				assert.Regexp(t, sid, s.Sid)
				assert.False(t, seen[s.Sid], "two statements are called %s", s.Sid)
				seen[s.Sid] = true
				assert.Equal(t, "Allow", s.Effect)
				for _, resource := range s.Resource {
					assert.True(t, resource == "*" || arn.MatchString(resource), resource)
				}
				for _, keys := range s.Condition {
					for key, values := range keys {
						assert.NotEmpty(t, values, key)
					}
				}
				assert.NotRegexp(t, `[^$]\{`, fmt.Sprint(s.Condition), "a placeholder was left")
			}
			var read policy.Document // a policy is JSON that says the same again
			assert.Error(t, json.Unmarshal([]byte(text(t, d)), &read), "single values stand without their list")
			var loose map[string]any
			require.NoError(t, json.Unmarshal([]byte(text(t, d)), &loose))
			assert.Len(t, loose["Statement"], len(d.Statement))
		})
	}
}

// What is granted is the action of an operation, which the SDK's client and the
// simulator agree on, or of a permission that says which of them leads to it.
func TestActionsExist(t *testing.T) {
	known := map[string]bool{}
	for _, sim := range services.Simulators() {
		maps.Copy(known, sim.Actions())
	}
	leading := map[string]string{}
	for _, p := range permissions() {
		leading[p.Action] = p.For
		assert.True(t, p.For == "" || known[p.For], "%s is said to be for %s, which is no operation's action", p.Action, p.For)
	}
	for _, s := range documents(t)["apply of everything"].Statement {
		for _, action := range s.Action {
			assert.True(t, known[action] || leading[action] != "", "%s is no operation's action, and no permission says what leads to it", action)
		}
	}
}

// permissions are all that the kinds ask for.
func permissions() []resource.Permission {
	var all []resource.Permission
	for _, service := range services.All() {
		for _, kind := range service.Kinds {
			doc := kind.Documentation()
			all = append(all, slices.Concat(doc.Reads, doc.Writes)...)
		}
	}
	return all
}

// reading are the first words of actions that change nothing.
var reading = regexp.MustCompile(`^[a-z0-9-]+:(Get|List|Describe|Head|BatchGet|Lookup)[A-Z]`)

// harmful are the first words of actions that take something away.
var harmful = regexp.MustCompile(`^[a-z0-9-]+:(Batch)?(Delete|Disable|Stop|Remove|Deregister|Disassociate|Suspend|Detach|Revoke|Archive|Untag|Unsubscribe)`)

func TestRolesDoNoMoreThanTheyAreFor(t *testing.T) {
	for name, d := range documents(t) {
		for _, s := range d.Statement {
			for _, action := range s.Action {
				assert.NotContains(t, action, "*", name)
				assert.NotRegexp(t, harmful, action, name)
				assert.NotRegexp(t, `^s3:.*Object(s|Version|Acl|Tagging|Retention|LegalHold)?$`, action, "%s: no log is ever read or written", name)
				if strings.HasPrefix(name, "plan") {
					assert.Regexp(t, reading, action, name)
				}
			}
		}
	}
}

func TestIAMRolesAreBound(t *testing.T) {
	for name, d := range documents(t) {
		for _, s := range d.Statement {
			for _, action := range s.Action {
				switch action {
				case "iam:CreateServiceLinkedRole":
					assert.NotEmpty(t, s.Condition["StringEquals"]["iam:AWSServiceName"], name)
					assert.NotContains(t, s.Resource, "*", name)
				case "iam:PassRole":
					assert.NotEmpty(t, s.Condition["StringEquals"]["iam:PassedToService"], name)
					assert.NotContains(t, s.Resource, "*", name)
				}
			}
		}
	}
}

func TestSizes(t *testing.T) {
	for name, d := range documents(t) {
		var compact strings.Builder
		for _, r := range text(t, d) {
			if !strings.ContainsRune(" \n\t", r) {
				compact.WriteRune(r)
			}
		}
		assert.Equal(t, compact.Len(), d.Size(), "%s: without white space", name)
		t.Logf("%s: %d characters, %d statements", name, d.Size(), len(d.Statement))
		if !strings.Contains(name, "every region by name") {
			assert.LessOrEqual(t, d.Size(), policy.ManagedLimit, name)
		}
		parts, err := d.Split(policy.ManagedLimit)
		require.NoError(t, err, name)
		var statements []policy.Statement
		for _, part := range parts {
			assert.LessOrEqual(t, part.Size(), policy.ManagedLimit, name)
			statements = append(statements, part.Statement...)
		}
		assert.Equal(t, d.Statement, statements, "%s: the parts allow together what the whole does", name)
	}
}

func TestSplitRefusesWhatFitsNowhere(t *testing.T) {
	d := policy.Make(policy.Apply, policy.ForAll(services.All(), "aws"))
	_, err := d.Split(200)
	assert.ErrorContains(t, err, "IAM takes 200")
}

func TestSameInputSamePolicy(t *testing.T) {
	first := documents(t)
	for range 5 {
		for name, d := range documents(t) {
			assert.Equal(t, text(t, first[name]), text(t, d), name)
		}
	}
}

func TestOnlySectionsOfTheSpec(t *testing.T) {
	s, err := spec.Decode("kiso.yaml", []byte("version: 1\nhome_region: eu-west-1\nguardduty: {}\n"), engine.Sections(services.All()))
	require.NoError(t, err)
	d := policy.Make(policy.Apply, policy.ForSpec(services.All(), s))
	for _, statement := range d.Statement {
		for _, action := range statement.Action {
			assert.Regexp(t, `^(guardduty|iam|sts|account|ec2|cloudtrail):`, action)
			assert.NotEqual(t, "iam:PassRole", action)
		}
	}
	assert.Contains(t, text(t, d), "guardduty:CreateDetector")
}

func TestARNsNameWhatIsKnown(t *testing.T) {
	role := func(partition, id string) string {
		return "arn:" + partition + ":iam::" + id + ":role/aws-service-role/guardduty.amazonaws.com/AWSServiceRoleForAmazonGuardDuty"
	}
	any := policy.ForAll(services.All(), "aws")
	assert.Contains(t, text(t, policy.Make(policy.Apply, any)), role("aws", "*"))
	any.AccountID, any.Partition = "111122223333", "aws-cn"
	assert.Contains(t, text(t, policy.Make(policy.Apply, any)), role("aws-cn", "111122223333"))
	china, err := spec.Decode("kiso.yaml", []byte("version: 1\naccount_id: \"111122223333\"\nhome_region: cn-north-1\nguardduty: {}\n"), engine.Sections(services.All()))
	require.NoError(t, err)
	assert.Contains(t, text(t, policy.Make(policy.Apply, policy.ForSpec(services.All(), china))), role("aws-cn", "111122223333"))
}

func TestUnknownKindOfAPlan(t *testing.T) {
	p := &plan.Plan{Changes: []resource.Change{{ID: resource.ID{Kind: "novel.thing", Scope: "eu-west-1", Name: "x"}, Action: resource.Create}}}
	_, err := policy.ForPlan(services.All(), p, policy.Apply)
	assert.ErrorContains(t, err, "novel.thing/eu-west-1/x: this kiso does not know the kind")
	p.Changes[0].Action = resource.Blocked
	_, err = policy.ForPlan(services.All(), p, policy.Plan)
	assert.NoError(t, err)
}
