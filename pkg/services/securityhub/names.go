package securityhub

import (
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/kiso-cli/kiso/internal/similar"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// Standard names a standard as NAME/v/VERSION, the end of its ARN.
type Standard string

// known are the standards at the time of writing (Security Hub user guide,
// "Standards reference"). They serve for hints alone.
var known = []string{
	foundational,
	"aws-resource-tagging-standard/v/1.0.0",
	cis120,
	"cis-aws-foundations-benchmark/v/1.4.0",
	"cis-aws-foundations-benchmark/v/3.0.0",
	"cis-aws-foundations-benchmark/v/5.0.0",
	"nist-800-171/v/2.0.0",
	"nist-800-53/v/5.0.0",
	"pci-dss/v/3.2.1",
	"pci-dss/v/4.0.1",
}

// foundational is AWS's own standard, which no region is asked for: it comes with
// the hub. Should a region not have it, enabling it says so.
const foundational = "aws-foundational-security-best-practices/v/1.0.0"

// cis120 is the oldest standard. Its ARN has a shape of its own, without region.
const cis120 = "cis-aws-foundations-benchmark/v/1.2.0"

var shape = regexp.MustCompile(`^[a-z0-9-]+/v/[0-9]+\.[0-9]+\.[0-9]+$`)

// Validate refuses what cannot be the name of a standard.
func (s Standard) Validate(report func(path, problem, hint string)) {
	if !shape.MatchString(string(s)) {
		report("", `"`+string(s)+`" is not the name of a standard, NAME/v/VERSION`, "did you mean "+nearest(string(s))+"?")
	}
}

// JSONSchemaExtend puts the same into the JSON Schema.
func (Standard) JSONSchemaExtend(schema map[string]any) {
	schema["pattern"] = shape.String()
	schema["examples"] = known
}

// nearest returns the known standard whose name is most like word.
func nearest(word string) string {
	for _, prefix := range []string{"standards/", "ruleset/", "subscription/"} {
		if _, name, found := strings.Cut(word, prefix); found {
			word = name
		}
	}
	best, _ := similar.Nearest(word, known)
	return best
}

// standardARN returns the ARN of a standard in a region. It belongs to no account.
func standardARN(partition string, region resource.Scope, name string) string {
	if name == cis120 {
		return arn.ARN{Partition: partition, Service: "securityhub", Resource: "ruleset/" + name}.String()
	}
	return arn.ARN{Partition: partition, Service: "securityhub", Region: string(region), Resource: "standards/" + name}.String()
}

// standardName is standardARN's inverse.
func standardName(text string) string {
	parsed, err := arn.Parse(text)
	if err != nil {
		return text
	}
	_, name, _ := strings.Cut(parsed.Resource, "/")
	return name
}
