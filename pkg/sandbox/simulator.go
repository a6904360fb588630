package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Global is the scope of state that an account has once, not per region.
const Global = "global"

// Simulator describes one simulated AWS service. It is plain data: the wire
// protocol and a table of operations.
type Simulator struct {
	// Name is the service's name in the SigV4 credential scope: "guardduty",
	// "config", "events". The one exception is "s3control", which signs as "s3"
	// and is told apart by its path.
	Name string

	// Protocol is how the service speaks: AWSJSON, RESTJSON, Query, EC2 or RESTXML.
	Protocol Protocol

	// Global marks a service with one endpoint per partition (iam, account): its
	// state is kept once, and the region that a call was signed for does not matter.
	Global bool

	// Invalid is the error code for input that breaks the service's model: an
	// unknown or missing member, a value out of range. Empty: ValidationException.
	Invalid string

	// Rewrite, if set, returns the path that a REST request is routed by, for
	// services that put a label into the host name (a bucket). Both ways the path
	// is in its escaped form.
	Rewrite func(host, path string) string

	// Operations are the operations by their API name.
	Operations map[string]Operation
}

// Actions returns the IAM actions that the operations need.
func (s Simulator) Actions() map[string]bool {
	actions := map[string]bool{}
	for name, op := range s.Operations {
		actions[op.iamAction(s.Name, name)] = true
	}
	return actions
}

// Operation is one row of a simulator's table, made by Read or Write.
type Operation struct {
	name   string
	write  bool
	route  string // "GET /detector/{DetectorId}", REST protocols only
	status int    // of the answer when it is not 200
	action string // IAM action when it is not service:Name
	input  reflect.Type
	handle func(req *Request, in *input) (any, error)
}

// Read makes an operation that changes nothing: what the handler does to the
// state is forgotten, and under Options.ReadLag it sees an older state.
//
// In is a struct with one field per input member, named by a `json:"name"` tag
// exactly as on the wire; see the package comment for the other tags.
func Read[In any](handler func(req *Request, in In) (any, error)) Operation {
	return Operation{handle: typed(handler), input: reflect.TypeFor[In]()}
}

// Write makes an operation that may change state: what the handler does to the
// state is kept when it returns no error, and undone entirely when it does.
func Write[In any](handler func(req *Request, in In) (any, error)) Operation {
	return Operation{handle: typed(handler), input: reflect.TypeFor[In](), write: true}
}

// At gives a REST operation its route: method, path with {Label} and {Label+}
// (which may span slashes), and the query keys that select it, for example
// "PUT /{Bucket}?versioning".
func (o Operation) At(route string) Operation { o.route = route; return o }

// Status sets the HTTP status of a successful answer; the default is 200.
func (o Operation) Status(code int) Operation { o.status = code; return o }

// Action sets the IAM action that the operation needs, where it is not
// "<service>:<operation>".
func (o Operation) Action(action string) Operation { o.action = action; return o }

func (o Operation) iamAction(service, operation string) string {
	if o.action != "" {
		return o.action
	}
	return service + ":" + operation
}

func typed[In any](handler func(*Request, In) (any, error)) func(*Request, *input) (any, error) {
	return func(req *Request, in *input) (any, error) {
		var v In
		if err := in.bind(reflect.ValueOf(&v).Elem()); err != nil {
			return nil, err
		}
		return handler(req, v)
	}
}

// Request is what a handler knows about a call besides its input. It is valid
// until the handler returns.
type Request struct {
	Call          // what was called; Params, Status and ErrorCode are not set
	Host   string // the host that the client addressed
	Method string // the HTTP method

	AccountID string
	Partition string
	DNSSuffix string    // of the partition: "amazonaws.com"
	Principal string    // ARN of the caller
	Now       time.Time // the time at which the call takes effect

	tx *transaction
}

// Regions returns the account's regions and their opt-in status.
func (r *Request) Regions() map[string]string { return r.tx.account.options.Regions }

// ARN returns the ARN of a resource in this account and partition. An empty
// region is left out, as in IAM's ARNs.
func (r *Request) ARN(service, region, resource string) string {
	return fmt.Sprintf("arn:%s:%s:%s:%s:%s", r.Partition, service, region, r.AccountID, resource)
}

// NewID returns a new identifier of n (at most 64) lower-case hexadecimal digits.
// It depends on the account, service, region, kind and how many of that kind were
// made before, so that equal histories give equal accounts.
func (r *Request) NewID(kind string, n int) string {
	serials := &In[coreState](r, coreService, Global).Serials
	if *serials == nil {
		*serials = map[string]int{}
	}
	name := strings.Join([]string{r.Service, r.Region, kind}, "/")
	(*serials)[name]++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d", r.AccountID, name, (*serials)[name]))
	return hex.EncodeToString(sum[:])[:n]
}

// Impersonate lets requests signed with the access key act as a principal, as
// the temporary credentials of an assumed role do.
func (r *Request) Impersonate(accessKey, principal string) {
	sessions := &In[coreState](r, coreService, Global).Sessions
	if *sessions == nil {
		*sessions = map[string]string{}
	}
	(*sessions)[accessKey] = principal
}

// coreService is the name under which the core keeps its own state.
const coreService = "sandbox"

// coreState is what the core itself remembers.
type coreState struct {
	Sessions map[string]string `json:"sessions,omitempty"` // access key -> principal
	Serials  map[string]int    `json:"serials,omitempty"`  // last serial number by service/region/kind
}
