package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/pkg/resource"
)

const intro = `# Services

<!-- Made by internal/docgen; edit the source and run make generate. -->

What each section of a spec makes sure of, what it may say, what it costs, and
which IAM actions it needs. In resources, ` + "`{account_id}`" + ` and
` + "`{home_region}`" + ` stand for the account's.
`

// schemaNode is as much of a JSON Schema as the page shows.
type schemaNode struct {
	Type        any                    `json:"type"`
	Description string                 `json:"description"`
	Default     any                    `json:"default"`
	Enum        []any                  `json:"enum"`
	Properties  map[string]*schemaNode `json:"properties"`
	Items       *schemaNode            `json:"items"`
}

// servicesPage is the page about the services, given the schema of the spec.
func servicesPage(services []*resource.Service, schema []byte) ([]byte, error) {
	var root schemaNode
	if err := json.Unmarshal(schema, &root); err != nil {
		return nil, err
	}
	b := bytes.NewBufferString(intro)
	for _, s := range services {
		fmt.Fprintf(b, "\n## %s\n\n%s\n\n**Costs.** %s\n\n```yaml\n%s```\n", s.Title, s.Summary, s.Cost, s.Example)
		if section := root.Properties[s.Name]; section != nil && len(section.Properties) > 0 {
			b.WriteString("\n| key | default | meaning |\n|---|---|---|\n")
			keys(b, "", section)
		}
		for _, k := range s.Kinds {
			kind(b, k)
		}
	}
	return b.Bytes(), nil
}

// keys writes a row for each key of a section, nested ones by their path.
func keys(b *bytes.Buffer, prefix string, node *schemaNode) {
	for _, name := range slices.Sorted(maps.Keys(node.Properties)) {
		property := node.Properties[name]
		if len(property.Properties) > 0 {
			keys(b, prefix+name+".", property)
			continue
		}
		fmt.Fprintf(b, "| `%s%s` | %s | %s |\n", prefix, name, defaultText(property), meaning(property))
	}
}

func defaultText(n *schemaNode) string {
	if n.Default == nil {
		return ""
	}
	text, err := json.Marshal(n.Default)
	if err != nil {
		return ""
	}
	return "`" + strings.Trim(string(text), `"`) + "`"
}

func meaning(n *schemaNode) string {
	text := n.Description
	if len(n.Enum) > 0 {
		values := make([]string, len(n.Enum))
		for i, v := range n.Enum {
			values[i] = fmt.Sprintf("`%v`", v)
		}
		text = strings.TrimSpace(text + " One of " + strings.Join(values, ", ") + ".")
	}
	return strings.ReplaceAll(text, "|", `\|`)
}

func kind(b *bytes.Buffer, k resource.KindInfo) {
	doc := k.Documentation()
	fmt.Fprintf(b, "\n### `%s`\n\n%s\n", k.Name(), doc.Summary)
	if len(doc.Controls) > 0 {
		fmt.Fprintf(b, "\nControls: %s.\n", strings.Join(doc.Controls, ", "))
	}
	permissions(b, "plan", doc.Reads)
	permissions(b, "apply", doc.Writes)
}

func permissions(b *bytes.Buffer, command string, list []resource.Permission) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "\n`%s` needs:\n\n", command)
	for _, p := range list {
		fmt.Fprintf(b, "- `%s`", p.Action)
		if p.Resource != "" {
			fmt.Fprintf(b, " on `%s`", p.Resource)
		}
		for _, key := range slices.Sorted(maps.Keys(p.Condition)) {
			fmt.Fprintf(b, ", where `%s` is `%s`", key, p.Condition[key])
		}
		b.WriteString("\n")
	}
}
