package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// input is a request taken apart by its protocol, not yet typed.
type input struct {
	body   any  // map[string]any, []any, string, json.Number, bool or nil
	text   bool // scalars are untyped text (forms, XML): "true" may be a bool
	raw    []byte
	uri    map[string]string
	query  url.Values
	header http.Header // nil where headers are no members of the input
}

// badInput is input that the model of an operation does not allow.
type badInput struct{ problem string }

func (e badInput) Error() string { return e.problem }

func refuse(format string, args ...any) error { return badInput{fmt.Sprintf(format, args...)} }

// bind fills the struct dst with the input. It refuses every member that dst has
// no field for, in any location, so that a misspelt member never passes.
func (in *input) bind(dst reflect.Value) error {
	fields := fieldsOf(dst.Type())
	if err := in.bindLocations(dst, fields); err != nil {
		return err
	}
	if has(fields, "payload") {
		return nil
	}
	body, ok := in.body.(map[string]any)
	if !ok && in.body != nil {
		return refuse("the request body is not a structure")
	}
	return binder{text: in.text}.structure(dst, body, "")
}

// bindLocations fills the fields that do not come from the body.
func (in *input) bindLocations(dst reflect.Value, fields []field) error {
	query, header := maps.Clone(in.query), in.header.Clone()
	for _, f := range fields {
		var values []string
		switch f.location {
		case "uri":
			values = []string{in.uri[f.name]}
		case "query":
			values = query[f.name]
			delete(query, f.name)
		case "header":
			values = header.Values(f.name)
			header.Del(f.name)
		case "payload":
			values = []string{string(in.raw)}
		}
		if f.location == "body" {
			continue
		}
		if len(values) == 0 {
			if f.required {
				return missing(f.name)
			}
			continue
		}
		if err := (binder{text: true}).field(dst, f, fromStrings(values), f.name); err != nil {
			return err
		}
	}
	for name := range query {
		return refuse("unknown query parameter %q", name)
	}
	for name := range header {
		if isInputHeader(name) {
			return refuse("unknown header %q", name)
		}
	}
	return nil
}

func fromStrings(values []string) any {
	if len(values) == 1 {
		return values[0]
	}
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = v
	}
	return list
}

// isInputHeader tells headers that carry input of a REST operation from those
// that belong to signing, checksums and the transport.
func isInputHeader(name string) bool {
	name = strings.ToLower(name)
	if !strings.HasPrefix(name, "x-amz-") {
		return false
	}
	for _, transport := range []string{"date", "content-sha256", "security-token", "user-agent", "sdk-checksum-algorithm", "checksum-", "trailer", "decoded-content-length", "te"} {
		if strings.HasPrefix(name, "x-amz-"+transport) {
			return false
		}
	}
	return true
}

func missing(path string) error {
	return refuse("1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", path)
}

func has(fields []field, location string) bool {
	return slices.ContainsFunc(fields, func(f field) bool { return f.location == location })
}

// binder moves decoded documents into typed values.
type binder struct{ text bool }

func (b binder) structure(dst reflect.Value, src map[string]any, path string) error {
	known := map[string]bool{}
	for _, f := range fieldsOf(dst.Type()) {
		if f.location != "body" {
			continue
		}
		known[f.name] = true
		at := join(path, f.name)
		value, present := src[f.name]
		if !present || value == nil {
			if f.required {
				return missing(at)
			}
			continue
		}
		if err := b.field(dst, f, value, at); err != nil {
			return err
		}
	}
	for _, name := range sortedKeys(src) {
		if !known[name] {
			return refuse("unknown member %q", join(path, name))
		}
	}
	return nil
}

func (b binder) field(dst reflect.Value, f field, src any, path string) error {
	v := dst.FieldByIndex(f.index)
	if err := b.value(v, src, path); err != nil {
		return err
	}
	return f.check(reflect.Indirect(v), path)
}

var timeType = reflect.TypeFor[time.Time]()

// value moves src into v, converting nothing but what the wire leaves open.
func (b binder) value(v reflect.Value, src any, path string) error {
	if v.Type() == timeType {
		return bindTime(v, src, path)
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return b.value(v.Elem(), src, path)
	case reflect.Interface:
		v.Set(reflect.ValueOf(src))
		return nil
	case reflect.Struct:
		if m, ok := src.(map[string]any); ok {
			return b.structure(v, m, path)
		}
		if b.text && src == "" {
			return b.structure(v, nil, path)
		}
	case reflect.Slice:
		return b.slice(v, src, path)
	case reflect.Map:
		return b.mapping(v, src, path)
	default:
		return b.scalar(v, src, path)
	}
	return refuse("%s is not a structure", path)
}

func (b binder) slice(v reflect.Value, src any, path string) error {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return b.blob(v, src, path)
	}
	items, ok := src.([]any)
	if b.text {
		items, ok = textList(src), true
	}
	if !ok {
		return refuse("%s is not a list", path)
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, item := range items {
		if err := b.value(v.Index(i), item, fmt.Sprintf("%s.%d.member", path, i+1)); err != nil {
			return err
		}
	}
	return nil
}

// textList finds the items of a list in a form or an XML document: wrapped
// ("member"), numbered, repeated, or a single one.
func textList(src any) []any {
	switch s := src.(type) {
	case []any:
		return s
	case string:
		if s == "" {
			return nil
		}
	case map[string]any:
		if inner, ok := s["member"]; ok && len(s) == 1 {
			return textList(inner)
		}
		if items, ok := numbered(s); ok {
			return items
		}
	}
	return []any{src}
}

// numbered orders the items of {"1": x, "2": y}.
func numbered(m map[string]any) ([]any, bool) {
	items := make([]any, len(m))
	for k, item := range m {
		i, err := strconv.Atoi(k)
		if err != nil || i < 1 || i > len(m) {
			return nil, false
		}
		items[i-1] = item
	}
	return items, len(m) > 0
}

func (b binder) mapping(v reflect.Value, src any, path string) error {
	m, ok := src.(map[string]any)
	if b.text {
		m, ok = textMap(src)
	}
	if !ok {
		return refuse("%s is not a map", path)
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(m)))
	for _, k := range sortedKeys(m) {
		item := reflect.New(v.Type().Elem()).Elem()
		if err := b.value(item, m[k], join(path, k)); err != nil {
			return err
		}
		v.SetMapIndex(reflect.ValueOf(k).Convert(v.Type().Key()), item)
	}
	return nil
}

// textMap reads the map form of the query protocol: entry.1.key, entry.1.value.
func textMap(src any) (map[string]any, bool) {
	outer, _ := src.(map[string]any)
	m := map[string]any{}
	for _, item := range textList(outer["entry"]) {
		entry, _ := item.(map[string]any)
		key, ok := entry["key"].(string)
		if !ok {
			return nil, src == ""
		}
		m[key] = entry["value"]
	}
	return m, true
}

func (b binder) blob(v reflect.Value, src any, path string) error {
	s, ok := src.(string)
	if !ok {
		return refuse("%s is not a blob", path)
	}
	if b.text {
		v.SetBytes([]byte(s))
		return nil
	}
	data, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return refuse("%s is not base64", path)
	}
	v.SetBytes(data)
	return nil
}

func (b binder) scalar(v reflect.Value, src any, path string) error {
	text, isString := src.(string)
	if v.Kind() == reflect.String {
		if !isString {
			return refuse("%s is not a string", path)
		}
		v.SetString(text)
		return nil
	}
	if isString && !b.text {
		return refuse("%s is not a %s", path, v.Kind())
	}
	if !isString {
		text = fmt.Sprint(src)
	}
	if !setParsed(v, text) {
		return refuse("%s: %q is not a %s", path, text, v.Kind())
	}
	return nil
}

// setParsed sets a bool or number from its text.
func setParsed(v reflect.Value, text string) bool {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(text == "true")
		return text == "true" || text == "false"
	case reflect.Int, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(n)
		return err == nil
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		v.SetFloat(f)
		return err == nil
	}
	panic("sandbox: input fields cannot be of kind " + v.Kind().String())
}

// bindTime reads a timestamp: seconds since the epoch, or ISO 8601.
func bindTime(v reflect.Value, src any, path string) error {
	switch s := src.(type) {
	case json.Number:
		seconds, err := s.Float64()
		if err == nil {
			whole, part := math.Modf(seconds)
			v.Set(reflect.ValueOf(time.Unix(int64(whole), int64(part*1e9)).UTC()))
			return nil
		}
	case string:
		if t, err := time.Parse(time.RFC3339, s); err == nil {
			v.Set(reflect.ValueOf(t))
			return nil
		}
	}
	return refuse("%s is not a timestamp", path)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
