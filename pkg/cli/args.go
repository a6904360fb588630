package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kiso-cli/kiso/internal/similar"
)

// inMemory is what --sandbox without a file stands for.
const inMemory = ":memory:"

// normalize puts a command line into the order that the library needs: it drops
// flags that stand behind an argument. Global flags come first, then the
// command, its flags, and its arguments. A flag or command that nobody knows is
// refused with the name that may have been meant.
func normalize(app *cli.App, args []string) ([]string, error) {
	n := &normalizer{level: level{name: app.Name, flags: app.Flags, commands: app.Commands}, globals: app.Flags}
	rest := args[1:]
	for len(rest) > 0 {
		var err error
		if rest, err = n.take(rest); err != nil {
			return nil, err
		}
	}
	out := slices.Concat(args[:1], n.front, n.path, n.flags)
	if len(n.arguments) > 0 && !slices.Contains(n.flags, "--help") { // help is of the command, whatever else stands there
		out = append(append(out, "--"), n.arguments...)
	}
	return out, nil
}

// level is the program or command that the words read so far lead to.
type level struct {
	name     string
	flags    []cli.Flag
	commands []*cli.Command
}

type normalizer struct {
	level
	globals   []cli.Flag
	front     []string // global flags
	path      []string // command and subcommand
	flags     []string
	arguments []string
	seen      []cli.Flag
}

// take deals with the first word, and with its value if it is a flag that has one.
func (n *normalizer) take(args []string) (rest []string, err error) {
	word := args[0]
	switch {
	case word == "--":
		n.arguments = append(n.arguments, args[1:]...)
		return nil, nil
	case len(word) > 1 && word[0] == '-':
		return n.flag(args)
	case len(n.commands) > 0:
		return args[1:], n.command(word)
	default:
		n.arguments = append(n.arguments, word)
		return args[1:], nil
	}
}

func (n *normalizer) command(word string) error {
	var names []string
	for _, c := range n.commands {
		if c.HasName(word) {
			n.path = append(n.path, word)
			n.level = level{name: n.name + " " + c.Name, flags: c.Flags, commands: c.Subcommands}
			return nil
		}
		names = append(names, c.Names()...)
	}
	if word == "help" || word == "h" {
		n.flags = append(n.flags, "--help") // of the command that follows
		return nil
	}
	return fmt.Errorf("%q is no command of %s%s; see %s --help", word, n.name, didYouMean(word, names), n.name)
}

func (n *normalizer) flag(args []string) ([]string, error) {
	name, _, hasValue := strings.Cut(strings.TrimLeft(args[0], "-"), "=")
	if name == "help" || name == "h" {
		n.flags = append(n.flags, "--help")
		return args[1:], nil
	}
	if len(n.path) == 0 && (name == "version" || name == "v") { // as many programs have it
		return args[1:], n.command("version")
	}
	target, found := &n.flags, find(n.level.flags, name)
	if global := find(n.globals, name); global != nil && (found == nil || len(n.path) == 0) {
		target, found = &n.front, global
	}
	switch {
	case found == nil:
		return nil, fmt.Errorf("%s is no flag of %s%s; see %s --help", args[0], n.name, n.meant(name), n.name)
	case n.twice(found):
		return nil, fmt.Errorf("%s is given twice, and only one would count; see %s --help", args[0], n.name)
	case name == "sandbox" && !hasValue:
		*target = append(*target, "--sandbox="+inMemory)
		return args[1:], nil
	case hasValue || !takesValue(found):
		*target = append(*target, args[0])
		return args[1:], nil
	case len(args) == 1:
		return nil, fmt.Errorf("%s needs a value; see %s --help", args[0], n.name)
	default:
		*target = append(*target, args[0], args[1])
		return args[2:], nil
	}
}

// twice says whether a flag of which the last value alone counts was there before.
func (n *normalizer) twice(f cli.Flag) bool {
	switch f.(type) {
	case *cli.StringSliceFlag, *cli.GenericFlag, *cli.BoolFlag: // repeatable, or the same twice
		return false
	}
	if slices.Contains(n.seen, f) {
		return true
	}
	n.seen = append(n.seen, f)
	return false
}

func find(flags []cli.Flag, name string) cli.Flag {
	for _, f := range flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

func takesValue(f cli.Flag) bool {
	d, ok := f.(cli.DocGenerationFlag)
	return ok && d.TakesValue()
}

// elsewhere is what flags that people bring from other tools are called here.
var elsewhere = map[string]string{
	"json": "--format json", "y": "--auto-approve", "yes": "--auto-approve",
	"o": "--out", "config": "--file", "c": "--file", "spec": "--file", "concurrency": "--parallelism",
	"debug": "--log-level debug", "verbose": "--log-level debug",
}

// meant says which flag a name that is none may stand for.
func (n *normalizer) meant(name string) string {
	known, _, _ := strings.Cut(strings.TrimPrefix(elsewhere[name], "--"), " ")
	if known != "" && (find(n.level.flags, known) != nil || find(n.globals, known) != nil) {
		return "; did you mean " + elsewhere[name] + "?"
	}
	var names []string
	for _, f := range slices.Concat(n.level.flags, n.globals) {
		for _, known := range f.Names() {
			if len(known) > 1 {
				names = append(names, known)
			}
		}
	}
	if best := near(name, names); best != "" {
		return "; did you mean --" + best + "?"
	}
	return ""
}

// didYouMean names the candidate that is nearest to word, if one is near.
func didYouMean(word string, candidates []string) string {
	if best := near(word, candidates); best != "" {
		return "; did you mean " + best + "?"
	}
	return ""
}

// near returns the candidate that is nearest to word, "" if more than a third of
// the word would be wrong and no two letters have only changed places.
func near(word string, candidates []string) string {
	best, distance := similar.Nearest(word, candidates)
	if distance > len(word)/3 && !(distance == 2 && sorted(word) == sorted(best)) {
		return ""
	}
	return best
}

func sorted(word string) string { return string(slices.Sorted(slices.Values([]rune(word)))) }
