package sandbox

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// service is a simulator made ready for calls.
type service struct {
	Simulator
	routes  []route
	payload map[string]bool // operations whose body is a payload, not a document
}

// route is the parsed form of an operation's route.
type route struct {
	operation string
	method    string
	segments  []string
	query     url.Values // keys that must be there; a non-empty value must be equal
}

// newService prepares a simulator. It panics on a table that cannot work: that
// is a mistake in the simulator, found by the first test that uses it.
func newService(sim Simulator) *service {
	s := &service{Simulator: sim, payload: map[string]bool{}}
	s.Operations = map[string]Operation{}
	for name, op := range sim.Operations {
		op.name, op.action = name, op.iamAction(sim.Name, name)
		s.Operations[name] = op
		s.payload[name] = has(fieldsOf(op.input), "payload")
		if op.route != "" {
			s.routes = append(s.routes, parseRoute(sim.Name, name, op.route))
		}
	}
	slices.SortFunc(s.routes, moreSpecific)
	return s
}

func parseRoute(serviceName, operation, text string) route {
	method, target, ok := strings.Cut(text, " ")
	path, query, _ := strings.Cut(target, "?")
	values, err := url.ParseQuery(query)
	if !ok || err != nil || !strings.HasPrefix(path, "/") {
		panic("sandbox: " + serviceName + ": " + operation + ": bad route " + text)
	}
	return route{operation: operation, method: method, segments: segments(path), query: values}
}

func segments(path string) []string { return strings.Split(strings.TrimPrefix(path, "/"), "/") }

// moreSpecific orders routes so that the first one that matches is the right
// one: more query keys first, then more literal segments, then the name.
func moreSpecific(a, b route) int {
	return cmp.Or(
		cmp.Compare(len(b.query), len(a.query)),
		cmp.Compare(b.literals(), a.literals()),
		cmp.Compare(a.operation, b.operation),
	)
}

func (t route) literals() int {
	n := 0
	for _, s := range t.segments {
		if !isLabel(s) {
			n++
		}
	}
	return n
}

func isLabel(segment string) bool { return strings.HasPrefix(segment, "{") }

// route finds the operation of a REST request and its path and query members.
func (s *service) route(r *message) (string, *input, error) {
	path := r.path
	if s.Rewrite != nil {
		path = s.Rewrite(r.host, path)
	}
	query := url.Values{}
	for k, v := range r.query {
		if k != "x-id" { // an operation hint that the Go SDK adds for S3
			query[k] = v
		}
	}
	for _, t := range s.routes {
		labels, ok := t.match(r.method, path, query)
		if !ok {
			continue
		}
		for k := range t.query {
			query.Del(k)
		}
		return t.operation, &input{uri: labels, query: query, raw: r.body}, nil
	}
	name := r.method + " " + path
	return name, nil, unknownOperation(http.StatusNotFound, s.Name, name)
}

// match holds a request against the route and returns the labels of its path.
func (t route) match(method, path string, query url.Values) (map[string]string, bool) {
	if method != t.method {
		return nil, false
	}
	for k, want := range t.query {
		if !query.Has(k) || (want[0] != "" && query.Get(k) != want[0]) {
			return nil, false
		}
	}
	return matchSegments(t.segments, segments(path))
}

func matchSegments(pattern, path []string) (map[string]string, bool) {
	labels := map[string]string{}
	for i, p := range pattern {
		if i >= len(path) {
			return nil, false
		}
		if greedy, ok := strings.CutSuffix(p, "+}"); ok {
			value, err := url.PathUnescape(strings.Join(path[i:], "/"))
			labels[greedy[1:]] = value
			return labels, err == nil && value != ""
		}
		value, err := url.PathUnescape(path[i])
		switch {
		case err != nil, isLabel(p) && value == "", !isLabel(p) && value != p:
			return nil, false
		case isLabel(p):
			labels[strings.Trim(p, "{}")] = value
		}
	}
	rest := path[len(pattern):]
	return labels, len(rest) == 0 || slices.Equal(rest, []string{""}) // a trailing slash means nothing
}

func (s *service) invalidCode() string { return cmp.Or(s.Invalid, "ValidationException") }

func (o Operation) successStatus() int { return cmp.Or(o.status, http.StatusOK) }
