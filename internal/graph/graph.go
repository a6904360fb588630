// Package graph orders things that depend on each other. It knows only their
// names.
package graph

import (
	"fmt"
	"slices"
	"strings"
)

// Cycle is the error for nodes that wait for each other. Path starts and ends
// with the same node.
type Cycle struct{ Path []string }

func (c *Cycle) Error() string {
	return "dependency cycle: " + strings.Join(c.Path, " -> ")
}

// Dangling is the error for a node that needs one that does not exist.
type Dangling struct{ Node, Needs string }

func (d *Dangling) Error() string {
	return fmt.Sprintf("%s needs %s, which is not declared", d.Node, d.Needs)
}

// Order returns the nodes so that each stands behind all that it needs, and
// otherwise by name: the same input gives the same order. The errors are every
// *Dangling edge, or else the first *Cycle.
func Order(needs map[string][]string) ([]string, []error) {
	if errs := dangling(needs); len(errs) > 0 {
		return nil, errs
	}
	w := walk{needs: needs, state: map[string]int{}}
	for _, node := range sortedKeys(needs) {
		if cycle := w.visit(node, nil); cycle != nil {
			return nil, []error{cycle}
		}
	}
	return w.order, nil
}

const (
	unvisited = iota
	visiting
	visited
)

type walk struct {
	needs map[string][]string
	state map[string]int
	order []string
}

func (w *walk) visit(node string, path []string) *Cycle {
	path = append(path, node)
	switch w.state[node] {
	case visited:
		return nil
	case visiting:
		return &Cycle{Path: slices.Clone(path[slices.Index(path, node):])}
	}
	w.state[node] = visiting
	for _, need := range slices.Sorted(slices.Values(w.needs[node])) {
		if cycle := w.visit(need, path); cycle != nil {
			return cycle
		}
	}
	w.state[node] = visited
	w.order = append(w.order, node)
	return nil
}

func dangling(needs map[string][]string) []error {
	var errs []error
	for _, node := range sortedKeys(needs) {
		for _, need := range slices.Sorted(slices.Values(needs[node])) {
			if _, ok := needs[need]; !ok {
				errs = append(errs, &Dangling{Node: node, Needs: need})
			}
		}
	}
	return errs
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
