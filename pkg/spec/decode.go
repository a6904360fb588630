package spec

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Decode reads a spec file. sections are the top-level sections that it may
// hold besides the keys of Spec. filename is only used in messages.
//
// The error is a *multierror.Error with every problem of the file as an
// *Error, in the order of the file; its text has one a line. Decode panics when
// a section struct does not keep to the package comment, never because of data.
func Decode(filename string, data []byte, sections []Section) (*Spec, error) {
	d := &decoder{file: filename, places: places{}}
	s := &Spec{File: filename, Sections: map[string]any{}, places: d.places}
	if root := d.parse(data); root != nil {
		d.root = positionOfNode(root)
		d.lint(root)
		d.spec(root, s, sections)
	}
	if err := combine(d.problems); err != nil {
		return nil, err
	}
	return s, nil
}

// decoder walks the nodes of one file and the Go values that they fill.
type decoder struct {
	file     string
	root     Position
	places   places
	problems []*Error
}

// places maps paths to the position of their key or item.
type places map[string]Position

func (p places) nearest(path string) Position {
	for {
		if place, ok := p[path]; ok || path == "" {
			return place
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
}

func (d *decoder) fail(at Position, path, problem, hint string) {
	d.problems = append(d.problems, &Error{d.file, at.Line, at.Column, path, problem, hint})
}

// failAt reports a problem of a path rather than of a value that stands there.
func (d *decoder) failAt(path, problem, hint string) {
	at := d.places.nearest(path)
	if at == (Position{}) {
		at = d.root
	}
	d.fail(at, path, problem, hint)
}

// spec fills s and its sections.
func (d *decoder) spec(root *yaml.Node, s *Spec, sections []Section) {
	known := make([]field, len(sections))
	for i, section := range sections {
		known[i] = field{section.Name, section.Doc, reflect.ValueOf(section.New()).Elem(), rules{nullable: true}}
	}
	value := reflect.ValueOf(s).Elem()
	d.mapping(root, "", value, append(fieldsOf(value), known...))
	for _, section := range known {
		if _, present := d.places[section.name]; present {
			s.Sections[section.name] = section.value.Addr().Interface()
		}
	}
	d.validate("", value)
}

// value fills v from n.
func (d *decoder) value(n *yaml.Node, path string, v reflect.Value, r rules) {
	switch {
	case n.Kind == yaml.AliasNode: // refused by lint
		return
	case isNull(n) && r.nullable:
		n = &yaml.Node{Kind: yaml.MappingNode}
	case isNull(n):
		d.failAt(path, "is empty", emptyHint(r))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		d.pointer(n, path, v, r)
		return // the value behind it has been validated
	case reflect.Struct:
		d.mapping(n, path, v, fieldsOf(v))
	case reflect.Slice:
		d.list(n, path, v, r)
	case reflect.Map:
		d.dictionary(n, path, v, r)
	default:
		d.scalar(n, path, v, r)
	}
	d.validate(path, v)
}

// pointer keeps a nil pointer nil when its value is refused, so that checks
// that span fields do not see a value that is not there.
func (d *decoder) pointer(n *yaml.Node, path string, v reflect.Value, r rules) {
	target, before := v, len(d.problems)
	if v.IsNil() {
		target = reflect.New(v.Type().Elem())
	}
	d.value(n, path, target.Elem(), r)
	if len(d.problems) == before {
		v.Set(target)
	}
}

// mapping fills the struct v, whose keys are known.
func (d *decoder) mapping(n *yaml.Node, path string, v reflect.Value, known []field) {
	entries, ok := d.entries(n, path)
	if !ok {
		return
	}
	if resetter, ok := v.Addr().Interface().(Resetter); ok {
		resetter.Reset(keysOf(entries))
	}
	names := make([]string, len(known))
	for i, f := range known {
		names[i] = f.name
	}
	for _, e := range entries {
		if i := slices.Index(names, e.key); i >= 0 {
			d.value(e.value, e.path, known[i].value, known[i].rules)
			continue
		}
		d.fail(e.at, e.path, "unknown key "+quote(e.key), similarOr(e.key, names, keysHint(names)))
	}
	for _, f := range known {
		if _, present := d.places[join(path, f.name)]; f.rules.required && !present {
			example := f.rules.example()
			if f.value.Kind() == reflect.Slice && example != "" {
				example = "[" + example + "]"
			}
			d.failAt(join(path, f.name), "is missing", strings.TrimSuffix("add "+f.name+": "+example, ": "))
		}
	}
}

func keysHint(names []string) string {
	if len(names) == 0 {
		return "no keys are expected here"
	}
	return "valid keys are " + strings.Join(names, ", ")
}

// entry is one key of a mapping and its value.
type entry struct {
	key, path string
	at        Position
	value     *yaml.Node
}

func keysOf(entries []entry) []string {
	keys := make([]string, len(entries))
	for i, e := range entries {
		keys[i] = e.key
	}
	return keys
}

// entries returns the keys of a mapping, without those that it reports: keys
// given twice and keys that are not strings.
func (d *decoder) entries(n *yaml.Node, path string) ([]entry, bool) {
	if n.Kind != yaml.MappingNode {
		d.wrongType(n, path, "a mapping of keys to values", "")
		return nil, false
	}
	var entries []entry
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		e := entry{key.Value, join(path, key.Value), positionOfNode(key), n.Content[i+1]}
		first, twice := d.places[e.path]
		switch {
		case key.Kind == yaml.AliasNode || key.Tag == "!!merge": // refused by lint
		case key.Kind != yaml.ScalarNode:
			d.fail(e.at, path, "a key is "+typeOf(key), "keys are strings")
		case key.Tag != "!!str":
			d.fail(e.at, path, "the key "+shorten(key.Value)+" is "+typeOf(key), "quote it: "+quote(key.Value))
		case twice:
			d.fail(e.at, e.path, fmt.Sprintf("key %s is given twice", quote(e.key)), fmt.Sprintf("remove one; the first is on line %d", first.Line))
		default:
			d.places[e.path] = e.at
			entries = append(entries, e)
		}
	}
	return entries, true
}

// list fills the slice v, replacing its default.
func (d *decoder) list(n *yaml.Node, path string, v reflect.Value, r rules) {
	if n.Kind != yaml.SequenceNode {
		d.wrongType(n, path, "a list", listHint(n))
		return
	}
	if r.minItems != nil && len(n.Content) < *r.minItems {
		d.fail(positionOfNode(n), path, fmt.Sprintf("a list of %d items", len(n.Content)), fmt.Sprintf("name at least %d", *r.minItems))
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	seen := map[string]bool{}
	for i, item := range n.Content {
		at := fmt.Sprintf("%s[%d]", path, i)
		d.places[at] = positionOfNode(item)
		if isNull(item) {
			d.failAt(at, "is empty", "remove the item")
			continue
		}
		d.value(item, at, v.Index(i), r)
		if r.unique && item.Kind == yaml.ScalarNode && seen[item.Value] {
			d.fail(positionOfNode(item), at, quote(item.Value)+" is already in the list", "remove one")
		}
		seen[item.Value] = true
	}
}

func listHint(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode {
		return ""
	}
	return "write it as a list: [" + shorten(n.Value) + "]"
}

// dictionary fills the map v, replacing its default.
func (d *decoder) dictionary(n *yaml.Node, path string, v reflect.Value, r rules) {
	entries, ok := d.entries(n, path)
	if !ok {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, e := range entries {
		value := reflect.New(v.Type().Elem()).Elem()
		d.value(e.value, e.path, value, r)
		v.SetMapIndex(reflect.ValueOf(e.key).Convert(v.Type().Key()), value)
	}
}

// scalar fills v, a string, bool or int. A value that is refused leaves v alone.
func (d *decoder) scalar(n *yaml.Node, path string, v reflect.Value, r rules) {
	var problem, hint string
	switch {
	case v.Kind() == reflect.String:
		if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
			d.wrongType(n, path, "a string", stringHint(n, r))
			return
		}
		if problem, hint = r.checkString(n.Value); problem == "" {
			v.SetString(n.Value)
		}
	case v.Kind() == reflect.Bool:
		if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
			d.wrongType(n, path, "true or false", boolHint(n))
			return
		}
		v.SetBool(strings.EqualFold(n.Value, "true"))
	case v.CanInt():
		if n.Kind != yaml.ScalarNode || n.Tag == "!!str" || !decimal.MatchString(n.Value) { // the parser takes a huge one for a float
			d.wrongType(n, path, "a whole number in plain digits", intHint(n))
			return
		}
		number, err := strconv.ParseInt(n.Value, 10, v.Type().Bits())
		if err != nil {
			d.fail(positionOfNode(n), path, shorten(n.Value)+" is out of range", r.span())
			return
		}
		if problem, hint = r.checkInt(number); problem == "" {
			v.SetInt(number)
		}
	default:
		panic(fmt.Sprintf("spec: %s: type %s is not supported", path, v.Type()))
	}
	if problem != "" {
		d.fail(positionOfNode(n), path, problem, hint)
	}
}

// decimal numbers alone are taken for numbers: YAML's other spellings (010,
// 0x10, 1_000) do not mean the same to everybody.
var decimal = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)

// validate lets v check itself.
func (d *decoder) validate(path string, v reflect.Value) {
	validator, ok := v.Addr().Interface().(Validator)
	if !ok {
		return
	}
	validator.Validate(func(relative, problem, hint string) {
		at := path + relative
		if path != "" && relative != "" && relative[0] != '[' {
			at = path + "." + relative
		}
		if !d.refused(at) {
			d.failAt(at, problem, hint)
		}
	})
}

// refused tells whether something at or below path has been reported.
func (d *decoder) refused(path string) bool {
	return slices.ContainsFunc(d.problems, func(e *Error) bool {
		rest, below := strings.CutPrefix(e.Path, path)
		return below && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// join returns the path of a key: "tags.owner", or tags["a.b"] for a key that
// would not read well.
func join(path, key string) string {
	switch {
	case !plainKey.MatchString(key):
		return fmt.Sprintf("%s[%q]", path, key)
	case path == "":
		return key
	}
	return path + "." + key
}
