package sandbox

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
)

// RESTXML is the protocol of S3: routes by method, path and query, members in
// headers, and bodies in XML. A body member is named by the root element:
//
//	type putVersioning struct {
//		Bucket string      `uri:"Bucket"`
//		Config *Versioning `json:"VersioningConfiguration,required"`
//	}
//
// Lists are repeated elements. An output's root element is likewise its only
// body member; header and payload members work as in inputs.
type RESTXML struct{ Namespace string }

func (p RESTXML) vocabulary() vocabulary { return s3Vocabulary }

func (p RESTXML) decode(s *service, r *message) (string, *input, error) {
	name, in, err := s.route(r)
	if err != nil {
		return name, nil, err
	}
	in.header, in.text = r.header, true
	if !s.payload[name] {
		in.body, err = decodeXML(r.body)
	}
	return name, in, err
}

func (p RESTXML) encode(op Operation, out any, requestID string) *response {
	r := newResponse(op.successStatus(), "application/xml", requestID)
	r.header.Set("X-Amz-Request-Id", requestID)
	if out == nil {
		return r
	}
	v := reflect.Indirect(reflect.ValueOf(out))
	p.encodeLocations(r, v)
	if document := (encoder{time: iso8601}).structure(v); len(document) > 0 {
		r.body = p.document(document[0])
	}
	return r
}

// encodeLocations writes the header and payload members.
func (p RESTXML) encodeLocations(r *response, v reflect.Value) {
	for _, f := range fieldsOf(v.Type()) {
		fv := reflect.Indirect(v.FieldByIndex(f.index))
		if !fv.IsValid() || fv.IsZero() {
			continue
		}
		switch f.location {
		case "header":
			r.header.Set(f.name, fmt.Sprint(fv.Interface()))
		case "payload":
			r.body = fmt.Appendf(nil, "%s", fv.Interface())
		}
	}
}

func (p RESTXML) document(root member) []byte {
	w := &xmlWriter{}
	w.WriteString(xml.Header)
	namespace := structure{{"@xmlns", p.Namespace}}
	if content, ok := root.value.(structure); ok {
		w.element(root.name, append(namespace, content...))
		return w.Bytes()
	}
	w.open(root.name, namespace)
	w.text(fmt.Sprint(root.value))
	w.close(root.name)
	return w.Bytes()
}

func (p RESTXML) encodeError(e *APIError, requestID string) *response {
	document := structure{{"Code", e.Code}, {"Message", e.Message}}
	for _, name := range sortedKeys(e.Members) {
		document = append(document, member{name, e.Members[name]})
	}
	w := &xmlWriter{}
	w.WriteString(xml.Header)
	w.element("Error", append(document, member{"RequestId", requestID}))
	r := newResponse(e.Status, "application/xml", requestID)
	r.header.Set("X-Amz-Request-Id", requestID)
	r.body = w.Bytes()
	return r
}

// decodeXML reads a document as {root: content}. Elements become maps, repeated
// ones lists, elements without children their text; attributes keep their local
// name with an @ before it, namespaces are dropped.
func decodeXML(body []byte) (any, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, malformedXML(err)
		}
		if start, ok := token.(xml.StartElement); ok {
			content, err := decodeElement(d, start)
			if err != nil {
				return nil, malformedXML(err)
			}
			return map[string]any{start.Name.Local: content}, nil
		}
	}
}

func malformedXML(err error) error {
	return Errorf("MalformedXML", http.StatusBadRequest, "The XML you provided was not well-formed or did not validate against our published schema (%v)", err)
}

func decodeElement(d *xml.Decoder, start xml.StartElement) (any, error) {
	children, text := map[string]any{}, strings.Builder{}
	for _, a := range start.Attr {
		if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
			children["@"+a.Name.Local] = a.Value
		}
	}
	for {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			child, err := decodeElement(d, t)
			if err != nil {
				return nil, err
			}
			addChild(children, t.Name.Local, child)
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			if len(children) > 0 {
				return children, nil
			}
			return text.String(), nil
		}
	}
}

// addChild adds an element to its siblings; the second of a name makes a list.
func addChild(children map[string]any, name string, child any) {
	switch first := children[name].(type) {
	case nil:
		children[name] = child
	case []any:
		children[name] = append(first, child)
	default:
		children[name] = []any{first, child}
	}
}
