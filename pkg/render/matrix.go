package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// The marks of a matrix's cells: ASCII, because others are two columns wide in
// some terminals.
const (
	markInSync  = "."
	markNothing = "-"
	legend      = "`.` in sync, `+` create, `~` update, `=` managed elsewhere, `!` cannot be undone, `x` blocked, `-` nothing there to manage"
)

// marks are those that may stand together in a cell, gravest first.
var marks = []struct {
	mark string
	of   func(resource.Change) bool
}{
	{"x", func(c resource.Change) bool { return c.Action == resource.Blocked }},
	{"!", resource.Change.Irreversible},
	{"+", func(c resource.Change) bool { return c.Action == resource.Create }},
	{"~", func(c resource.Change) bool { return c.Action == resource.Update }},
	{"=", func(c resource.Change) bool { return c.Action == resource.Managed }},
}

// matrix shows what happens to each service in each region. Regions that are
// alike share a row.
type matrix struct {
	services []string
	rows     []matrixRow
}

type matrixRow struct {
	scopes []string
	cells  []string
}

func newMatrix(p *plan.Plan) matrix {
	var m matrix
	var scopes []string
	cells := map[[2]string][]resource.Change{}
	for _, c := range p.Changes {
		service, scope := c.ID.Kind.Service(), string(c.ID.Scope)
		if !slices.Contains(m.services, service) {
			m.services = append(m.services, service)
		}
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
		cells[[2]string{scope, service}] = append(cells[[2]string{scope, service}], c)
	}
	slices.SortFunc(scopes, func(a, b string) int {
		return resource.ID{Scope: resource.Scope(a)}.Compare(resource.ID{Scope: resource.Scope(b)})
	})
	for _, scope := range scopes {
		row := make([]string, len(m.services))
		for i, service := range m.services {
			row[i] = mark(cells[[2]string{scope, service}])
		}
		m.add(scope, row)
	}
	return m
}

// add puts a scope into the row that has its cells, or into a new one.
func (m *matrix) add(scope string, cells []string) {
	i := slices.IndexFunc(m.rows, func(r matrixRow) bool {
		return slices.Equal(r.cells, cells) && scope != string(resource.Global) && r.scopes[0] != string(resource.Global)
	})
	if i < 0 {
		m.rows = append(m.rows, matrixRow{scopes: []string{scope}, cells: cells})
		return
	}
	m.rows[i].scopes = append(m.rows[i].scopes, scope)
}

func mark(changes []resource.Change) string {
	if len(changes) == 0 {
		return markNothing
	}
	var b strings.Builder
	for _, m := range marks {
		if slices.ContainsFunc(changes, m.of) {
			b.WriteString(m.mark)
		}
	}
	if b.Len() == 0 {
		return markInSync
	}
	return b.String()
}

// markdown returns the head of a table and its rows.
func (m matrix) markdown() (head string, rows []string) {
	names := make([]string, len(m.services))
	for i, service := range m.services {
		names[i] = cell(prose(service))
	}
	head = "| region | " + strings.Join(names, " | ") + " |\n|---|" + strings.Repeat(":-:|", len(names)) + "\n"
	for _, r := range m.rows {
		label := prose(strings.Join(r.scopes, ", "))
		if len(r.scopes) > 1 {
			label = fmt.Sprintf("%d regions: %s", len(r.scopes), label)
		}
		cells := make([]string, len(r.cells))
		for i, c := range r.cells {
			cells[i] = code(c)
		}
		rows = append(rows, "| "+label+" | "+strings.Join(cells, " | ")+" |\n")
	}
	return head, rows
}
