package fleet

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/internal/badjson"
	"github.com/kiso-cli/kiso/pkg/awsx"
)

// Ledger is the file of results, a JSON line an account. A run that is resumed
// leaves out the accounts that ended well in it.
type Ledger struct{ file *os.File }

// OpenLedger opens a ledger for appending, for its owner alone.
func OpenLedger(name string) (*Ledger, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the results could not be kept: %w", err)
	}
	return &Ledger{file: f}, nil
}

// Write appends a line. The error is the file's.
func (l *Ledger) Write(r Result) error { return json.NewEncoder(l.file).Encode(r) }

// Close closes the file.
func (l *Ledger) Close() error { return l.file.Close() }

// Remaining returns the accounts that have no good line of this mode and spec
// in the ledger; all of them if there is no such file. A last line that was cut
// off when the run was killed is passed over.
func Remaining(name string, accounts []awsx.Account, mode Mode, specDigest string) ([]awsx.Account, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return accounts, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	done := map[string]bool{}
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break
		}
		var r Result
		if json.Unmarshal([]byte(line), &r) == nil && r.Mode == mode && r.SpecDigest == specDigest {
			done[r.AccountID] = r.Good() && r.Outcome != Changes // those are counted again, for the exit code
		}
	}
	return slices.DeleteFunc(slices.Clone(accounts), func(a awsx.Account) bool { return done[a.ID] }), nil
}

// ReadAccounts reads a list of accounts: a JSON list of {"id", "name"}, or a
// line each, "ID" or "ID NAME", with # for comments. The error names the line.
func ReadAccounts(r io.Reader) ([]awsx.Account, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var accounts []awsx.Account
	if text := strings.TrimSpace(string(data)); strings.HasPrefix(text, "[") {
		if err := json.Unmarshal(data, &accounts); err != nil {
			return nil, errors.New("the list of accounts could not be read: " + badjson.Explain(data, err) + `; write [{"id": "123456789012", "name": "NAME"}]`)
		}
	} else {
		accounts = readLines(text)
	}
	return accounts, checkAccounts(accounts)
}

func readLines(text string) []awsx.Account {
	var accounts []awsx.Account
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		id, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		if id != "" {
			accounts = append(accounts, awsx.Account{ID: id, Name: strings.TrimSpace(name)})
		}
	}
	return accounts
}

// checkAccounts refuses a list with anything but distinct account ids in it.
func checkAccounts(accounts []awsx.Account) error {
	if len(accounts) == 0 {
		return errors.New("the list names no account")
	}
	seen := map[string]bool{}
	var errs []error
	for i, a := range accounts {
		switch {
		case len(a.ID) != 12 || strings.Trim(a.ID, "0123456789") != "":
			errs = append(errs, fmt.Errorf("account %d of the list: %q is not an account id (12 digits)", i+1, a.ID))
		case seen[a.ID]:
			errs = append(errs, fmt.Errorf("account %d of the list: %s stands there twice", i+1, a.ID))
		}
		seen[a.ID] = true
	}
	return errors.Join(errs...)
}
