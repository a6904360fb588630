// Package spec turns kiso.yaml into typed Go values, and refuses everything it
// does not understand: each problem with its file, line and column, the
// offending value and the nearest valid one, all problems at once.
//
// It knows YAML, positions and the names of AWS regions. It must not know what
// any service's section means (sections are passed in as plain structs), must
// not call AWS, and imports no other package of this module.
//
// # Writing a section
//
// A section is a struct whose exported fields are strings, bools, ints,
// string-kinded named types, structs, slices, maps with string keys, or
// pointers to these. Three struct tags describe a field:
//
//	yaml:"days"                              its key, snake_case; "-" leaves the field out
//	jsonschema:"required,minimum=1"          its constraints, in the syntax of invopop/jsonschema
//	doc:"Days that objects stay locked."     its description in the JSON Schema
//
// The constraints are required, enum, minimum, maximum, minLength, maxLength,
// pattern, format (email, aws-region, aws-account-id), minItems and
// uniqueItems. On a slice all but the last two speak of its items, on a map of
// its values. A comma inside a pattern is written \\, (an escaped backslash).
//
// What New returns holds the defaults: an absent key keeps its default, and a
// struct that is named in part keeps the defaults of the rest. A slice or a map
// that is named replaces its default. Defaults that exclude each other need a
// [Resetter]; checks that span fields are a [Validator]; a [SchemaExtender] says
// those in the schema. The zero int and the empty string mean "not set", so an
// int whose zero is a choice of its own is a *int.
package spec

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Section describes one top-level section of the file.
type Section struct {
	Name string     // its key
	Doc  string     // its description in the JSON Schema
	New  func() any // returns a fresh pointer to a struct that holds the defaults
}

// Resetter is implemented by a struct with defaults that exclude each other,
// such as days: 365 where the file may say years: 1. Before the struct is
// filled, Reset gets the keys that the file names in it, and clears the
// defaults that cannot stand beside them.
type Resetter interface {
	Reset(named []string)
}

// Validator is implemented by a struct, or by a named type, whose rules span
// fields. Validate is called after the value was filled from the file and
// reports each problem with its path relative to the value ("" for the value
// itself, "years", "rules[2].name"). A report is dropped where something at or
// below its path was already refused, so that a typo is reported once.
type Validator interface {
	Validate(report func(path, problem, hint string))
}

// Spec is the decoded content of a spec file.
type Spec struct {
	Version    int          `yaml:"version" jsonschema:"required,enum=1" doc:"Version of this file's format."`
	AccountID  string       `yaml:"account_id" jsonschema:"format=aws-account-id" doc:"Guard: any other account is refused before anything is read or changed."`
	HomeRegion string       `yaml:"home_region" jsonschema:"required,format=aws-region" doc:"Where the trail, the buckets and the finding aggregator live."`
	Regions    RegionFilter `yaml:"regions" doc:"Which regions are managed. Default: every region that is enabled in the account."`
	Tags       Tags         `yaml:"tags" doc:"Put on everything that kiso creates."`

	// Sections holds the sections that are present, by name: the pointer that
	// Section.New returned, filled in.
	Sections map[string]any `yaml:"-"`
	// File is the name that Decode was given.
	File string `yaml:"-"`

	places places
}

// RegionFilter narrows the regions that are managed.
type RegionFilter struct {
	Include []string `yaml:"include" jsonschema:"minItems=1,uniqueItems=true,format=aws-region" doc:"Only these regions."`
	Exclude []string `yaml:"exclude" jsonschema:"uniqueItems=true,format=aws-region" doc:"All regions but these."`
}

// Validate implements [Validator]: no region is both in and out, and all
// regions belong to the partition of the home region.
func (s *Spec) Validate(report func(path, problem, hint string)) {
	home := PartitionOf(s.HomeRegion)
	for list, regions := range map[string][]string{"include": s.Regions.Include, "exclude": s.Regions.Exclude} {
		for i, region := range regions {
			path := fmt.Sprintf("regions.%s[%d]", list, i)
			partition := PartitionOf(region)
			switch {
			case home != "" && partition != "" && partition != home:
				report(path,
					fmt.Sprintf("%q is in partition %s, but home_region %s is in %s", region, partition, s.HomeRegion, home),
					"one file describes one account, and an account lives in one partition")
			case list == "exclude" && slices.Contains(s.Regions.Include, region):
				report(path, fmt.Sprintf("%q is included and excluded", region), "remove it from one of the two lists")
			}
		}
	}
}

// Tags are the tags put on what kiso creates.
type Tags map[string]string

// Limits on tags: "Tag naming limits and requirements", AWS General Reference.
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
	tagAlphabet = `^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`
)

// tagASCII is tagAlphabet as far as every dialect of regular expressions has it: of
// what is not ASCII it lets all pass.
const tagASCII = "^[^\u0001-\u001f!\"#$%&'()*,;<>?\\[\\\\\\]^`{|}~\u007f]*$"

var tagCharacters = regexp.MustCompile(tagAlphabet)

// Validate implements [Validator] with AWS's limits on tags.
func (t Tags) Validate(report func(path, problem, hint string)) {
	if len(t) > maxTags {
		report("", fmt.Sprintf("has %d tags", len(t)), fmt.Sprintf("AWS allows %d on a resource", maxTags))
		return
	}
	for key, value := range t {
		path := join("", key)
		switch {
		case key == "":
			report(path, "a tag's key is empty", fmt.Sprintf("give it 1 to %d characters", maxTagKey))
		case utf8.RuneCountInString(key) > maxTagKey:
			report(path, fmt.Sprintf("the tag's key is %d characters long", utf8.RuneCountInString(key)), fmt.Sprintf("AWS allows %d", maxTagKey))
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			report(path, fmt.Sprintf("the tag's key %s starts with aws:", quote(key)), "AWS reserves that prefix")
		case utf8.RuneCountInString(value) > maxTagValue:
			report(path, fmt.Sprintf("the tag's value is %d characters long", utf8.RuneCountInString(value)), fmt.Sprintf("AWS allows %d", maxTagValue))
		case !tagCharacters.MatchString(key):
			report(path, fmt.Sprintf("the tag's key %s holds a character that AWS does not allow", quote(key)), tagHint)
		case !tagCharacters.MatchString(value):
			report(path, fmt.Sprintf("the tag's value %s holds a character that AWS does not allow", quote(value)), tagHint)
		}
	}
}

const tagHint = "use letters, digits, spaces and _ . : / = + - @"

// JSONSchemaExtend implements [SchemaExtender].
func (Tags) JSONSchemaExtend(schema map[string]any) {
	schema["maxProperties"] = maxTags
	schema["propertyNames"] = map[string]any{
		"minLength": 1, "maxLength": maxTagKey, "pattern": tagASCII,
		"not": map[string]any{"pattern": "^[aA][wW][sS]:"},
	}
	schema["additionalProperties"] = map[string]any{"type": "string", "maxLength": maxTagValue, "pattern": tagASCII}
}

// Position returns where path stands in the file, such as "guardduty" or
// "cloudtrail.bucket.object_lock.days": the position of its key, or of the item
// for "regions.include[0]". A path that the file does not hold falls back to
// its nearest ancestor that it does; the zero Position means none.
func (s *Spec) Position(path string) Position {
	return s.places.nearest(path)
}

// Fill puts the account and the home region in the place of the placeholders
// {account_id} and {home_region} in s.
func Fill(s, accountID, homeRegion string) string {
	return strings.NewReplacer("{account_id}", accountID, "{home_region}", homeRegion).Replace(s)
}
