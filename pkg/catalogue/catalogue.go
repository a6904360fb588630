// Package catalogue describes the services, their sections of the spec and their
// kinds of resource, as data for documentation: it is made of what the services
// say of themselves, of their structs' tags and of the JSON Schema. It knows no
// single service and no output format.
package catalogue

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/spec"
)

// Service is one section of the spec and what is behind it.
type Service struct {
	Name    string  `json:"name"` // the section's key
	Title   string  `json:"title"`
	Summary string  `json:"summary"`
	Cost    string  `json:"cost"`
	Fields  []Field `json:"fields"` // of the section, in the order of its struct
	Kinds   []Kind  `json:"kinds"`
	Example string  `json:"example"`
}

// Field is a key of a section.
type Field struct {
	Path     string   `json:"path"` // below the section: "bucket.name"
	Type     string   `json:"type"` // such as "list of strings"
	Required bool     `json:"required"`
	Default  any      `json:"default"` // nil: none
	Values   []string `json:"values"`  // all that are allowed; none: any
	Doc      string   `json:"doc"`
}

// Kind is a kind of resource.
type Kind struct {
	Name         string       `json:"name"`
	Service      string       `json:"service"`
	Summary      string       `json:"summary"`
	Controls     []string     `json:"controls"`
	Members      []Member     `json:"members"`
	Irreversible []string     `json:"irreversible"`
	Reads        []Permission `json:"reads"`
	Writes       []Permission `json:"writes"`
}

// Member is a field of a kind's model, as plans name it.
type Member struct {
	Path string `json:"path"`
	Type string `json:"type"`
	Rule string `json:"rule"` // how it compares
}

// Permission is an IAM action that a kind needs; see resource.Permission.
type Permission struct {
	Action    string            `json:"action"`
	Resource  string            `json:"resource"`
	Condition map[string]string `json:"condition,omitempty"`
}

// Of describes services, in their order.
func Of(services []*resource.Service) ([]Service, error) {
	var all []Service
	for _, s := range services {
		fields, err := fieldsOf(s)
		if err != nil {
			return nil, err
		}
		described := Service{
			Name: s.Name, Title: s.Title, Summary: s.Summary, Cost: s.Cost, Example: s.Example, Fields: list(fields),
		}
		for _, k := range s.Kinds {
			described.Kinds = append(described.Kinds, kindOf(s.Name, k))
		}
		all = append(all, described)
	}
	return all, nil
}

// Kind finds one of the service's kinds by its name; nil if it has none.
func (s *Service) Kind(name string) *Kind {
	for i := range s.Kinds {
		if s.Kinds[i].Name == name {
			return &s.Kinds[i]
		}
	}
	return nil
}

// Controls lists those of all kinds, each once.
func (s *Service) Controls() []string {
	var all []string
	for _, k := range s.Kinds {
		all = append(all, k.Controls...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Irreversible lists the irreversible steps of all kinds.
func (s *Service) Irreversible() []string {
	var all []string
	for _, k := range s.Kinds {
		all = append(all, k.Irreversible...)
	}
	return all
}

// ReadActions lists the IAM actions that reading the kinds takes.
func (s *Service) ReadActions() []string {
	return s.actions(func(k Kind) []Permission { return k.Reads })
}

// WriteActions lists the IAM actions that changing the kinds takes besides.
func (s *Service) WriteActions() []string {
	reads := s.ReadActions()
	return slices.DeleteFunc(s.actions(func(k Kind) []Permission { return k.Writes }), func(action string) bool {
		return slices.Contains(reads, action)
	})
}

func (s *Service) actions(of func(Kind) []Permission) []string {
	var all []string
	for _, k := range s.Kinds {
		for _, p := range of(k) {
			all = append(all, p.Action)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Headline is the beginning of the summary, up to its first pause.
func (k Kind) Headline() string {
	end := strings.IndexAny(k.Summary, ".,:;")
	if end < 0 {
		return k.Summary
	}
	return k.Summary[:end]
}

func kindOf(service string, k resource.KindInfo) Kind {
	doc := k.Documentation()
	return Kind{
		Name: string(k.Name()), Service: service, Summary: doc.Summary,
		Controls: list(doc.Controls), Irreversible: list(doc.Irreversible), Members: membersOf(k.Model()),
		Reads: permissionsOf(doc.Reads), Writes: permissionsOf(doc.Writes),
	}
}

// list makes nil an empty list, so that JSON never says null for "none".
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

func permissionsOf(permissions []resource.Permission) []Permission {
	all := []Permission{}
	for _, p := range permissions {
		all = append(all, Permission{Action: p.Action, Resource: p.Resource, Condition: p.Condition})
	}
	return all
}

// schemaNode is as much of a JSON Schema as is shown.
type schemaNode struct {
	Type                 any                    `json:"type"`
	Description          string                 `json:"description"`
	Default              any                    `json:"default"`
	Enum                 []any                  `json:"enum"`
	Required             []string               `json:"required"`
	Properties           map[string]*schemaNode `json:"properties"`
	Items                *schemaNode            `json:"items"`
	AdditionalProperties json.RawMessage        `json:"additionalProperties"`
}

// schemaOf returns the schema of a service's section.
func schemaOf(s *resource.Service) (*schemaNode, error) {
	data, err := spec.Schema([]spec.Section{{Name: s.Name, New: func() any { return s.New() }}})
	if err != nil {
		return nil, err
	}
	var root schemaNode
	if err := json.Unmarshal(data, &root); err != nil {
		return nil, fmt.Errorf("the schema of %s: %w", s.Name, err)
	}
	return root.Properties[s.Name], nil
}
