package sandbox_test

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// thing is a service with one of everything that AWS's models have.
func thing(operations map[string]sandbox.Operation) sandbox.Simulator {
	return sandbox.Simulator{Name: "thing", Protocol: sandbox.RESTJSON{}, Operations: operations}
}

func call(t *testing.T, acct *sandbox.Account, method, path, body string) (int, string) {
	t.Helper()
	answer, err := acct.HTTPClient().Do(signed("thing", method, path, body))
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, string(text)
}

func TestMembersOfEveryType(t *testing.T) {
	type inner struct {
		Name string `json:"name"`
	}
	type document struct {
		Flag   bool              `json:"flag"`
		Count  int64             `json:"count,omitempty"`
		Ratio  float64           `json:"ratio,omitempty"`
		At     *time.Time        `json:"at"`
		Data   []byte            `json:"data,omitempty"`
		Inner  *inner            `json:"inner"`
		Many   []inner           `json:"many"`
		Labels map[string]string `json:"labels"`
		Free   any               `json:"free"`
	}
	acct := sandbox.New(sandbox.Options{}, thing(map[string]sandbox.Operation{
		"Echo": sandbox.Read(func(_ *sandbox.Request, in document) (any, error) { return in, nil }).At("POST /echo"),
	}))
	for in, want := range map[string]string{
		`{"flag":true,"count":9007199254740993,"ratio":0.5,"data":"aGk=","inner":{"name":"a"},"many":[{"name":"b"}],"labels":{"k":"v"},"free":{"x":[1]}}`: "",
		`{"at": 1795262400.25}`:         `{"flag":false,"at":1795262400.250,"many":[],"labels":{}}`,
		`{"at":"2026-11-21T12:00:00Z"}`: `{"flag":false,"at":1795262400.000,"many":[],"labels":{}}`,
		`{"inner": null}`:               `{"flag":false,"many":[],"labels":{}}`,
	} {
		status, out := call(t, acct, "POST", "/echo", in)
		assert.Equal(t, 200, status, out)
		if want == "" {
			want = in
		}
		assert.JSONEq(t, want, out)
	}
	for in, problem := range map[string]string{
		`{"flag":"true"}`:              "flag is not a bool",
		`{"count":1e3}`:                "is not a int64",
		`{"at":"yesterday"}`:           "at is not a timestamp",
		`{"data":"*"}`:                 "data is not base64",
		`{"data":1}`:                   "data is not a blob",
		`{"inner":"x"}`:                "inner is not a structure",
		`{"many":[{"nome":"b"}]}`:      `unknown member \"many.1.member.nome\"`,
		`{"labels":["k"]}`:             "labels is not a map",
		`{"labels":{"k":1}}`:           "labels.k is not a string",
		`{"inner":{"name":["a","b"]}}`: "inner.name is not a string",
	} {
		status, out := call(t, acct, "POST", "/echo", in)
		assert.Equal(t, 400, status)
		assert.Contains(t, out, problem)
	}
}

func TestRoutes(t *testing.T) {
	type label struct {
		Name string `uri:"Name"`
		Kind string `query:"kind"`
	}
	name := func(operation string) sandbox.Operation {
		return sandbox.Read(func(_ *sandbox.Request, in label) (any, error) {
			return map[string]string{"operation": operation, "name": in.Name, "kind": in.Kind}, nil
		})
	}
	acct := sandbox.New(sandbox.Options{}, thing(map[string]sandbox.Operation{
		"List":   name("List").At("GET /things"),
		"Get":    name("Get").At("GET /things/{Name}"),
		"Count":  name("Count").At("GET /things/count"),
		"GetACL": name("GetACL").At("GET /things/{Name}?acl"),
		"GetV2":  name("GetV2").At("GET /things/{Name}?v=2"),
		"Object": name("Object").At("GET /things/{ARN}/objects/{Name+}"),
	}))
	for path, want := range map[string]string{
		"/things":                           `{"operation":"List","name":"","kind":""}`,
		"/things/?kind=a":                   `{"operation":"List","name":"","kind":"a"}`,
		"/things/a%2Fb":                     `{"operation":"Get","name":"a/b","kind":""}`,
		"/things/count":                     `{"operation":"Count","name":"","kind":""}`,
		"/things/a?acl":                     `{"operation":"GetACL","name":"a","kind":""}`,
		"/things/a?v=2&x-id=GetV2":          `{"operation":"GetV2","name":"a","kind":""}`,
		"/things/a/objects/b/c%20d/?kind=x": `{"operation":"Object","name":"b/c d/","kind":"x"}`,
		"/things/a?v=3":                     `{"message":"unknown query parameter \"v\""}`,
		"/things/a/objects":                 `{"message":"the sandbox does not simulate GET /things/a/objects of service \"thing\""}`,
	} {
		_, out := call(t, acct, "GET", path, "")
		assert.JSONEq(t, want, out, path)
	}
}

func TestAFailingSimulatorSaysSo(t *testing.T) {
	acct := sandbox.New(sandbox.Options{}, thing(map[string]sandbox.Operation{
		"Break": sandbox.Read(func(*sandbox.Request, struct{}) (any, error) { return nil, io.ErrNoProgress }).At("GET /"),
	}))
	status, out := call(t, acct, "GET", "/", "")
	assert.Equal(t, 500, status)
	assert.Contains(t, out, "the sandbox itself failed: multiple Read calls")
}

func TestMistakesOfProgrammersPanic(t *testing.T) {
	operation := sandbox.Read(func(*sandbox.Request, struct{}) (any, error) { return nil, nil })
	assert.Panics(t, func() { sandbox.New(sandbox.Options{Partition: "aws-moon"}) })
	assert.Panics(t, func() { sandbox.New(sandbox.Options{}, thing(nil), thing(nil)) })
	assert.Panics(t, func() {
		sandbox.New(sandbox.Options{}, thing(map[string]sandbox.Operation{"X": operation.At("/no-method")}))
	})
	acct := sandbox.New(sandbox.Options{})
	assert.Panics(t, func() { acct.Inject(sandbox.Fault{Operation: "["}) })
	assert.Panics(t, func() { acct.Adjust(func(o *sandbox.Options) { o.AccountID = "1" }) })
}
