package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kiso-cli/kiso/pkg/policy"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// block is a place in a template that is made of the source: what stands
// between its two comments, as deep as they stand.
var block = regexp.MustCompile(`(?m)^( *)# Generated: (.+)\n(?s:.*?)^ *# End of generated\n`)

// templates returns the CloudFormation templates by name, their blocks filled.
func templates(services []*resource.Service) (map[string][]byte, error) {
	blocks, err := templateBlocks(services)
	if err != nil {
		return nil, err
	}
	names, err := filepath.Glob("deploy/*.yaml")
	if err != nil {
		return nil, err
	}
	filled := map[string][]byte{}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if filled[name], err = fill(content, blocks); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return filled, nil
}

// fill puts each block where its name stands.
func fill(template []byte, blocks map[string]*yaml.Node) ([]byte, error) {
	var failed error
	filled := block.ReplaceAllFunc(template, func(old []byte) []byte {
		parts := block.FindSubmatch(old)
		indent, name := string(parts[1]), string(parts[2])
		node, known := blocks[name]
		if !known {
			failed = fmt.Errorf("nothing is called %q", name)
			return old
		}
		var b bytes.Buffer
		fmt.Fprintf(&b, "%s# Generated: %s\n", indent, name)
		for line := range strings.Lines(encode(node)) {
			b.WriteString(strings.TrimRight(indent+line, " \n") + "\n")
		}
		fmt.Fprintf(&b, "%s# End of generated\n", indent)
		return b.Bytes()
	})
	return filled, failed
}

func encode(node *yaml.Node) string {
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(node); err != nil {
		panic("docgen: a block is not plain data: " + err.Error())
	}
	return b.String()
}

// templateBlocks returns what the blocks of templates hold, by their names.
func templateBlocks(services []*resource.Service) (map[string]*yaml.Node, error) {
	reads, writes, err := policies(services)
	if err != nil {
		return nil, err
	}
	machine, err := os.ReadFile("deploy/fleet.asl.json")
	if err != nil {
		return nil, err
	}
	return map[string]*yaml.Node{
		"plan policy":   node(reads),
		"apply policy":  node(writes),
		"calls":         node(calls(services)),
		"state machine": node(map[string]string{"DefinitionString": string(machine)}),
	}, nil
}

// policies returns what kiso policy plan prints, and what kiso policy apply
// prints beyond that, for whatever account and partition a stack is in.
func policies(services []*resource.Service) (reads, writes *policy.Document, err error) {
	// IAM counts characters with the account and partition in their places.
	if _, _, err := rolePolicies(services, "aws-us-gov", "123456789012"); err != nil {
		return nil, nil, err
	}
	return rolePolicies(services, "${AWS::Partition}", "${AWS::AccountId}")
}

func rolePolicies(services []*resource.Service, partition, account string) (reads, writes *policy.Document, err error) {
	scope := policy.ForAll(services, partition)
	scope.AccountID = account
	reads, writes = policy.Make(policy.Plan, scope), policy.Make(policy.Apply, scope)
	read := map[string]bool{}
	for _, s := range reads.Statement {
		read[text(s)] = true
	}
	writes.Statement = slices.DeleteFunc(writes.Statement, func(s policy.Statement) bool { return read[text(s)] })
	for _, d := range []*policy.Document{reads, writes} {
		if size := d.Size(); size > policy.ManagedLimit && account[0] != '$' {
			return nil, nil, fmt.Errorf("a policy of the templates is %d characters long, and IAM takes %d: divide it over two", size, policy.ManagedLimit)
		}
	}
	return reads, writes, nil
}

// calls is the event pattern of the calls that can take an account away from
// its spec, as the kinds name them (EventBridge user guide, "Events from AWS
// services via CloudTrail"). A refused call has an error code.
func calls(services []*resource.Service) map[string]any {
	names, sources := map[string]bool{}, map[string]bool{}
	for _, s := range services {
		for _, kind := range s.Kinds {
			doc := kind.Documentation()
			for _, c := range doc.Changers {
				names[c.Event] = true
			}
			for _, p := range doc.Writes {
				service, _, _ := strings.Cut(p.Action, ":")
				sources["aws."+service] = true
			}
		}
	}
	return map[string]any{
		"source":      slices.Sorted(maps.Keys(sources)),
		"detail-type": []string{"AWS API Call via CloudTrail"},
		"detail": map[string]any{
			"eventName": slices.Sorted(maps.Keys(names)),
			"errorCode": []any{map[string]bool{"exists": false}},
		},
	}
}

// node returns plain data as YAML, with CloudFormation's variables marked.
func node(v any) *yaml.Node {
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(text(v)), &n); err != nil {
		panic("docgen: JSON is not YAML: " + err.Error())
	}
	style(&n)
	return n.Content[0]
}

func style(n *yaml.Node) {
	n.Style = 0
	switch {
	case n.Kind != yaml.ScalarNode:
	case strings.Contains(n.Value, "${AWS::"):
		n.Tag, n.Style = "!Sub", yaml.TaggedStyle
	case strings.Contains(n.Value, "\n"):
		n.Style = yaml.LiteralStyle
	}
	for _, child := range n.Content {
		style(child)
	}
}

func text(v any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic("docgen: not plain data: " + err.Error())
	}
	return b.String()
}
