package sandbox

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"sync"
)

// Organization is several accounts behind one endpoint: a role in any of them
// can be assumed with the credentials of any other, and what the credentials
// that this gives are used for happens there. It is safe for concurrent use.
type Organization struct {
	home     *Account
	open     func(id string) *Account
	mu       sync.Mutex
	accounts map[string]*Account // by account id
	keys     map[string]*Account // by access key id; others are home's
}

// NewOrganization makes an organization of home, whose credentials the first
// calls are signed with. open makes a member at its first use, or returns nil
// where there is no such account.
func NewOrganization(home *Account, open func(id string) *Account) *Organization {
	return &Organization{
		home: home, open: open,
		accounts: map[string]*Account{home.AccountID(): home}, keys: map[string]*Account{},
	}
}

// Account returns a member, nil if there is no such account.
func (o *Organization) Account(id string) *Account {
	o.mu.Lock()
	defer o.mu.Unlock()
	if a, ok := o.accounts[id]; ok {
		return a
	}
	a := o.open(id)
	if a != nil {
		o.accounts[id] = a
	}
	return a
}

// Close forgets a member and its credentials.
func (o *Organization) Close(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for key, a := range o.keys {
		if a == o.accounts[id] {
			delete(o.keys, key)
		}
	}
	delete(o.accounts, id)
}

var (
	assumption = regexp.MustCompile(`Action=AssumeRole&.*RoleArn=arn%3A[a-z-]+%3Aiam%3A%3A(\d{12})%3A`)
	issuedKey  = regexp.MustCompile(`<AccessKeyId>([^<]+)</AccessKeyId>`)
)

// RoundTrip serves a request in the account that it is for, in process.
func (o *Organization) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r = r.Clone(r.Context()) // a round tripper must not change its request
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	if m := assumption.FindSubmatch(body); m != nil {
		if member := o.Account(string(m[1])); member != nil {
			return o.assume(member, r)
		}
	}
	return o.signer(r).RoundTrip(r)
}

// assume serves AssumeRole and remembers whose the issued credentials are.
func (o *Organization) assume(member *Account, r *http.Request) (*http.Response, error) {
	response, err := member.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	if m := issuedKey.FindSubmatch(body); m != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.keys[string(m[1])] = member
	}
	return response, nil
}

// signer is the account whose credentials a request is signed with.
func (o *Organization) signer(r *http.Request) *Account {
	o.mu.Lock()
	defer o.mu.Unlock()
	if m := credential.FindStringSubmatch(r.Header.Get("Authorization")); m != nil && o.keys[m[1]] != nil {
		return o.keys[m[1]]
	}
	return o.home
}
