package resource

import (
	"fmt"
	"strings"

	"github.com/kiso-cli/kiso/pkg/awsx"
)

// Service is one section of the spec and the kinds of resource behind it. A
// service package exports one, and services.go lists it.
type Service struct {
	Name    string // the section's key in the spec
	Title   string // as AWS writes it
	Summary string // what it makes sure of, in a sentence or two
	Cost    string // what it costs, in a sentence or two
	New     func() Section
	Kinds   []KindInfo
	Example string // a section of a spec, YAML
	// Rests says what to know where the spec has no section of a name on which this
	// one rests, by that name. May be nil.
	Rests map[string]string
}

// Section is a service's part of the spec: a pointer to a struct that holds
// the defaults until the spec is read into it.
type Section interface {
	// Expand declares the resources that the section asks for. It is pure: no
	// call is made, and the same input declares the same.
	Expand(in Input, d *Declaration)
}

// Claimer is a section that wants things for itself alone, such as a bucket
// whose settings would not fit another section's.
type Claimer interface {
	// Claims returns what is claimed, by path in the section, as the spec has it.
	Claims() map[string]string
}

// Input is what Expand may know of the account.
type Input struct {
	Identity   awsx.Identity
	Partition  awsx.Partition
	HomeRegion string
	Regions    []string          // the regions to manage, sorted
	Tags       map[string]string // for everything that is created
}

// Fill replaces the placeholders {account_id} and {home_region}.
func (in Input) Fill(text string) string {
	return strings.NewReplacer("{account_id}", in.Identity.AccountID, "{home_region}", in.HomeRegion).Replace(text)
}

// Declaration gathers what a section's Expand declares.
type Declaration struct {
	Resources []Resource
	Notes     []string
	Refusals  []Refusal
}

// Refusal is a demand of the spec that this account cannot meet. It is found
// before any resource is read, and the run ends with it.
type Refusal struct{ Path, Problem, Hint string }

// Add declares resources.
func (d *Declaration) Add(resources ...Resource) { d.Resources = append(d.Resources, resources...) }

// Note says something to the user that is neither change nor error.
func (d *Declaration) Note(text string) { d.Notes = append(d.Notes, text) }

// NoteUnknown tells of a name that may be misspelt, and is sent to AWS all the same:
// AWS adds names faster than kiso is released. where is the part of the spec.
func (d *Declaration) NoteUnknown(where, name, nearest string) {
	d.Note(fmt.Sprintf("%s: this kiso does not know %q and asks AWS for it as it stands; the nearest that it knows is %s", where, name, nearest))
}

// Refuse refuses the spec: path is relative to the section.
func (d *Declaration) Refuse(path, problem, hint string) {
	d.Refusals = append(d.Refusals, Refusal{Path: path, Problem: problem, Hint: hint})
}
