// Package resource is the vocabulary that planning, applying and the services
// share: what a resource is called, what it needs, what was seen of it, and
// what a service author writes to add a kind. It knows no command, no output
// and no single service.
package resource

import (
	"cmp"
	"encoding"
	"fmt"
	"strings"
)

// Kind names a sort of resource, "service.noun": "guardduty.detector".
type Kind string

// Service is the part of a kind before the dot.
func (k Kind) Service() string {
	service, _, _ := strings.Cut(string(k), ".")
	return service
}

// Scope is a region, or Global. It is part of an ID, so that regional and
// global resources share one code path.
type Scope string

// Global is the scope of what an account has once.
const Global Scope = "global"

// ID names one resource of an account. Its text form, the address, is
// "guardduty.detector/eu-west-1/detector".
type ID struct {
	Kind  Kind
	Scope Scope
	Name  string
}

var (
	_ encoding.TextMarshaler   = ID{}
	_ encoding.TextUnmarshaler = (*ID)(nil)
)

func (id ID) String() string { return string(id.Kind) + "/" + string(id.Scope) + "/" + id.Name }

// MarshalText returns the address.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads an address.
func (id *ID) UnmarshalText(text []byte) error {
	parts := strings.SplitN(string(text), "/", 3)
	if len(parts) != 3 || !strings.Contains(parts[0], ".") || parts[1] == "" || parts[2] == "" {
		return fmt.Errorf("%q is not an address: want KIND/REGION/NAME, such as guardduty.detector/eu-west-1/detector", text)
	}
	*id = ID{Kind: Kind(parts[0]), Scope: Scope(parts[1]), Name: parts[2]}
	return nil
}

// Compare orders ids by service, kind, scope and name; Global comes first.
func (id ID) Compare(other ID) int {
	return cmp.Or(
		cmp.Compare(id.Kind, other.Kind),
		cmp.Compare(id.Scope.rank(), other.Scope.rank()),
		cmp.Compare(id.Name, other.Name),
	)
}

func (s Scope) rank() string {
	if s == Global {
		return ""
	}
	return string(s)
}

// Ref is a resource's need of another.
type Ref struct {
	ID
	// Optional: only if it is declared; else nothing is needed.
	Optional bool
	// After: only the order counts. What goes wrong there does not stop this one.
	After bool
	// AsWanted: where somebody else manages that resource otherwise, this one is not
	// made, since it would not come right by itself later.
	AsWanted bool
}

// Needs refers to a resource that must be declared and in place first.
func Needs(id ID) Ref { return Ref{ID: id} }

// NeedsIfDeclared refers to a resource that, if it is declared, must be in place and
// as wanted first.
func NeedsIfDeclared(id ID) Ref { return Ref{ID: id, Optional: true, AsWanted: true} }

// After refers to a resource that, if it is declared, is dealt with first,
// whatever comes of it.
func After(id ID) Ref { return Ref{ID: id, Optional: true, After: true} }
