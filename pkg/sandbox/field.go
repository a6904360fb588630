package sandbox

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// field is one member of an input or output struct, as its tags describe it.
type field struct {
	name      string
	location  string // body, uri, query, header or payload
	index     []int
	required  bool
	omitEmpty bool
	enum      []string
	bounds    *[2]int // of a number, of the length of anything else
}

var fieldCache sync.Map // reflect.Type -> []field

// fieldsOf lists the members of a struct type, those of embedded structs included.
func fieldsOf(t reflect.Type) []field {
	if cached, ok := fieldCache.Load(t); ok {
		return cached.([]field)
	}
	var fields []field
	for _, sf := range reflect.VisibleFields(t) {
		if f, ok := parseField(sf); ok {
			fields = append(fields, f)
		}
	}
	fieldCache.Store(t, fields)
	return fields
}

func parseField(sf reflect.StructField) (field, bool) {
	if sf.Anonymous || !sf.IsExported() {
		return field{}, false
	}
	f := field{index: sf.Index}
	for _, source := range []struct{ tag, location string }{{"json", "body"}, {"uri", "uri"}, {"query", "query"}, {"header", "header"}, {"payload", "payload"}} {
		tag, ok := sf.Tag.Lookup(source.tag)
		if !ok || tag == "-" {
			continue
		}
		options := strings.Split(tag, ",")
		f.name, f.location = options[0], source.location
		f.required = slices.Contains(options, "required")
		f.omitEmpty = slices.Contains(options, "omitempty") || slices.Contains(options, "omitzero")
	}
	if enum, ok := sf.Tag.Lookup("enum"); ok {
		f.enum = strings.Split(enum, ",")
	}
	if bounds, ok := sf.Tag.Lookup("range"); ok {
		f.bounds = parseBounds(sf.Name, bounds)
	}
	return f, f.location != ""
}

func parseBounds(name, tag string) *[2]int {
	low, high, _ := strings.Cut(tag, ",")
	min, errMin := strconv.Atoi(low)
	max, errMax := strconv.Atoi(high)
	if errMin != nil || errMax != nil {
		panic(fmt.Sprintf("sandbox: field %s: range:%q is not \"min,max\"", name, tag))
	}
	return &[2]int{min, max}
}

// check holds a bound value against the field's enum and range.
func (f field) check(v reflect.Value, path string) error {
	if f.enum != nil {
		if err := f.checkEnum(v, path); err != nil {
			return err
		}
	}
	if f.bounds == nil {
		return nil
	}
	size, what := 0, "have length"
	switch v.Kind() {
	case reflect.String, reflect.Slice, reflect.Map:
		size = v.Len()
	default:
		size, what = int(v.Int()), "have value"
	}
	switch min, max := f.bounds[0], f.bounds[1]; {
	case size < min:
		return violated(v, path, fmt.Sprintf("Member must %s greater than or equal to %d", what, min))
	case size > max:
		return violated(v, path, fmt.Sprintf("Member must %s less than or equal to %d", what, max))
	}
	return nil
}

func (f field) checkEnum(v reflect.Value, path string) error {
	if v.Kind() == reflect.Slice {
		for i := range v.Len() {
			if err := f.checkEnum(v.Index(i), path); err != nil {
				return err
			}
		}
		return nil
	}
	if !slices.Contains(f.enum, v.String()) {
		return violated(v, path, fmt.Sprintf("Member must satisfy enum value set: [%s]", strings.Join(f.enum, ", ")))
	}
	return nil
}

func violated(v reflect.Value, path, constraint string) error {
	return refuse("1 validation error detected: Value '%v' at '%s' failed to satisfy constraint: %s", v.Interface(), path, constraint)
}
