package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// maxBody bounds a request: more than any configuration call of AWS takes.
const maxBody = 16 << 20

// exchange is one call from its arrival to its answer.
type exchange struct {
	account *Account
	service *service
	op      Operation
	in      *input
	message *message
	key     string // access key that signed
	call    *Call
	fault   *Fault // struck by this call, nil if none
	latency func(Call) time.Duration
}

// serve answers one request. An error means that there is no answer: the
// connection breaks, or the caller has given up.
func (a *Account) serve(r *http.Request) (*response, error) {
	msg, err := read(r)
	if err != nil {
		return nil, err
	}
	scope, ok := parseScope(r.Header.Get("Authorization"))
	if !ok {
		return a.reject(msg, scope, Error("MissingAuthenticationToken", http.StatusForbidden, "Request is missing Authentication Token")), nil
	}
	s := a.services[scope.serviceName(msg.path)]
	if s == nil {
		return a.reject(msg, scope, unknownOperation(http.StatusNotFound, scope.service, msg.label())), nil
	}
	x, refusal := a.receive(s, msg, scope)
	if err := x.wait(r.Context()); err != nil {
		return nil, x.unanswered(err)
	}
	if refusal != nil {
		return x.answer(nil, refusal), nil
	}
	return x.run(r.Context())
}

func read(r *http.Request) (*message, error) {
	msg := &message{method: r.Method, host: r.Host, path: r.URL.EscapedPath(), query: r.URL.Query(), header: r.Header}
	if msg.host == "" {
		msg.host = r.URL.Host
	}
	if r.Body == nil {
		return msg, nil
	}
	defer r.Body.Close()
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	msg.body = body
	return msg, err
}

// label names a request that no simulator takes.
func (m *message) label() string {
	if target := m.header.Get("X-Amz-Target"); target != "" {
		return target
	}
	return m.method + " " + m.path
}

// scope is the part of a SigV4 credential that says where a request belongs.
type scope struct{ accessKey, region, service string }

var credential = regexp.MustCompile(`^AWS4-HMAC-SHA256 .*Credential=([^/, ]+)/\d{8}/([^/, ]+)/([^/, ]+)/aws4_request`)

// parseScope reads the Authorization header (AWS Signature Version 4). The
// signature itself is not checked: every secret is right.
func parseScope(authorization string) (scope, bool) {
	m := credential.FindStringSubmatch(authorization)
	if m == nil {
		return scope{}, false
	}
	return scope{accessKey: m[1], region: m[2], service: m[3]}, true
}

// serviceName is the simulator's name: S3 Control signs as S3, but all its paths
// begin with its API version.
func (s scope) serviceName(path string) string {
	if s.service == "s3" && strings.HasPrefix(path, "/v20180820/") {
		return "s3control"
	}
	return s.service
}

// reject logs and refuses a request that belongs to no simulator.
func (a *Account) reject(msg *message, sc scope, e *APIError) *response {
	a.mu.Lock()
	defer a.mu.Unlock()
	call := a.log(Call{Service: sc.service, Operation: msg.label(), Region: sc.region, Status: e.Status, ErrorCode: e.Code})
	var p Protocol = RESTJSON{}
	if strings.HasPrefix(msg.header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		p = Query{}
	}
	return a.stamp(p.encodeError(e, requestID(call.Seq)))
}

func (a *Account) log(c Call) *Call {
	a.seq++
	c.Seq, c.Time = a.seq, a.options.Clock()
	a.calls = append(a.calls, &c)
	return &c
}

func requestID(seq int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", seq) }

// stamp dates an answer with the account's clock, which SDKs compare with theirs.
func (a *Account) stamp(r *response) *response {
	r.header.Set("Date", a.options.Clock().UTC().Format(http.TimeFormat))
	return r
}

// receive takes a request apart, logs it and finds the fault that strikes it.
func (a *Account) receive(s *service, msg *message, sc scope) (*exchange, *APIError) {
	name, in, err := s.Protocol.decode(s, msg)
	op := s.Operations[name]
	a.mu.Lock()
	defer a.mu.Unlock()
	x := &exchange{account: a, service: s, op: op, in: in, message: msg, key: sc.accessKey}
	x.call = a.log(Call{Service: s.Name, Operation: name, Action: op.action, Region: sc.region, Write: op.write, Params: in.params()})
	x.latency = a.options.Latency
	if err != nil {
		return x, asAPIError(err, s)
	}
	x.fault = a.strike(*x.call)
	return x, nil
}

// wait lets the call's latency pass, unless the caller gives up before.
func (x *exchange) wait(ctx context.Context) error {
	if x.latency == nil {
		return ctx.Err()
	}
	timer := time.NewTimer(x.latency(*x.call))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// run carries the operation out, with the fault before or after its effect.
func (x *exchange) run(ctx context.Context) (*response, error) {
	fault := x.fault
	if fault == nil {
		out, err := x.execute(true)
		return x.answer(out, err), nil
	}
	if !fault.AfterEffect {
		if err := fault.apply(ctx, x); err != nil {
			return x.failed(err)
		}
	}
	out, refusal := x.execute(fault.Kind != Drop)
	if fault.AfterEffect && refusal == nil {
		if err := fault.apply(ctx, x); err != nil {
			return x.failed(err)
		}
	}
	return x.answer(out, refusal), nil
}

// execute runs the handler on the state, and keeps its effect if it is to last.
func (x *exchange) execute(lasting bool) (any, *APIError) {
	a := x.account
	a.mu.Lock()
	defer a.mu.Unlock()
	if off := x.regionOff(); off != nil {
		return nil, off
	}
	lag := a.options.ReadLag
	if x.op.write {
		lag = 0
	}
	tx := a.begin(lag)
	out, err := x.op.handle(x.request(tx), x.in)
	if err != nil {
		return nil, asAPIError(err, x.service)
	}
	if !x.op.write || !lasting {
		return out, nil
	}
	x.call.Effective = true
	a.record(x)
	if tx.commit() {
		if err := a.persist(); err != nil {
			return nil, asAPIError(err, x.service)
		}
	}
	return out, nil
}

// regionOff refuses calls to regions that are not enabled. AWS answers them like
// calls with bad credentials.
func (x *exchange) regionOff() *APIError {
	if x.service.Global || isOn(x.account.options.Regions[x.call.Region]) {
		return nil
	}
	off := x.service.Protocol.vocabulary().regionOff
	return &off
}

func (x *exchange) request(tx *transaction) *Request {
	o := x.account.options
	return &Request{
		Call: *x.call, Host: x.message.host, Method: x.message.method,
		AccountID: o.AccountID, Partition: o.Partition, DNSSuffix: partitions[o.Partition].dnsSuffix,
		Principal: x.account.principal(x.key), Now: tx.now, tx: tx,
	}
}

// principal returns the ARN of whoever signs with an access key.
func (a *Account) principal(accessKey string) string {
	k := key{coreService, Global}
	if arn, ok := decodeState[coreState](k, a.states.current(k)).Sessions[accessKey]; ok {
		return arn
	}
	return a.keyOwner(accessKey)
}

// failed turns what a fault made of the call into its end.
func (x *exchange) failed(err error) (*response, error) {
	var e *APIError
	if errors.As(err, &e) {
		return x.answer(nil, e), nil
	}
	return nil, x.unanswered(err)
}

// answer encodes the outcome and completes the log entry.
func (x *exchange) answer(out any, e *APIError) *response {
	a := x.account
	a.mu.Lock()
	defer a.mu.Unlock()
	var r *response
	if e == nil {
		r = x.service.Protocol.encode(x.op, out, requestID(x.call.Seq))
	} else {
		x.call.ErrorCode = e.Code
		r = x.service.Protocol.encodeError(e, requestID(x.call.Seq))
		for name, value := range e.Header {
			r.header.Set(name, value)
		}
	}
	x.call.Status = r.status
	if x.message.method == http.MethodHead {
		r.body = nil
	}
	return a.stamp(r)
}

// unanswered completes the log entry of a call without an answer.
func (x *exchange) unanswered(err error) error {
	x.account.mu.Lock()
	defer x.account.mu.Unlock()
	x.call.ErrorCode = "NoAnswer"
	return err
}
