package render

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// The part of SARIF 2.1.0 (OASIS standard, errata 01) that a plan needs.
type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool         `json:"tool"`
	Automation  sarifAutomation   `json:"automationDetails"`
	Invocations []sarifInvocation `json:"invocations"`
	Results     []sarifResult     `json:"results"`
	ColumnKind  string            `json:"columnKind"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version,omitempty"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID               string          `json:"id"`
	ShortDescription sarifText       `json:"shortDescription"`
	Properties       sarifProperties `json:"properties"`
}

type sarifProperties struct {
	Tags []string `json:"tags"`
}

// sarifAutomation tells the runs of several accounts apart.
type sarifAutomation struct {
	ID string `json:"id"`
}

type sarifInvocation struct {
	ExecutionSuccessful bool   `json:"executionSuccessful"`
	EndTimeUTC          string `json:"endTimeUtc"`
}

type sarifResult struct {
	RuleID              string            `json:"ruleId"`
	RuleIndex           int               `json:"ruleIndex"`
	Level               string            `json:"level"`
	Message             sarifText         `json:"message"`
	Locations           []sarifLocation   `json:"locations,omitempty"`
	PartialFingerprints map[string]string `json:"partialFingerprints"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifLocation struct {
	Physical sarifPhysical `json:"physicalLocation"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI    string `json:"uri"`
	BaseID string `json:"uriBaseId,omitempty"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn"`
}

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	homepage    = "https://github.com/kiso-cli/kiso"
)

// maxTags is how many tags of a rule GitHub shows.
const maxTags = 10

// writeSARIF writes one result a finding, with its regions in the message: a
// rule is a kind of resource, and the place is the line of the spec that asks
// for it.
func writeSARIF(w io.Writer, p *plan.Plan, c Context) error {
	rules := &sarifRules{index: map[resource.Kind]int{}, list: []sarifRule{}}
	seen := map[string]int{}
	results := []sarifResult{}
	for _, g := range fold(p.Changes, finding) {
		fingerprint := g.fingerprint(p.AccountID)
		seen[fingerprint]++
		results = append(results, sarifResult{
			RuleID: string(g.ID.Kind), RuleIndex: rules.of(g.Change), Level: sarifLevel(g.Action),
			Message: sarifMessage(g.address() + " " + g.verdict()), Locations: sarifLocations(c.File, g.Location),
			PartialFingerprints: map[string]string{"kisoFinding/v1": fmt.Sprintf("%s:%d", fingerprint, seen[fingerprint])},
		})
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{{
		Tool:        sarifTool{Driver: sarifDriver{Name: "kiso", Version: p.KisoVersion, InformationURI: homepage, Rules: rules.list}},
		Automation:  sarifAutomation{ID: "kiso/plan/" + p.AccountID + "/"},
		Invocations: []sarifInvocation{{ExecutionSuccessful: p.Summary().Blocked == 0, EndTimeUTC: p.Timestamp.UTC().Format("2006-01-02T15:04:05Z")}},
		Results:     results, ColumnKind: "unicodeCodePoints",
	}}})
}

func sarifLevel(a resource.Action) string {
	switch a {
	case resource.Blocked:
		return "error"
	case resource.Managed:
		return "note"
	default:
		return "warning"
	}
}

// sarifRules gathers a rule for each kind that has results.
type sarifRules struct {
	index map[resource.Kind]int
	list  []sarifRule
}

func (r *sarifRules) of(c resource.Change) int {
	if i, ok := r.index[c.ID.Kind]; ok {
		return i
	}
	tags := c.Controls
	if len(tags) > maxTags {
		tags = tags[:maxTags]
	}
	r.index[c.ID.Kind] = len(r.list)
	r.list = append(r.list, sarifRule{
		ID:               string(c.ID.Kind),
		ShortDescription: sarifMessage(fmt.Sprintf("%s is not as the spec wants it", c.ID.Kind)),
		Properties:       sarifProperties{Tags: append([]string{}, tags...)},
	})
	return r.index[c.ID.Kind]
}

// sarifEscaper keeps text from being read as placeholders and embedded links
// (SARIF 2.1.0, 3.11.5 and 3.11.6).
var sarifEscaper = strings.NewReplacer("{", "{{", "}", "}}", "](", "] (")

func sarifMessage(text string) sarifText { return sarifText{Text: sarifEscaper.Replace(text)} }

func sarifLocations(file string, at resource.Location) []sarifLocation {
	if file == "" {
		return nil
	}
	return []sarifLocation{{sarifPhysical{
		Artifact: sarifArtifact{URI: (&url.URL{Path: file}).String(), BaseID: "%SRCROOT%"},
		Region:   sarifRegion{StartLine: max(at.Line, 1), StartColumn: max(at.Column, 1)},
	}}}
}

// fingerprint is the same from run to run while the finding is.
func (g group) fingerprint(account string) string {
	hash := sha256.Sum256([]byte(compactJSON([]any{account, g.ID.Kind, g.ID.Name, g.Action, g.Fields})))
	return hex.EncodeToString(hash[:16])
}
