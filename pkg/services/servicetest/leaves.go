package servicetest

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/resource"
)

// leaves returns the paths of what a change manages once its resource is there:
// all that the wanted model sets, without what counts on creation alone.
func (s *suite) leaves(t *testing.T, c resource.Change) []string {
	t.Helper()
	model := reflect.New(reflect.TypeOf(s.registry[c.ID.Kind].Model()))
	require.NoError(t, json.Unmarshal(c.Want, model.Interface()))
	var shown []string
	for _, path := range leavesOf("", model.Elem()) {
		if slices.ContainsFunc(c.Fields, func(f field) bool { return below(path, f.Path) }) {
			shown = append(shown, path)
		}
	}
	return shown
}

func below(path, ancestor string) bool {
	return path == ancestor || strings.HasPrefix(path, ancestor+".")
}

// leavesOf walks a wanted value by the rules of package diff.
func leavesOf(path string, want reflect.Value) []string {
	if unmanaged(want) {
		return nil
	}
	if want.Kind() != reflect.Pointer && want.MethodByName("Raise").IsValid() {
		return []string{path}
	}
	var paths []string
	switch want.Kind() {
	case reflect.Pointer:
		return leavesOf(path, want.Elem())
	case reflect.Struct:
		for i := range want.NumField() {
			f := want.Type().Field(i)
			if slices.Contains([]string{"create", "identity", "-"}, f.Tag.Get("diff")) || !f.IsExported() {
				continue
			}
			paths = append(paths, leavesOf(join(path, nameOf(f)), want.Field(i))...)
		}
	case reflect.Map:
		for _, k := range want.MapKeys() {
			paths = append(paths, leavesOf(join(path, k.String()), want.MapIndex(k))...)
		}
	default:
		return []string{path}
	}
	return paths
}

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

func nameOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" {
		return f.Name
	}
	return name
}

func join(path, name string) string {
	return strings.TrimPrefix(path+"."+name, ".")
}
