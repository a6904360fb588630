// Package diff compares a wanted model with a live one. It is pure: no context,
// client, clock or log, and it knows nothing of AWS.
//
// Both sides are the same struct type. What the wanted side leaves nil (or an
// empty string) is not managed: it is neither compared nor changed. A plain
// bool or number is always managed; use a pointer for one that may be left
// alone. JSON names make the paths. The struct tag `diff` says how a field
// compares:
//
//	(nothing)  equal, member by member; a map is managed key by key
//	set        a list whose order is noise
//	subset     a list that must hold at least the wanted members
//	create     used on creation only, never compared afterwards
//	identity   as create, but part of the fingerprint: another value is another thing
//	-          an observation: never wanted, never compared
//
// A type with a method Raise(live T) T compares by it: Raise returns the
// weakest value that is at least as strict as both, so a live value that is
// stricter than the wanted one stays and is no difference.
package diff

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Field is one difference. Before is nil where nothing was there.
type Field struct {
	Path   string `json:"path"`
	Before any    `json:"before"`
	After  any    `json:"after"`
}

// UnmarshalJSON keeps lists and objects as they are written: what was saved
// reads in the order in which it was shown.
func (f *Field) UnmarshalJSON(data []byte) error {
	var written struct {
		Path          string
		Before, After json.RawMessage
	}
	if err := json.Unmarshal(data, &written); err != nil {
		return err
	}
	*f = Field{Path: written.Path, Before: asWritten(written.Before), After: asWritten(written.After)}
	return nil
}

// asWritten returns valid JSON as a plain text, number or truth value, nil, or
// as it is.
func asWritten(raw json.RawMessage) any {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil // there is none
	}
	switch v.(type) {
	case map[string]any, []any:
		return raw
	default:
		return v
	}
}

// Outcome is what comparing found.
type Outcome[M any] struct {
	// Merged is the live model with the managed fields laid over it: what the
	// thing should be after the change, with nothing lost that is not managed.
	Merged M
	// Fields are the differences, in the order of the struct and of map keys.
	Fields []Field
	// Fingerprint covers the live values of the managed fields alone.
	Fingerprint string

	live []Field // the managed fields with their live values as Before; none where nothing is there
}

// Since returns the managed fields whose live values are others than in an
// earlier look, sorted by path: what the fingerprints differ in.
func (o Outcome[M]) Since(earlier Outcome[M]) []Field {
	moved := map[string]Field{}
	for _, f := range earlier.live {
		moved[f.Path] = f
	}
	for _, f := range o.live {
		moved[f.Path] = Field{Path: f.Path, Before: moved[f.Path].Before, After: f.Before}
	}
	var fields []Field
	for _, path := range slices.Sorted(maps.Keys(moved)) {
		if f := moved[path]; string(mustJSON(f.Before)) != string(mustJSON(f.After)) {
			fields = append(fields, f)
		}
	}
	return fields
}

// Compare lays want over live. A nil live means that nothing is there: every
// wanted value is then a difference.
func Compare[M any](live *M, want M) Outcome[M] {
	c := &comparison{absent: live == nil}
	var liveValue reflect.Value
	if live == nil {
		liveValue = reflect.Zero(reflect.TypeFor[M]())
	} else {
		liveValue = reflect.ValueOf(*live)
	}
	merged := c.merge("", "", liveValue, reflect.ValueOf(want))
	out := Outcome[M]{Merged: merged.Interface().(M), Fields: c.fields, Fingerprint: c.fingerprint()}
	if !c.absent {
		out.live = c.managed
	}
	return out
}

type comparison struct {
	absent  bool // nothing is there: "before" is null throughout
	fields  []Field
	managed []Field // path and live value of every managed leaf
}

// merge returns live with want laid over it, and notes the differences.
func (c *comparison) merge(path, mode string, live, want reflect.Value) reflect.Value {
	switch {
	case mode == "-":
		return live
	case unmanaged(want):
		return live
	case mode == "create" || mode == "identity":
		return c.once(path, mode, live, want)
	}
	if raise := want.MethodByName("Raise"); raise.IsValid() && want.Kind() != reflect.Pointer {
		return c.leaf(path, live, raise.Call([]reflect.Value{live})[0])
	}
	switch want.Kind() {
	case reflect.Struct:
		return c.mergeStruct(path, live, want)
	case reflect.Map:
		return c.mergeMap(path, live, want)
	case reflect.Pointer:
		return c.mergePointer(path, mode, live, want)
	case reflect.Slice:
		return c.mergeSlice(path, mode, live, want)
	default:
		return c.leaf(path, live, want)
	}
}

// unmanaged says whether a wanted value makes no demand.
func unmanaged(want reflect.Value) bool {
	switch want.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		return want.IsNil()
	case reflect.String:
		return want.Len() == 0
	default:
		return false
	}
}

// once serves the modes that matter only while the thing does not exist.
func (c *comparison) once(path, mode string, live, want reflect.Value) reflect.Value {
	if !c.absent {
		if mode == "identity" {
			c.managed = append(c.managed, Field{Path: path, Before: live.Interface()})
		}
		return live
	}
	return c.leaf(path, live, want)
}

func (c *comparison) mergeStruct(path string, live, want reflect.Value) reflect.Value {
	merged := reflect.New(want.Type()).Elem()
	merged.Set(live)
	for i := range want.NumField() {
		f := want.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		merged.Field(i).Set(c.merge(join(path, jsonName(f)), f.Tag.Get("diff"), live.Field(i), want.Field(i)))
	}
	return merged
}

func (c *comparison) mergeMap(path string, live, want reflect.Value) reflect.Value {
	merged := reflect.MakeMap(want.Type())
	for _, k := range live.MapKeys() {
		merged.SetMapIndex(k, live.MapIndex(k))
	}
	keys := want.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, k := range keys {
		liveItem := live.MapIndex(k)
		at := join(path, k.String())
		if liveItem.IsValid() {
			merged.SetMapIndex(k, c.merge(at, "", liveItem, want.MapIndex(k)))
			continue
		}
		merged.SetMapIndex(k, c.missing(at, want.MapIndex(k)))
	}
	return merged
}

// missing notes a wanted value where nothing is live.
func (c *comparison) missing(path string, want reflect.Value) reflect.Value {
	c.managed = append(c.managed, Field{Path: path})
	c.fields = append(c.fields, Field{Path: path, After: want.Interface()})
	return want
}

func (c *comparison) mergePointer(path, mode string, live, want reflect.Value) reflect.Value {
	if live.IsNil() {
		return c.missing(path, want)
	}
	merged := reflect.New(want.Type().Elem())
	merged.Elem().Set(c.merge(path, mode, live.Elem(), want.Elem()))
	return merged
}

func (c *comparison) mergeSlice(path, mode string, live, want reflect.Value) reflect.Value {
	switch mode {
	case "set":
		return c.list(path, live, want, sorted(live))
	case "subset":
		union := reflect.AppendSlice(reflect.MakeSlice(want.Type(), 0, live.Len()+want.Len()), live)
		held := reflect.MakeSlice(want.Type(), 0, want.Len())
		for i := range want.Len() {
			if contains(live, want.Index(i)) {
				held = reflect.Append(held, want.Index(i))
			} else {
				union = reflect.Append(union, want.Index(i))
			}
		}
		return c.list(path, live, union, sorted(held))
	default:
		return c.leaf(path, live, want)
	}
}

// list compares two lists whose order is noise. managed is what counts of the
// live one for the fingerprint.
func (c *comparison) list(path string, live, merged reflect.Value, managed []string) reflect.Value {
	c.managed = append(c.managed, Field{Path: path, Before: managed})
	if !c.absent && slices.Equal(sorted(live), sorted(merged)) {
		return live
	}
	c.differ(path, live, merged)
	return merged
}

// leaf compares two whole values: merged is what live should become.
func (c *comparison) leaf(path string, live, merged reflect.Value) reflect.Value {
	c.managed = append(c.managed, Field{Path: path, Before: live.Interface()})
	if !c.absent && equal(live, merged) {
		return live
	}
	c.differ(path, live, merged)
	return merged
}

func (c *comparison) differ(path string, live, merged reflect.Value) {
	f := Field{Path: path, After: merged.Interface()}
	if !c.absent {
		f.Before = live.Interface()
	}
	c.fields = append(c.fields, f)
}

func (c *comparison) fingerprint() string {
	sum := sha256.Sum256(mustJSON(struct {
		Absent  bool
		Managed []Field
	}{c.absent, c.managed}))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func equal(a, b reflect.Value) bool {
	return string(mustJSON(a.Interface())) == string(mustJSON(b.Interface()))
}

// sorted returns the items of a list as JSON, in one order.
func sorted(list reflect.Value) []string {
	items := make([]string, list.Len())
	for i := range items {
		items[i] = string(mustJSON(list.Index(i).Interface()))
	}
	slices.Sort(items)
	return items
}

func contains(list, item reflect.Value) bool {
	for i := range list.Len() {
		if equal(list.Index(i), item) {
			return true
		}
	}
	return false
}

// mustJSON encodes a model value; models are plain data, so a failure is a
// programming error.
func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("diff: %T is not plain data: %v", v, err))
	}
	return data
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" {
		return f.Name
	}
	return name
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
