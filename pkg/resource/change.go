package resource

import (
	"encoding/json"
	"strings"

	"github.com/kiso-cli/kiso/internal/diff"
)

// Action is what a plan means to do about a resource.
type Action string

const (
	None    Action = "no-op"   // in sync
	Create  Action = "create"  // it is not there
	Update  Action = "update"  // it is there and differs
	Managed Action = "managed" // it is there, and somebody else decides about it
	Blocked Action = "blocked" // it could not be read, or rests on one that could not
)

// Changes says whether the action writes.
func (a Action) Changes() bool { return a == Create || a == Update }

// Change is a plan's entry for one resource: data alone, so that it can be
// saved, compared and printed.
type Change struct {
	ID     ID
	Action Action
	Fields []diff.Field
	Risks  []Risk
	Notes  []string // what the user should know of the live state
	Busy   string   // what AWS is still doing to it; of the moment, and not saved
	// LiveName is what it is called in the account where its address says otherwise.
	LiveName string
	Holds    string // what it has for itself alone; see Type.Holds; not saved either
	Needs    []Ref  // declared ones only

	LeftOut []string // paths of the differences that are not to be made; see Type.LeaveOut

	Before json.RawMessage // the live model; null where nothing is
	After  json.RawMessage // the live model with the managed fields laid over it
	Want   json.RawMessage // the wanted model: with the ID, all that is needed to apply

	Fingerprint string // of the live values of the managed fields
	Reason      string // why it is blocked or managed
	Err         error  // what a read of a blocked one failed with; not saved
	Owner       string // who manages it
	MeetsSpec   bool   // whether what somebody else manages is as wanted

	Controls []string
	Path     string // the part of the spec that asks for it
	Location Location
}

// Location is a place in the spec; zero if there is none.
type Location struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Risk is a consequence of a change that cannot be undone.
type Risk struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
}

// Called says what is called otherwise in the account than its address says, by its
// live name, or "".
func Called(liveName string) string {
	if liveName == "" {
		return ""
	}
	return "it is the " + liveName
}

// Irreversible is the Kind of a risk that must be approved by name.
const Irreversible = "irreversible"

// Irreversible says whether the change needs approval by name.
func (c Change) Irreversible() bool { return c.Irrevocable() != "" }

// Irrevocable says what of the change cannot be undone, or "".
func (c Change) Irrevocable() string {
	var texts []string
	for _, r := range c.Risks {
		if r.Kind == Irreversible {
			texts = append(texts, r.Text)
		}
	}
	return strings.Join(texts, "; ")
}
