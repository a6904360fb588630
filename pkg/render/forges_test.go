package render_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/render"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// command is the form of a workflow command, as the runner reads it.
var command = regexp.MustCompile(`^::(error|warning|notice) ((?:[a-z]+=[^,:]*)(?:,[a-z]+=[^,:]*)*)::(.*)$`)

func TestAnnotationsAreOneLineEach(t *testing.T) {
	for _, text := range append(hostile, "::add-mask::x", "100%", "a\n::error::b", "a:b,c=d") {
		for line := range strings.Lines(write(t, "github", hostilePlan(func(string) string { return text }))) {
			match := command.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
			require.NotNil(t, match, "%q", line)
			assert.NotContains(t, match[3], "\r")
		}
	}
}

func TestAnnotationsEscapeAsTheToolkitDoes(t *testing.T) {
	p := base(resource.Change{
		ID: id("s3.bucket", "us-east-1", "a,b:c"), Action: resource.Blocked, Reason: "100%\r\nsure: yes, no",
		Location: resource.Location{Line: 3, Column: 2},
	})
	assert.Equal(t, "::error file=x.yaml,line=3,col=2,title=s3.bucket/us-east-1/a%2Cb%3Ac::"+
		"is blocked: 100%25%0D%0Asure: yes, no\n", writeWith(t, "github", p, render.Context{File: "x.yaml"}))
}

func TestAnnotationsWithoutAFileNameNoPlace(t *testing.T) {
	got := writeWith(t, "github", base(detector("us-east-1", resource.Create)), render.Context{})
	assert.True(t, strings.HasPrefix(got, "::notice title=guardduty.detector/us-east-1/detector::"), got)
}

// TestAnnotationsAreFewAndTheGravestStay: GitHub drops those above ten silently.
func TestAnnotationsAreFewAndTheGravestStay(t *testing.T) {
	p := base()
	for i := range 20 {
		p.Changes = append(p.Changes, resource.Change{ID: id("s3.bucket", "us-east-1", fmt.Sprint("n", i)), Action: resource.Create})
	}
	p.Changes = append(p.Changes,
		resource.Change{ID: id("s3.bucket", "us-east-1", "w"), Action: resource.Update, Risks: []resource.Risk{{Kind: resource.Irreversible, Text: "t"}}},
		resource.Change{ID: id("s3.bucket", "us-east-1", "e"), Action: resource.Blocked, Reason: "r"})
	lines := strings.Split(strings.TrimSpace(write(t, "github", p)), "\n")
	require.Len(t, lines, 9)
	assert.Contains(t, lines[0], "::error ")
	assert.Contains(t, lines[1], "::warning ")
	assert.Contains(t, lines[8], "::14 more")
}

func TestGitLabReport(t *testing.T) {
	var report map[string]int
	require.NoError(t, json.Unmarshal([]byte(write(t, "gitlab", sample())), &report))
	assert.Equal(t, map[string]int{"create": 2, "update": 2, "delete": 0}, report)
}

// TestTextHasTheLinesThatTfcmtReads: tfcmt 4 looks for these in what terraform
// plan prints, and makes lists, labels and a result of them.
func TestTextHasTheLinesThatTfcmtReads(t *testing.T) {
	text := write(t, "text", sample())
	assert.Regexp(t, `(?m)^ *# guardduty\.detector/\*/detector will be created$`, text)
	assert.Regexp(t, `(?m)^ *# cloudtrail\.bucket/global/kiso-cloudtrail will be updated in-place$`, text)
	assert.Regexp(t, `(?m)^Plan: 2 to add, 2 to change, 0 to destroy\.$`, text)
	assert.Regexp(t, `(?m)^Warning: `, text)
	assert.Regexp(t, `(?m)^Error: the plan is incomplete`, text)
	assert.Less(t, strings.Index(text, "\nPlan: "), strings.Index(text, "\nError: "), "tfcmt posts what follows the first Error: as the error")

	text = write(t, "text", base(detector("us-east-1", resource.None)))
	assert.Regexp(t, `(?m)^No changes\.`, text)
	assert.NotRegexp(t, `(?m)^(Error|Warning|Plan): `, text)
}
