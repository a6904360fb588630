package spec

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
)

// SchemaExtender is implemented by a struct, or by a named type, whose Validate
// has rules that its tags do not say. JSONSchemaExtend gets the JSON Schema of
// the type, made from its tags, and adds to it. It is called on a zero value.
type SchemaExtender interface {
	JSONSchemaExtend(schema map[string]any)
}

// Schema returns the JSON Schema (draft 2020-12) of a spec file with these
// sections, for editors and for checks outside of this program. It comes from
// the structs that Decode fills: their tags, and the defaults that New returns.
//
// It is as strict as Decode but for what JSON Schema cannot say: that regions
// share a partition, that a region is not both included and excluded, and
// checks of a [Validator] that is no [SchemaExtender].
func Schema(sections []Section) ([]byte, error) {
	spec := structSchema(reflect.ValueOf(&Spec{}).Elem())
	properties := spec["properties"].(map[string]any)
	for _, section := range sections {
		s := schemaOf(reflect.ValueOf(section.New()).Elem(), rules{})
		if s["required"] == nil {
			s["type"] = []string{"object", "null"}
		}
		if section.Doc != "" {
			s["description"] = section.Doc
		}
		properties[section.Name] = s
	}
	spec["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	spec["title"] = "kiso.yaml"
	return json.MarshalIndent(spec, "", "  ")
}

// schemaOf returns the schema of a value under its rules.
func schemaOf(v reflect.Value, r rules) map[string]any {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v = reflect.New(v.Type().Elem())
		}
		return schemaOf(v.Elem(), r)
	}
	var schema map[string]any
	switch {
	case v.Kind() == reflect.Struct:
		schema = structSchema(v)
	case v.Kind() == reflect.Slice:
		schema = map[string]any{"type": "array", "items": schemaOf(zero(v.Type().Elem()), r)}
		put(schema, "minItems", r.minItems)
		if r.unique {
			schema["uniqueItems"] = true
		}
	case v.Kind() == reflect.Map:
		schema = map[string]any{"type": "object", "additionalProperties": schemaOf(zero(v.Type().Elem()), r)}
	default:
		schema = scalarSchema(v, r)
	}
	if extender, ok := zero(v.Type()).Addr().Interface().(SchemaExtender); ok {
		extender.JSONSchemaExtend(schema)
	}
	return schema
}

func zero(t reflect.Type) reflect.Value {
	return reflect.New(t).Elem()
}

// structSchema describes the keys of v, with the values in v as their defaults.
func structSchema(v reflect.Value) map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, f := range fieldsOf(v) {
		property := schemaOf(f.value, f.rules)
		if f.doc != "" {
			property["description"] = f.doc
		}
		if hasDefault(f) {
			property["default"] = plain(f.value)
		}
		if f.rules.required {
			required = append(required, f.name)
		}
		properties[f.name] = property
	}
	schema := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

// hasDefault tells whether a field's value is worth showing: a struct's
// defaults stand at its own keys, a required key has none.
func hasDefault(f field) bool {
	t := f.value.Type()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return isSet(f.value) && t.Kind() != reflect.Struct && !f.rules.required
}

func scalarSchema(v reflect.Value, r rules) map[string]any {
	schema := map[string]any{}
	switch {
	case v.Kind() == reflect.String:
		schema["type"] = "string"
	case v.Kind() == reflect.Bool:
		schema["type"] = "boolean"
	case v.CanInt():
		schema["type"] = "integer"
	default:
		panic(fmt.Sprintf("spec: type %s is not supported", v.Type()))
	}
	put(schema, "minimum", r.minimum)
	put(schema, "maximum", r.maximum)
	put(schema, "minLength", r.minLength)
	put(schema, "maxLength", r.maxLength)
	if r.pattern != nil {
		schema["pattern"] = r.pattern.String()
	}
	if r.enum != nil {
		schema["enum"] = enumSchema(v, r.enum)
	}
	if r.format != "" {
		maps.Copy(schema, formats[r.format].schema)
	}
	return schema
}

func enumSchema(v reflect.Value, enum []string) []any {
	values := make([]any, len(enum))
	for i, value := range enum {
		values[i] = value
		if v.CanInt() {
			values[i] = json.Number(value)
		}
	}
	return values
}

func put(schema map[string]any, keyword string, n *int) {
	if n != nil {
		schema[keyword] = *n
	}
}
