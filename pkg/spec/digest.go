package spec

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"reflect"
)

// Digest identifies what the file says, defaults included: "sha256:" and the
// hash of the decoded content. Comments, layout and the order of keys do not
// matter; naming a value that is the default does not either.
func (s *Spec) Digest() string {
	canonical, err := json.Marshal(s.canonical())
	if err != nil {
		panic(err) // strings, bools, ints, lists and maps of them always encode
	}
	sum := sha256.Sum256(canonical)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// canonical returns the content as maps, lists and scalars; written as YAML it
// is a file with the same content.
func (s *Spec) canonical() map[string]any {
	content := plain(reflect.ValueOf(s).Elem()).(map[string]any)
	for name, section := range s.Sections {
		content[name] = plain(reflect.ValueOf(section).Elem())
	}
	return content
}

// plain returns v as maps, lists and scalars, without what is not set: nil
// pointers, lists and maps, empty strings, zero ints, structs with nothing in.
func plain(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		return plain(v.Elem())
	case reflect.Struct:
		m := map[string]any{}
		for _, f := range fieldsOf(v) {
			if isSet(f.value) {
				m[f.name] = plain(f.value)
			}
		}
		return m
	case reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = plain(v.Index(i))
		}
		return list
	case reflect.Map:
		m := map[string]any{}
		for _, key := range v.MapKeys() {
			m[key.String()] = plain(v.MapIndex(key))
		}
		return m
	}
	return v.Interface()
}

func isSet(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Bool:
		return true
	case reflect.Struct:
		return len(plain(v).(map[string]any)) > 0
	}
	return !v.IsZero()
}
