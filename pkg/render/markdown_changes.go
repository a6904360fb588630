package render

import (
	"fmt"
	"strings"

	"github.com/kiso-cli/kiso/internal/diff"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// detail is how much of a change is shown.
type detail int

const (
	full  detail = iota
	brief        // long values are cut
	heads        // no values
)

// Bounds of a value in brief.
const (
	briefLines = 4
	briefWidth = 160
)

// changes shows the changes in a fence whose lines a forge colours by their
// first character, in as much detail as fits.
func (m *markdown) changes(p *plan.Plan) {
	groups := foldBare(p.Changes, func(c resource.Change) bool { return c.Action.Changes() })
	if len(groups) == 0 {
		return
	}
	open := fmt.Sprintf("\n<details><summary>Changes (%s)</summary>\n\n", count(p.Summary().Changes(), "resource"))
	const end = "\n</details>\n"
	budget := m.limit - m.Len() - len(open) - len(end)
	m.WriteString(open)
	m.WriteString(fitChanges(groups, budget))
	m.WriteString(end)
}

// fitChanges returns the most detailed form that is no longer than budget.
func fitChanges(groups []group, budget int) string {
	blocks := changeBlocks(groups, full)
	if text := fenced(blocks); len(text) <= budget {
		return text
	}
	const cut = "_Long values are cut to fit: the plan's JSON has them whole._\n\n"
	if text := cut + fenced(changeBlocks(groups, brief)); len(text) <= budget {
		return text
	}
	const none = "_The values do not fit here: the plan's JSON has them._\n\n"
	blocks = changeBlocks(groups, heads)
	if text := none + fenced(blocks); len(text) <= budget {
		return text
	}
	return fitHeads(blocks, budget)
}

// fitHeads returns as many of the blocks as fit, and says how many there are.
func fitHeads(blocks []string, budget int) string {
	for n := len(blocks) - 1; n > 0; n = n * 9 / 10 {
		text := fmt.Sprintf("_Only the first %d of %d changes fit here: the plan's JSON has them all._\n\n", n, len(blocks)) + fenced(blocks[:n])
		if len(text) <= budget {
			return text
		}
	}
	return "_The changes do not fit here: the plan's JSON has them._\n"
}

// fenced puts the blocks into a fence that none of them can close.
func fenced(blocks []string) string {
	body := strings.Join(blocks, "\n")
	fence := strings.Repeat("`", max(3, longestRun(body, '`')+1))
	return fence + "diff\n" + body + fence + "\n"
}

func changeBlocks(groups []group, d detail) []string {
	blocks := make([]string, len(groups))
	for i, g := range groups {
		blocks[i] = changeBlock(g, d)
	}
	return blocks
}

func changeBlock(g group, d detail) string {
	sign := "+"
	if g.Action == resource.Update {
		sign = "!"
	}
	lines := []string{sign + " " + clip(printable(g.address()), maxCode)}
	if name := g.named(); name != "" {
		lines = append(lines, "#     "+clip(printable(name), maxProse))
	}
	if len(g.Regions) > 1 {
		regions := fmt.Sprintf("in %d regions: %s", len(g.Regions), strings.Join(g.Regions, " "))
		for _, line := range wrap(clip(printable(regions), maxProse), width) {
			lines = append(lines, "#     "+line)
		}
	}
	if d != heads {
		for _, f := range g.Fields {
			lines = append(lines, fieldLines(f, d)...)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

func fieldLines(f diff.Field, d detail) []string {
	lines := valueLines("+", f.Path, f.After, d)
	if f.Before == nil {
		return lines
	}
	return append(valueLines("-", f.Path, f.Before, d), lines...)
}

// valueLines puts a value behind its path, or below it if it has many lines.
func valueLines(sign, path string, v any, d detail) []string {
	path = clip(printable(path), maxCode)
	value := spread(v, width)
	if one := compactJSON(v); len(one) <= width {
		value = []string{one}
	}
	if d == brief && len(value) > briefLines {
		value = append(value[:briefLines:briefLines], fmt.Sprintf("... %d more lines", len(value)-briefLines))
	}
	lines := make([]string, len(value))
	for i, line := range value {
		line = printable(line)
		if d == brief {
			line = clip(line, briefWidth)
		}
		if i == 0 {
			line = path + ": " + line
		}
		lines[i] = sign + "     " + line
	}
	return lines
}
