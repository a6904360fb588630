package sandbox

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Recorded is a call that took effect, as the account's audit trail keeps it.
type Recorded struct {
	Seq       int             `json:"seq"`
	Time      time.Time       `json:"time"`
	Service   string          `json:"service"`
	Operation string          `json:"operation"`
	Region    string          `json:"region"`
	Principal string          `json:"principal"`
	AccessKey string          `json:"access_key"`
	UserAgent string          `json:"user_agent,omitempty"`
	Params    json.RawMessage `json:"params,omitempty"`
}

// historyMost bounds what is kept: the newest calls.
const historyMost = 2000

// record keeps a write call that took effect.
func (a *Account) record(x *exchange) {
	c := x.call
	seq := 1
	if n := len(a.history); n > 0 {
		seq = a.history[n-1].Seq + 1
	}
	a.history = append(a.history, Recorded{
		Seq: seq, Time: c.Time.UTC(), Service: c.Service, Operation: c.Operation, Region: c.Region,
		Principal: a.principal(x.key), AccessKey: x.key, UserAgent: x.message.header.Get("User-Agent"), Params: c.Params,
	})
	if n := len(a.history); n > historyMost {
		a.history = a.history[n-historyMost:]
	}
}

// History returns the write calls that took effect so far, oldest first, of all
// services and regions.
func (r *Request) History() []Recorded { return r.tx.account.history }

// defaultKey is what Config signs with.
const defaultKey = "AKIASANDBOX"

// keyOwner is the user that a long-term access key belongs to: AKIAALICE is
// alice's, so that several people can act on one account. Anything else is the
// account's own principal.
func (a *Account) keyOwner(accessKey string) string {
	name, ok := strings.CutPrefix(accessKey, "AKIA")
	if !ok || accessKey == defaultKey || name == "" {
		return a.options.Principal
	}
	return fmt.Sprintf("arn:%s:iam::%s:user/%s", a.options.Partition, a.options.AccountID, strings.ToLower(name))
}
