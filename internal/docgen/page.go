package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/pkg/catalogue"
	"github.com/kiso-cli/kiso/pkg/resource"
)

const intro = `# Services

<!-- Made by internal/docgen; edit the source and run make generate. -->

What each section of a spec makes sure of, what it may say, what it costs, and
which IAM actions it needs. In resources and conditions, ` + "`{account_id}`" + ` and
` + "`{home_region}`" + ` stand for the account's. ` + "`kiso explain`" + ` prints the same, and
` + "`kiso policy`" + ` makes IAM policies of it.
`

// servicesPage is the page about the services.
func servicesPage(services []*resource.Service) ([]byte, error) {
	described, err := catalogue.Of(services)
	if err != nil {
		return nil, err
	}
	b := bytes.NewBufferString(intro)
	for _, s := range described {
		fmt.Fprintf(b, "\n## %s\n\n%s\n\n**Costs.** %s\n\n```yaml\n%s```\n", s.Title, s.Summary, s.Cost, s.Example)
		if len(s.Fields) > 0 {
			b.WriteString("\n| key | default | meaning |\n|---|---|---|\n")
		}
		for _, f := range s.Fields {
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", f.Path, defaultText(f), meaning(f))
		}
		for _, k := range s.Kinds {
			kind(b, k)
		}
	}
	return b.Bytes(), nil
}

func defaultText(f catalogue.Field) string {
	switch {
	case f.Required:
		return "required"
	case f.Default == nil:
		return ""
	}
	text, err := json.Marshal(f.Default)
	if err != nil {
		return ""
	}
	return "`" + strings.Trim(string(text), `"`) + "`"
}

func meaning(f catalogue.Field) string {
	text := f.Doc
	if len(f.Values) > 0 {
		text = strings.TrimSpace(text + " One of `" + strings.Join(f.Values, "`, `") + "`.")
	}
	return strings.ReplaceAll(text, "|", `\|`)
}

func kind(b *bytes.Buffer, k catalogue.Kind) {
	fmt.Fprintf(b, "\n### `%s`\n\n%s\n", k.Name, k.Summary)
	if len(k.Controls) > 0 {
		fmt.Fprintf(b, "\nControls: %s.\n", strings.Join(k.Controls, ", "))
	}
	if len(k.Irreversible) > 0 {
		b.WriteString("\n**Irreversible steps**, each approved by name:\n\n")
		for _, step := range k.Irreversible {
			fmt.Fprintf(b, "- %s\n", step)
		}
	}
	permissions(b, "plan", k.Reads)
	permissions(b, "apply", k.Writes)
}

func permissions(b *bytes.Buffer, command string, list []catalogue.Permission) {
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
