package sandbox

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// ServeHTTP makes the account an http.Handler for real connections.
func (a *Account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := a.serve(r)
	if err != nil {
		panic(http.ErrAbortHandler) // closes the connection without an answer
	}
	for name, values := range answer.header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body) // the caller may be gone
}

// RoundTrip makes the account an http.RoundTripper: requests are answered in the
// caller's goroutine, whatever host they are for, and never leave the process.
func (a *Account) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := a.serve(r)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status:     fmt.Sprintf("%d %s", answer.status, http.StatusText(answer.status)),
		StatusCode: answer.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        withLength(answer),
		Body:          io.NopCloser(bytes.NewReader(answer.body)),
		ContentLength: int64(len(answer.body)),
		Request:       r,
	}, nil
}

func withLength(r *response) http.Header {
	h := r.header.Clone()
	h.Set("Content-Length", strconv.Itoa(len(r.body)))
	return h
}

// HTTPClient returns a client that reaches the account in process.
func (a *Account) HTTPClient() *http.Client { return &http.Client{Transport: a} }
