package sandbox

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// member is one named value of an encoded structure or map.
type member struct {
	name  string
	value any
}

type (
	structure []member // members in the order of the struct's fields
	mapping   []member // entries in the order of their keys
)

// MarshalJSON writes the members in order.
func (s structure) MarshalJSON() ([]byte, error) { return marshalMembers(s) }

// MarshalJSON writes the entries in order.
func (m mapping) MarshalJSON() ([]byte, error) { return marshalMembers(m) }

func marshalMembers(members []member) ([]byte, error) {
	var buf bytes.Buffer
	for i, m := range members {
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		separator := byte(',')
		if i == 0 {
			separator = '{'
		}
		name, _ := json.Marshal(m.name) // a string always marshals
		buf.WriteByte(separator)
		buf.Write(name)
		buf.WriteByte(':')
		buf.Write(value)
	}
	if len(members) == 0 {
		buf.WriteByte('{')
	}
	buf.WriteByte('}')
	return buf.Bytes(), nil
}

// encoder turns the typed output of a handler into a document. Nil pointers are
// left out, and so are zero values marked omitempty; nil lists are empty lists.
type encoder struct{ time func(time.Time) any }

// epochSeconds is how the JSON protocols write a timestamp.
func epochSeconds(t time.Time) any {
	return json.Number(fmt.Sprintf("%.3f", float64(t.UnixMilli())/1000))
}

// iso8601 is how the XML protocols write a timestamp.
func iso8601(t time.Time) any { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (e encoder) value(v reflect.Value) any {
	if v.Type() == timeType {
		return e.time(v.Interface().(time.Time))
	}
	if isNil(v) {
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return e.value(v.Elem())
	case reflect.Struct:
		return e.structure(v)
	case reflect.Slice:
		return e.slice(v)
	case reflect.Map:
		return e.mapping(v)
	}
	return v.Interface()
}

func (e encoder) structure(v reflect.Value) structure {
	out := structure{}
	for _, f := range fieldsOf(v.Type()) {
		if f.location != "body" {
			continue
		}
		if fv := v.FieldByIndex(f.index); !isNil(fv) && !(f.omitEmpty && isEmpty(fv)) {
			out = append(out, member{f.name, e.value(fv)})
		}
	}
	return out
}

func (e encoder) slice(v reflect.Value) any {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return base64.StdEncoding.EncodeToString(v.Bytes())
	}
	items := make([]any, v.Len())
	for i := range items {
		items[i] = e.value(v.Index(i))
	}
	return items
}

func (e encoder) mapping(v reflect.Value) mapping {
	values := map[string]any{}
	for iter := v.MapRange(); iter.Next(); {
		if !isNil(iter.Value()) {
			values[iter.Key().String()] = e.value(iter.Value())
		}
	}
	out := mapping{}
	for _, k := range sortedKeys(values) {
		out = append(out, member{k, values[k]})
	}
	return out
}

func isNil(v reflect.Value) bool {
	return (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil()
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	}
	return v.IsZero()
}

// xmlWriter writes documents as XML. A list is wrapped in its own element whose
// children are called item; with no item name its elements are repeated instead.
type xmlWriter struct {
	bytes.Buffer
	item string
}

func (w *xmlWriter) element(name string, value any) {
	switch v := value.(type) {
	case []any:
		w.list(name, v)
	case structure:
		w.open(name, v)
		w.members(v)
		w.close(name)
	case mapping:
		w.open(name, nil)
		for _, m := range v {
			w.element("entry", structure{{"key", m.name}, {"value", m.value}})
		}
		w.close(name)
	default:
		w.open(name, nil)
		w.text(fmt.Sprint(v))
		w.close(name)
	}
}

func (w *xmlWriter) list(name string, items []any) {
	if w.item == "" {
		for _, item := range items {
			w.element(name, item)
		}
		return
	}
	w.open(name, nil)
	for _, item := range items {
		w.element(w.item, item)
	}
	w.close(name)
}

func (w *xmlWriter) members(s structure) {
	for _, m := range s {
		if !strings.HasPrefix(m.name, "@") {
			w.element(m.name, m.value)
		}
	}
}

// open starts an element; members called @name become its attributes.
func (w *xmlWriter) open(name string, s structure) {
	w.WriteString("<" + name)
	for _, m := range s {
		if attribute, ok := strings.CutPrefix(m.name, "@"); ok {
			w.WriteString(" " + attribute + `="`)
			w.text(fmt.Sprint(m.value))
			w.WriteByte('"')
		}
	}
	w.WriteByte('>')
}

func (w *xmlWriter) close(name string) { w.WriteString("</" + name + ">") }

func (w *xmlWriter) text(s string) {
	_ = xml.EscapeText(w, []byte(s)) // a bytes.Buffer never fails
}
