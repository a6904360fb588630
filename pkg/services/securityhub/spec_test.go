package securityhub_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/services/securityhub"
	"github.com/kiso-cli/kiso/pkg/spec"
)

var sections = []spec.Section{{Name: "securityhub", New: func() any { return securityhub.Service.New() }}}

func decode(t *testing.T, text string) (*securityhub.Section, error) {
	t.Helper()
	s, err := spec.Decode("kiso.yaml", []byte("version: 1\nhome_region: ap-northeast-1\n"+text), sections)
	if err != nil {
		return nil, err
	}
	return s.Sections["securityhub"].(*securityhub.Section), nil
}

func TestSpec(t *testing.T) {
	defaults, err := decode(t, "securityhub: {}\n")
	require.NoError(t, err)
	assert.Equal(t, &securityhub.Section{Standards: []securityhub.Standard{fsbp}, Aggregation: "all_regions"}, defaults)

	named, err := decode(t, "securityhub:\n  standards: [pci-dss/v/9.0.0]\n  aggregation: none\n")
	require.NoError(t, err, "a standard that came after this kiso is allowed")
	assert.Equal(t, &securityhub.Section{Standards: []securityhub.Standard{"pci-dss/v/9.0.0"}, Aggregation: "none"}, named)

	_, err = decode(t, securityhub.Service.Example)
	require.NoError(t, err, "the example is a valid section")
}

func TestSpecRefusals(t *testing.T) {
	for text, want := range map[string]string{
		"standards: [aws-foundational-security-best-practices]":                              `"aws-foundational-security-best-practices" is not the name of a standard, NAME/v/VERSION; did you mean ` + fsbp + "?",
		"standards: [pci-dss/4.0.1]":                                                         "did you mean pci-dss/v/4.0.1?",
		"standards: [CIS-AWS-Foundations-Benchmark/v/3.0.0]":                                 "did you mean cis-aws-foundations-benchmark/v/3.0.0?",
		`standards: ["arn:aws:securityhub:eu-west-1::standards/nist-800-53/v/5.0.0"]`:        "did you mean nist-800-53/v/5.0.0?",
		`standards: ["arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0"]`: "did you mean " + cis120 + "?",
		"standards: [nist-800-53/v/5.0.0, nist-800-53/v/5.0.0]":                              "nist-800-53/v/5.0.0",
		"aggregation: home": "all_regions, none",
	} {
		_, err := decode(t, "securityhub:\n  "+text+"\n")
		assert.ErrorContains(t, err, want, text)
	}
	var many []string
	for _, c := range "abcdefghijklmnopqrstuvwxyz" {
		many = append(many, string(c)+"/v/1.0.0")
	}
	_, err := decode(t, "securityhub: {standards: ["+strings.Join(many, ", ")+"]}\n")
	assert.ErrorContains(t, err, "26 standards are named; Security Hub enables at most 25 at once")
}

func TestSchema(t *testing.T) {
	schema, err := spec.Schema(sections)
	require.NoError(t, err)
	assert.Contains(t, string(schema), `/v/[0-9]+`)
}

func TestExpand(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.input.Regions = []string{home, other}
		needs := map[string][]string{}
		for _, r := range w.expand().Resources {
			for _, ref := range r.Needs() {
				text := ref.String()
				if ref.Optional {
					text += " if declared"
				}
				if ref.After {
					text += ", whatever comes of it"
				}
				needs[r.ID().String()] = append(needs[r.ID().String()], text)
			}
		}
		assert.Equal(t, map[string][]string{
			"securityhub.standards/ap-northeast-1/standards": {"securityhub.hub/ap-northeast-1/hub", "config.recording/ap-northeast-1/recording if declared"},
			"securityhub.standards/eu-west-1/standards":      {"securityhub.hub/eu-west-1/hub", "config.recording/eu-west-1/recording if declared"},
			"securityhub.finding_aggregator/ap-northeast-1/aggregator": {
				"securityhub.hub/ap-northeast-1/hub", "securityhub.hub/eu-west-1/hub if declared, whatever comes of it",
			},
		}, needs)
		assert.Empty(t, w.expand().Notes)
	})
}

func TestExpandWithoutStandardsOrAggregation(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.standards()
		w.section.Aggregation = "none"
		for _, r := range w.expand().Resources {
			assert.Equal(t, resource.Kind("securityhub.hub"), r.ID().Kind)
		}
		w.settle()
		assert.Empty(t, w.subscribed(home))
	})
}

func TestExpandRefusals(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.input.Regions = []string{"ap-east-1", home, other}
		w.input.HomeRegion = "ap-east-1"
		optIn := w.expand().Refusals
		require.Len(t, optIn, 1)
		assert.Equal(t, "aggregation", optIn[0].Path)
		assert.Equal(t, "the home region ap-east-1 is one that accounts opt in to, where AWS allows no finding aggregator", optIn[0].Problem)

		w.input.HomeRegion = "us-east-1"
		unmanaged := w.expand().Refusals
		require.Len(t, unmanaged, 1)
		assert.Equal(t, "the finding aggregator needs Security Hub in the home region us-east-1, which is not one of the managed regions", unmanaged[0].Problem)
		assert.Contains(t, unmanaged[0].Hint, "aggregation: none")

		w.section.Aggregation = "none"
		assert.Empty(t, w.expand().Refusals)
	})
}

// TestOptInRegions holds the list of regions against the sandbox's, which has
// another source.
func TestOptInRegions(t *testing.T) {
	for region, status := range sandbox.DefaultRegions("aws") {
		in(t, sandbox.Options{}, func(w *world) {
			w.input.Regions, w.input.HomeRegion = []string{region}, region
			assert.Equal(t, status == sandbox.EnabledByDefault, len(w.expand().Refusals) == 0, region)
		})
	}
}

func TestExpandNotes(t *testing.T) {
	in(t, sandbox.Options{}, func(w *world) {
		w.standards("aws-foundation-security-best-practices/v/1.0.0")
		w.section.Aggregation = "none"
		w.input.Tags = map[string]string{"cost center": "1", "team": "sec", "ö": "2"}
		d := w.expand()
		assert.Empty(t, d.Refusals)
		require.Len(t, d.Notes, 3)
		assert.Contains(t, d.Notes[0], "the nearest that it knows is "+fsbp)
		assert.Contains(t, d.Notes[1], `the tag "cost center" is not put on hubs`)
		assert.Contains(t, d.Notes[2], `the tag "ö" is not put on hubs`)
		require.NotEmpty(t, w.apply(w.plan()).Steps)
	})
}
