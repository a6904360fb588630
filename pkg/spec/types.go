package spec

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// wrongType reports a node of another type than wanted.
func (d *decoder) wrongType(n *yaml.Node, path, wanted, hint string) {
	if n.Kind == yaml.AliasNode { // refused by lint
		return
	}
	shown := "is " + typeOf(n)
	switch {
	case path == "":
		shown = "the file " + shown
	case n.Kind == yaml.ScalarNode && n.Tag == "!!str":
		shown = quote(n.Value) + " " + shown
	case n.Kind == yaml.ScalarNode:
		shown = shorten(n.Value) + " " + shown
	}
	d.fail(positionOfNode(n), path, shown+", not "+wanted, hint)
}

func typeOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping of keys to values"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	}
	switch n.Tag {
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "a boolean"
	case "!!null":
		return "empty"
	case "!!timestamp":
		return "a date"
	}
	return "a string"
}

func stringHint(n *yaml.Node, r rules) string {
	switch {
	case n.Kind != yaml.ScalarNode:
		return ""
	case r.format != "":
		return fmt.Sprintf("quote it: %s are strings", formats[r.format].noun)
	}
	return "quote it: " + quote(n.Value)
}

func emptyHint(r rules) string {
	if r.required {
		return strings.TrimSuffix("give it a value, such as "+r.example(), ", such as ")
	}
	return "remove the key to get the default"
}

func boolHint(n *yaml.Node) string {
	switch strings.ToLower(n.Value) {
	case "true", "yes", "on", "y", "1", "enabled":
		return didYouMean("true")
	case "false", "no", "off", "n", "0", "disabled":
		return didYouMean("false")
	}
	return ""
}

func intHint(n *yaml.Node) string {
	if n.Tag == "!!str" && decimal.MatchString(n.Value) {
		return "remove the quotes: " + shorten(n.Value)
	}
	return ""
}
