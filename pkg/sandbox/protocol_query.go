package sandbox

import (
	"bytes"
	"net/http"
	"net/url"
	"reflect"
	"strings"
)

// Query is the protocol of services that take a form with an Action and answer
// XML. Namespace is the XML namespace of the answers.
type Query struct{ Namespace, Version string }

func (p Query) vocabulary() vocabulary { return queryVocabulary }

func (p Query) decode(s *service, r *message) (string, *input, error) {
	return decodeForm(s, r, p.Version)
}

func (p Query) encode(op Operation, out any, requestID string) *response {
	w := &xmlWriter{item: "member"}
	root := structure{{"@xmlns", p.Namespace}}
	if out != nil {
		root = append(root, member{op.name + "Result", encoder{time: iso8601}.value(reflect.ValueOf(out))})
	}
	root = append(root, member{"ResponseMetadata", structure{{"RequestId", requestID}}})
	w.element(op.name+"Response", root)
	r := newResponse(http.StatusOK, "text/xml", requestID)
	r.body = w.Bytes()
	return r
}

func (p Query) encodeError(e *APIError, requestID string) *response {
	fault := "Sender"
	if e.Status >= http.StatusInternalServerError {
		fault = "Receiver"
	}
	w := &xmlWriter{}
	w.element("ErrorResponse", structure{
		{"@xmlns", p.Namespace},
		{"Error", structure{{"Type", fault}, {"Code", e.Code}, {"Message", e.Message}}},
		{"RequestId", requestID},
	})
	r := newResponse(e.Status, "text/xml", requestID)
	r.body = w.Bytes()
	return r
}

// EC2 is EC2's dialect of the query protocol. Input lists are named as on the
// wire, in the singular: RegionName.1.
type EC2 struct{ Namespace, Version string }

func (p EC2) vocabulary() vocabulary { return ec2Vocabulary }

func (p EC2) decode(s *service, r *message) (string, *input, error) {
	return decodeForm(s, r, p.Version)
}

func (p EC2) encode(op Operation, out any, requestID string) *response {
	w := &xmlWriter{item: "item"}
	root := structure{{"@xmlns", p.Namespace}, {"requestId", requestID}}
	if out != nil {
		root = append(root, encoder{time: iso8601}.structure(reflect.Indirect(reflect.ValueOf(out)))...)
	}
	w.element(op.name+"Response", root)
	r := newResponse(http.StatusOK, "text/xml;charset=UTF-8", requestID)
	r.body = w.Bytes()
	return r
}

func (p EC2) encodeError(e *APIError, requestID string) *response {
	w := &xmlWriter{}
	w.element("Response", structure{
		{"Errors", structure{{"Error", structure{{"Code", e.Code}, {"Message", e.Message}}}}},
		{"RequestID", requestID},
	})
	r := newResponse(e.Status, "text/xml;charset=UTF-8", requestID)
	r.body = w.Bytes()
	return r
}

func decodeForm(s *service, r *message, version string) (string, *input, error) {
	form, err := url.ParseQuery(string(bytes.TrimSpace(r.body)))
	if err != nil {
		return "", nil, Errorf("MalformedQueryString", http.StatusBadRequest, "the body is not a form: %v", err)
	}
	name := form.Get("Action")
	if _, ok := s.Operations[name]; !ok || form.Get("Version") != version {
		return name, nil, unknownOperation(http.StatusBadRequest, s.Name, name+" (version "+form.Get("Version")+")")
	}
	form.Del("Action")
	form.Del("Version")
	tree, err := formTree(form)
	return name, &input{body: tree, text: true, raw: r.body}, err
}

// formTree nests the parameters of a form by the dots in their names.
func formTree(form url.Values) (map[string]any, error) {
	root := map[string]any{}
	for _, name := range sortedKeys(form) {
		node, parts := root, strings.Split(name, ".")
		last := len(parts) - 1
		for _, part := range parts[:last] {
			child, ok := node[part].(map[string]any)
			if !ok && node[part] != nil {
				return nil, refuse("parameter %q contradicts another one", name)
			}
			if !ok {
				child = map[string]any{}
				node[part] = child
			}
			node = child
		}
		if len(form[name]) != 1 || node[parts[last]] != nil {
			return nil, refuse("parameter %q is given twice", name)
		}
		node[parts[last]] = form[name][0]
	}
	return root, nil
}
