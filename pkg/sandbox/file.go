package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// document is a saved account: who it is, and every state by "service/region".
type document struct {
	Format    int                        `json:"format"`
	AccountID string                     `json:"account_id"`
	Partition string                     `json:"partition"`
	Regions   map[string]string          `json:"regions"`
	States    map[string]json.RawMessage `json:"states"`
	History   []Recorded                 `json:"history,omitempty"`
}

// fileFormat is the version of the saved form.
const fileFormat = 1

// Open returns an account that lives in a file: it is read if it is there, and
// written anew, atomically and for its owner alone, after each write call.
// Options that are not set (id, partition, regions) are taken from the file; an id
// or partition other than the file's is an error, and so is an unreadable file.
func Open(file string, options Options, simulators ...Simulator) (*Account, error) {
	data, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		a := New(options, simulators...)
		a.file = file
		return a, a.persist()
	case err != nil:
		return nil, fmt.Errorf("sandbox: cannot read the account: %w", err)
	}
	saved, err := parseDocument(data)
	if err == nil {
		options, err = saved.fill(options)
	}
	if err != nil {
		return nil, fmt.Errorf("sandbox: %s: %w", file, err)
	}
	a := New(options, simulators...)
	a.file, a.states, a.history = file, saved.store(), saved.History
	a.saved, err = os.Stat(file)
	return a, err
}

// Save writes the account's state to w.
func (a *Account) Save(w io.Writer) error {
	a.mu.Lock()
	data := a.document()
	a.mu.Unlock()
	_, err := w.Write(data)
	return err
}

// Load replaces the account's state by what Save wrote. The saved account must
// have the same id and partition; the regions stay as they are.
func (a *Account) Load(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("sandbox: cannot read the account: %w", err)
	}
	saved, err := parseDocument(data)
	if err == nil {
		_, err = saved.fill(Options{AccountID: a.AccountID(), Partition: a.Partition()})
	}
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.states = saved.store()
	return a.persist()
}

func parseDocument(data []byte) (document, error) {
	var saved document
	if err := json.Unmarshal(data, &saved); err != nil {
		return saved, fmt.Errorf("not a saved sandbox account: %w", err)
	}
	if saved.Format != fileFormat {
		return saved, fmt.Errorf("not a saved sandbox account of format %d (it says format %d)", fileFormat, saved.Format)
	}
	if _, ok := partitions[saved.Partition]; !ok {
		return saved, fmt.Errorf("unknown partition %q", saved.Partition)
	}
	return saved, nil
}

// fill completes options from a saved account that they must agree with.
func (d document) fill(o Options) (Options, error) {
	if o.AccountID != "" && o.AccountID != d.AccountID {
		return o, fmt.Errorf("it holds account %s, not %s", d.AccountID, o.AccountID)
	}
	if o.Partition != "" && o.Partition != d.Partition {
		return o, fmt.Errorf("it holds an account of partition %s, not %s", d.Partition, o.Partition)
	}
	o.AccountID, o.Partition = d.AccountID, d.Partition
	if o.Regions == nil {
		o.Regions = d.Regions
	}
	return o, nil
}

func (d document) store() store {
	states := store{}
	for name, data := range d.States {
		service, region, _ := strings.Cut(name, "/")
		states[key{service, region}] = []version{{data: mustMarshal(data)}} // marshalling removes the indentation
	}
	return states
}

func (a *Account) document() []byte {
	data, err := json.MarshalIndent(document{
		Format: fileFormat, AccountID: a.options.AccountID, Partition: a.options.Partition,
		Regions: a.options.Regions, States: a.current(), History: a.history,
	}, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("sandbox: the account cannot be encoded: %v", err)) // states are valid JSON
	}
	return append(data, '\n')
}

// unchanged says whether a file is the one that it was. The time is looked at too,
// since a number that a file system has freed may name another file soon.
func unchanged(before, now fs.FileInfo) bool {
	return os.SameFile(before, now) && before.ModTime().Equal(now.ModTime())
}

// persist writes the account's file, if it has one: first beside it, then over it.
func (a *Account) persist() error {
	if a.file == "" {
		return nil
	}
	if live, err := os.Stat(a.file); err == nil && a.saved != nil && !unchanged(a.saved, live) {
		return Error("SandboxFileInUse", http.StatusConflict, "another process has changed "+a.file+", and saving would undo that; run one after the other, or let `kiso sandbox` serve the account to both")
	}
	temporary, err := os.CreateTemp(filepath.Dir(a.file), ".sandbox-*") // mode 0600
	if err != nil {
		return fmt.Errorf("sandbox: cannot save the account: %w", err)
	}
	_, err = temporary.Write(a.document())
	err = errors.Join(err, temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), a.file)
	}
	if err != nil {
		_ = os.Remove(temporary.Name()) // best effort; the error matters more
		return fmt.Errorf("sandbox: cannot save the account: %w", err)
	}
	a.saved, err = os.Stat(a.file)
	return err
}
