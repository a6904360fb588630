package sandbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
)

// Protocol is the wire protocol of a service, one of AWSJSON, RESTJSON, Query,
// EC2 and RESTXML. All of them decode a request into the same untyped input and
// encode the same typed output, so that handlers do not see which one is spoken.
type Protocol interface {
	// decode finds the operation and takes the input apart. The name is that of
	// the operation asked for, also when it is refused.
	decode(s *service, r *message) (name string, in *input, err error)
	encode(op Operation, out any, requestID string) *response
	encodeError(e *APIError, requestID string) *response
	vocabulary() vocabulary
}

// message is a received request.
type message struct {
	method, host string
	path         string // escaped
	query        url.Values
	header       http.Header
	body         []byte
}

// response is an answer before it is written.
type response struct {
	status int
	header http.Header
	body   []byte
}

func newResponse(status int, contentType, requestID string) *response {
	h := http.Header{}
	h.Set("Content-Type", contentType)
	h.Set("X-Amzn-Requestid", requestID)
	return &response{status: status, header: h}
}

// AWSJSON is the protocol of services with one path and the operation in the
// X-Amz-Target header, after the last dot. Target is what stands before it
// (botocore's targetPrefix); of a dotted one, clients may send the last part only,
// as the Go SDK does for CloudTrail.
type AWSJSON struct{ Target string }

func (p AWSJSON) vocabulary() vocabulary { return jsonVocabulary }

func (p AWSJSON) decode(s *service, r *message) (string, *input, error) {
	target := r.header.Get("X-Amz-Target")
	name := target[strings.LastIndexByte(target, '.')+1:]
	if _, ok := s.Operations[name]; !ok || !strings.HasSuffix("."+p.Target+"."+name, "."+target) {
		return name, nil, unknownOperation(http.StatusBadRequest, s.Name, target)
	}
	body, err := decodeJSON(r.body)
	return name, &input{body: body, raw: r.body}, err
}

func (p AWSJSON) encode(op Operation, out any, requestID string) *response {
	r := newResponse(http.StatusOK, "application/x-amz-json-1.1", requestID)
	r.body = encodeJSON(out)
	return r
}

func (p AWSJSON) encodeError(e *APIError, requestID string) *response {
	r := newResponse(e.Status, "application/x-amz-json-1.1", requestID)
	r.body = errorJSON(e, structure{{"__type", e.Code}, {"message", e.Message}})
	return r
}

// RESTJSON is the protocol of services that route by method and path and carry
// JSON bodies. Message is the member that holds an error's message, where the
// service's model does not call it "message".
type RESTJSON struct{ Message string }

func (p RESTJSON) vocabulary() vocabulary { return restJSONVocabulary }

func (p RESTJSON) decode(s *service, r *message) (string, *input, error) {
	name, in, err := s.route(r)
	if err == nil {
		in.body, err = decodeJSON(r.body)
	}
	return name, in, err
}

func (p RESTJSON) encode(op Operation, out any, requestID string) *response {
	r := newResponse(op.successStatus(), "application/json", requestID)
	if r.status != http.StatusNoContent {
		r.body = encodeJSON(out)
	}
	return r
}

func (p RESTJSON) encodeError(e *APIError, requestID string) *response {
	r := newResponse(e.Status, "application/json", requestID)
	r.header.Set("X-Amzn-Errortype", e.Code)
	r.body = errorJSON(e, structure{{cmp.Or(p.Message, "message"), e.Message}})
	return r
}

// decodeJSON reads exactly one JSON object; no body at all is an empty one.
func decodeJSON(body []byte) (any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	var document map[string]any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&document); err != nil {
		return nil, Errorf("SerializationException", http.StatusBadRequest, "the body is not a JSON object: %v", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, Error("SerializationException", http.StatusBadRequest, "the body holds more than one JSON value")
	}
	return document, nil
}

func encodeJSON(out any) []byte {
	if out == nil {
		return []byte("{}")
	}
	return mustMarshal(encoder{time: epochSeconds}.value(reflect.ValueOf(out)))
}

func errorJSON(e *APIError, s structure) []byte {
	for _, name := range sortedKeys(e.Members) {
		s = append(s, member{name, e.Members[name]})
	}
	return mustMarshal(s)
}

func mustMarshal(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("sandbox: output cannot be encoded: %v", err))
	}
	return data
}
