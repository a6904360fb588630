package events

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"reflect"
	"regexp"
	"strings"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// pattern is an event pattern: fields with what their value may be, or with the
// pattern of what is below them.
type pattern map[string]any

func parsePattern(text string) (pattern, error) {
	var p pattern
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return nil, invalidPattern("%v", err)
	}
	return p, p.check()
}

func invalidPattern(format string, args ...any) error {
	return sandbox.Error("InvalidEventPatternException", http.StatusBadRequest, "Event pattern is not valid. Reason: "+fmt.Sprintf(format, args...))
}

// check refuses what is no pattern: a field with a plain value, an empty list, a
// comparison that there is none of.
func (p pattern) check() error {
	if len(p) == 0 {
		return invalidPattern("Empty objects are not allowed")
	}
	for field, value := range p {
		switch v := value.(type) {
		case map[string]any:
			if err := pattern(v).check(); err != nil {
				return err
			}
		case []any:
			if err := checkList(field, v); err != nil {
				return err
			}
		default:
			return invalidPattern("%q must be an object or an array", field)
		}
	}
	return nil
}

func checkList(field string, list []any) error {
	if len(list) == 0 {
		return invalidPattern("Empty arrays are not allowed")
	}
	for _, item := range list {
		object, ok := item.(map[string]any)
		switch {
		case field == "$or" && !ok:
			return invalidPattern("$or must be a list of objects")
		case field == "$or":
			if err := pattern(object).check(); err != nil {
				return err
			}
		case ok:
			if err := checkComparison(object); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkComparison(object map[string]any) error {
	for name := range object {
		if len(object) != 1 || comparisons[name] == nil {
			return invalidPattern("Unrecognized match type %s", name)
		}
	}
	return nil
}

// matches holds an event, or a part of one, against the pattern.
func (p pattern) matches(event map[string]any) bool {
	for field, wanted := range p {
		value, present := event[field]
		switch w := wanted.(type) {
		case map[string]any:
			below, _ := value.(map[string]any)
			if !pattern(w).matches(below) {
				return false
			}
		case []any:
			if field == "$or" && !anyOf(w, event) || field != "$or" && !listMatches(w, value, present) {
				return false
			}
		}
	}
	return true
}

func anyOf(alternatives []any, event map[string]any) bool {
	for _, a := range alternatives {
		if pattern(a.(map[string]any)).matches(event) {
			return true
		}
	}
	return false
}

// listMatches says whether a value, or one of a list of values, is in the list.
func listMatches(wanted []any, value any, present bool) bool {
	values, isList := value.([]any)
	if !isList {
		values = []any{value}
	}
	for _, w := range wanted {
		for _, v := range values {
			if itemMatches(w, v, present) {
				return true
			}
		}
	}
	return false
}

func itemMatches(wanted, value any, present bool) bool {
	comparison, ok := wanted.(map[string]any)
	if !ok {
		return present && reflect.DeepEqual(wanted, value)
	}
	for name, argument := range comparison {
		if name == "exists" {
			return argument == present
		}
		return present && comparisons[name](argument, value)
	}
	return false
}

// comparisons are the ways to match beyond equality.
var comparisons map[string]func(argument, value any) bool

func init() { // anything-but refers back to the others
	comparisons = map[string]func(argument, value any) bool{
		"exists":             func(any, any) bool { return true }, // see itemMatches
		"prefix":             onText(strings.HasPrefix),
		"suffix":             onText(strings.HasSuffix),
		"equals-ignore-case": onText(strings.EqualFold),
		"wildcard":           onText(wildcard),
		"cidr":               onText(inNetwork),
		"numeric":            numeric,
		"anything-but":       anythingBut,
	}
}

func onText(compare func(value, argument string) bool) func(argument, value any) bool {
	return func(argument, value any) bool {
		a, okA := argument.(string)
		v, okV := value.(string)
		return okA && okV && compare(v, a)
	}
}

func wildcard(value, text string) bool {
	expression := strings.ReplaceAll(regexp.QuoteMeta(text), `\*`, ".*")
	return regexp.MustCompile("(?s)^" + expression + "$").MatchString(value)
}

func inNetwork(value, text string) bool {
	network, errNetwork := netip.ParsePrefix(text)
	address, errAddress := netip.ParseAddr(value)
	return errNetwork == nil && errAddress == nil && network.Contains(address)
}

// numeric reads pairs of a comparison and a number, all of which must hold.
func numeric(argument, value any) bool {
	terms, _ := argument.([]any)
	v, ok := value.(float64)
	for i := 0; ok && i+1 < len(terms); i += 2 {
		n, _ := terms[i+1].(float64)
		ok = map[any]bool{"=": v == n, "<": v < n, "<=": v <= n, ">": v > n, ">=": v >= n}[terms[i]]
	}
	return ok
}

func anythingBut(argument, value any) bool {
	list, ok := argument.([]any)
	if !ok {
		list = []any{argument}
	}
	for _, not := range list {
		if itemMatches(not, value, true) {
			return false
		}
	}
	return true
}

type testEventPatternInput struct {
	Pattern string `json:"EventPattern,required" range:"0,4096"`
	Event   string `json:"Event,required"`
}

type testEventPatternOutput struct {
	Result bool `json:"Result"`
}

func testEventPattern(_ *sandbox.Request, in testEventPatternInput) (any, error) {
	p, err := parsePattern(in.Pattern)
	if err != nil {
		return nil, err
	}
	var event map[string]any
	if json.Unmarshal([]byte(in.Event), &event) != nil {
		return nil, invalid("Parameter Event is not valid.")
	}
	for _, field := range []string{"id", "account", "source", "time", "region", "resources", "detail-type"} {
		if _, ok := event[field]; !ok {
			return nil, invalid("Parameter Event is not valid. Reason: %s is missing.", field)
		}
	}
	return testEventPatternOutput{p.matches(event)}, nil
}
