package render

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kiso-cli/kiso/internal/diff"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
)

func text(p *plan.Plan) string {
	var b bytes.Buffer
	NewText(&b, false).Plan(p, "kiso.yaml", "kiso apply")
	return b.String()
}

// inRegions makes the same kind of change in several regions.
func inRegions(action resource.Action, make func(region string) resource.Change, regions ...string) []resource.Change {
	var changes []resource.Change
	for _, region := range regions {
		c := make(region)
		c.ID, c.Action = resource.ID{Kind: "thing.part", Scope: resource.Scope(region), Name: "one"}, action
		changes = append(changes, c)
	}
	return changes
}

func TestWhatDiffersByItsRegionIsFolded(t *testing.T) {
	arn := func(region string) resource.Change {
		return resource.Change{Fields: []diff.Field{
			{Path: "arn", After: "arn:aws:x:" + region + ":1:y"},
			{Path: "document", After: json.RawMessage(`{"z":"` + region + `","a":1}`)},
			{Path: "size", After: 3},
			{Path: "gone", Before: "in " + region, After: nil},
		}}
	}
	out := text(&plan.Plan{Changes: inRegions(resource.Update, arn, "eu-west-1", "us-east-1")})
	assert.Contains(t, out, `  # thing.part/*/one will be updated in-place
  #   in 2 regions: eu-west-1 us-east-1
  ~ thing.part
      arn: "arn:aws:x:{region}:1:y"
      document: {"z":"{region}","a":1}
      size: 3
      gone: "in {region}" -> null
`)
	assert.Equal(t, 1, strings.Count(out, "will be updated"))
}

// A value that names one region in all of them is what it is: the home region's
// bucket, say.
func TestAValueThatIsTheSameEverywhereStays(t *testing.T) {
	out := text(&plan.Plan{Changes: inRegions(resource.Create, func(string) resource.Change {
		return resource.Change{Fields: []diff.Field{{Path: "bucket", After: "logs-eu-west-1"}}}
	}, "eu-west-1", "us-east-1")})
	assert.Contains(t, out, `bucket: "logs-eu-west-1"`)
	assert.Equal(t, 1, strings.Count(out, "will be created"))
}

func TestWhatDiffersOtherwiseIsNotFolded(t *testing.T) {
	out := text(&plan.Plan{Changes: inRegions(resource.Create, func(region string) resource.Change {
		return resource.Change{Fields: []diff.Field{{Path: "global", After: region == "eu-west-1"}}}
	}, "eu-west-1", "us-east-1", "us-west-1")})
	assert.Contains(t, out, "# thing.part/eu-west-1/one will be created")
	assert.Contains(t, out, "# thing.part/*/one will be created\n  #   in 2 regions: us-east-1 us-west-1\n")
}

func TestBlockedReasonsAreFolded(t *testing.T) {
	out := text(&plan.Plan{Changes: inRegions(resource.Blocked, func(region string) resource.Change {
		return resource.Change{Reason: "needs other.part/" + region + "/two, which is blocked"}
	}, "eu-west-1", "us-east-1")})
	assert.Contains(t, out, "needs other.part/{region}/two, which is blocked")
	assert.Contains(t, out, "Plan: 0 to add, 0 to change, 0 to destroy.")
	assert.Contains(t, out, "\nError: the plan is incomplete: 2 resources blocked (see above)\n")
}

func TestLongValuesAreLaidOut(t *testing.T) {
	long := strings.Repeat("x", 50)
	out := text(&plan.Plan{Changes: inRegions(resource.Create, func(string) resource.Change {
		return resource.Change{Fields: []diff.Field{
			{Path: "policy", After: json.RawMessage(`{"sid":"` + long + `","principal":{"service":"a"},"list":["` + long + `",{"b":[]}]}`)},
			{Path: "template", Before: "first\n\x1b[31msecond" + long, After: "first"},
			{Path: "word", After: strings.Repeat("y", 100)},
		}}
	}, "eu-west-1")})
	assert.Contains(t, out, `      policy:
        + {
        +   "sid": "`+long+`",
        +   "principal": {"service":"a"},
        +   "list": [
        +     "`+long+`",
        +     {"b":[]}
        +   ]
        + }
      template:
        - first
        - �[31msecond`+long+`
        + "first"
      word:
        + "yyy`)
	for _, line := range strings.Split(out, "\n") {
		if !strings.Contains(line, "yyy") {
			assert.LessOrEqual(t, len([]rune(line)), 80, line)
		}
	}
}

func TestNothingFromTheAccountReachesTheTerminalRaw(t *testing.T) {
	out := text(&plan.Plan{Notes: []string{"a \x1b[2Jnote"}, Changes: inRegions(resource.Managed, func(string) resource.Change {
		return resource.Change{Owner: "some\u202eone", Reason: "be\x07cause", Fields: []diff.Field{{Path: "p", After: "\x1b\u202e"}}}
	}, "eu-west-1")})
	assert.NotRegexp(t, "[\x07\x1b\u202e]", out)
}
