package deploy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const account = "123456789012"

// pseudo are CloudFormation's variables, as a stack would have them.
var pseudo = strings.NewReplacer(
	"${AWS::Partition}", "aws", "${AWS::AccountId}", account, "${AWS::Region}", "ap-northeast-1", "${AWS::StackName}", "kiso",
)

// object is a mapping of a template.
type object map[string]any

// template reads one, with !Sub done for CloudFormation's own variables, !Ref as
// its name, and other functions as {name: argument}.
func template(t *testing.T, name string) object {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../deploy", name))
	require.NoError(t, err)
	var document yaml.Node
	require.NoError(t, yaml.Unmarshal(data, &document))
	return value(t, document.Content[0]).(object)
}

func value(t *testing.T, n *yaml.Node) any {
	t.Helper()
	v := untagged(t, n)
	switch {
	case n.Tag == "!Sub":
		return pseudo.Replace(v.(string))
	case n.Tag == "!Ref":
		return strings.TrimPrefix(v.(string), "AWS::")
	case strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!"):
		return object{n.Tag: v}
	}
	return v
}

func untagged(t *testing.T, n *yaml.Node) any {
	t.Helper()
	switch n.Kind {
	case yaml.MappingNode:
		o := object{}
		for i := 0; i < len(n.Content); i += 2 {
			o[n.Content[i].Value] = value(t, n.Content[i+1])
		}
		return o
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range n.Content {
			list = append(list, value(t, item))
		}
		return list
	}
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		return n.Value
	}
	var v any
	require.NoError(t, n.Decode(&v))
	return v
}

// at follows keys into an object.
func (o object) at(keys ...string) object {
	for _, key := range keys {
		o, _ = o[key].(object)
	}
	return o
}

// properties are those of a resource.
func (o object) properties(resource string) object { return o.at("Resources", resource, "Properties") }

// each calls f with every resource of a type.
func (o object) each(kind string, f func(name string, properties object)) {
	for name, r := range o.at("Resources") {
		if r.(object)["Type"] == kind {
			f(name, r.(object).at("Properties"))
		}
	}
}
