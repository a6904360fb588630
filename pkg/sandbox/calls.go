package sandbox

import (
	"encoding/json"
	"time"
)

// Call is one received request, as the log keeps it.
type Call struct {
	Seq       int // 1 is the first since the account was made
	Time      time.Time
	Service   string
	Operation string // the API name; method and path where no operation has them
	Action    string // the IAM action, "s3:ListBucket"
	Region    string // that it was signed for
	Write     bool   // the operation may change state

	Params    json.RawMessage // the input members as they were sent
	Status    int             // HTTP status of the answer; 0 when there was none
	ErrorCode string          // of the error answered; empty on success
	Effective bool            // a write that was carried out, whatever was answered
}

// Calls returns the log, oldest first. It holds calls that are still running too.
func (a *Account) Calls() []Call {
	return a.selectCalls(func(*Call) bool { return true })
}

// Writes returns the calls of write operations, refused ones included.
func (a *Account) Writes() []Call {
	return a.selectCalls(func(c *Call) bool { return c.Write })
}

// ResetCalls empties the log. Sequence numbers go on.
func (a *Account) ResetCalls() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = nil
}

func (a *Account) selectCalls(wanted func(*Call) bool) []Call {
	a.mu.Lock()
	defer a.mu.Unlock()
	var selected []Call
	for _, c := range a.calls {
		if wanted(c) {
			selected = append(selected, *c)
		}
	}
	return selected
}

// params merges the members of an input, wherever they were sent, for the log.
func (in *input) params() json.RawMessage {
	if in == nil {
		return nil
	}
	all := map[string]any{}
	for name, values := range in.query {
		all[name] = fromStrings(values)
	}
	for name, values := range in.header {
		if isInputHeader(name) {
			all[name] = fromStrings(values)
		}
	}
	if body, ok := in.body.(map[string]any); ok {
		for name, value := range body {
			all[name] = value
		}
	} else if len(in.raw) > 0 {
		all["body"] = string(in.raw)
	}
	for name, value := range in.uri {
		all[name] = value
	}
	return mustMarshal(all)
}
