package catalogue

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/pkg/resource"
)

// fieldsOf lists the keys of a service's section, nested ones by their path.
func fieldsOf(s *resource.Service) ([]Field, error) {
	schema, err := schemaOf(s)
	if err != nil {
		return nil, err
	}
	return appendFields(nil, "", reflect.TypeOf(s.New()), schema), nil
}

// appendFields follows the struct for the order, and the schema for the rest.
func appendFields(fields []Field, prefix string, t reflect.Type, schema *schemaNode) []Field {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		property := schema.Properties[name]
		switch {
		case property == nil:
		case len(property.Properties) > 0:
			fields = appendFields(fields, prefix+name+".", t.Field(i).Type, property)
		default:
			fields = append(fields, Field{
				Path: prefix + name, Type: property.word(), Required: slices.Contains(schema.Required, name),
				Default: property.Default, Values: list(property.values()), Doc: property.Description,
			})
		}
	}
	return fields
}

// word says a type in words.
func (n *schemaNode) word() string {
	switch {
	case n.Items != nil:
		return "list of " + n.Items.word() + "s"
	case n.of() != nil:
		return "map of " + n.of().word() + "s"
	default:
		return fmt.Sprint(n.Type)
	}
}

// of is the schema of a map's values; nil of anything else.
func (n *schemaNode) of() *schemaNode {
	var values schemaNode
	if json.Unmarshal(n.AdditionalProperties, &values) != nil { // a bool, or nothing
		return nil
	}
	return &values
}

// values are all that a key may hold, or a list or map in it; none: any.
func (n *schemaNode) values() []string {
	for _, node := range []*schemaNode{n, n.Items, n.of()} {
		if node == nil || len(node.Enum) == 0 {
			continue
		}
		var values []string
		for _, v := range node.Enum {
			values = append(values, fmt.Sprint(v))
		}
		return values
	}
	return nil
}

// How members of a model compare; see package diff.
var rules = map[string]string{
	"":         "as wanted",
	"set":      "as wanted, in any order",
	"subset":   "at least these",
	"create":   "on creation only",
	"identity": "says which one it is",
	"-":        "observed only",
}

const floor = "at least; stricter stays"

// membersOf lists the fields of a model, nested ones by their path.
func membersOf(model any) []Member { return appendMembers(nil, "", "", reflect.TypeOf(model)) }

func appendMembers(members []Member, prefix, inherited string, t reflect.Type) []Member {
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		mode := f.Tag.Get("diff")
		if mode == "" {
			mode = inherited
		}
		ft := f.Type
		if ft.Kind() == reflect.Pointer {
			ft = ft.Elem()
		}
		if ft.Kind() == reflect.Struct && !raises(ft) && !marshals(ft) {
			members = appendMembers(members, prefix+name+".", mode, ft)
			continue
		}
		members = append(members, Member{Path: prefix + name, Type: typeWord(ft), Rule: ruleOf(mode, ft)})
	}
	return members
}

func ruleOf(mode string, t reflect.Type) string {
	if mode == "" && (raises(t) || t.Kind() == reflect.Map && raises(t.Elem())) {
		return floor
	}
	return rules[mode]
}

func raises(t reflect.Type) bool {
	_, ok := t.MethodByName("Raise")
	return ok
}

// marshals says whether a type has a JSON form of its own.
func marshals(t reflect.Type) bool {
	return t.Implements(reflect.TypeFor[json.Marshaler]()) || reflect.PointerTo(t).Implements(reflect.TypeFor[json.Marshaler]())
}

func typeWord(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return typeWord(t.Elem())
	case reflect.Slice:
		return "list of " + typeWord(t.Elem()) + "s"
	case reflect.Map:
		return "map of " + typeWord(t.Elem()) + "s"
	case reflect.Struct:
		return strings.ToLower(t.Name())
	case reflect.Bool:
		return "boolean"
	case reflect.String:
		return "string"
	default:
		return "integer"
	}
}
