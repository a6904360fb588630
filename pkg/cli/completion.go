package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kiso-cli/kiso/pkg/catalogue"
	"github.com/kiso-cli/kiso/pkg/cli/completion"
	"github.com/kiso-cli/kiso/pkg/render"
	"github.com/kiso-cli/kiso/pkg/spec"
)

func (a *app) completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print a script that completes kiso's commands in a SHELL: bash, zsh, fish or powershell",
		ArgsUsage: "SHELL",
		Description: "bash:        source <(kiso completion bash)\n" +
			"zsh:         source <(kiso completion zsh)\n" +
			"fish:        kiso completion fish | source\n" +
			"PowerShell:  kiso completion powershell | Out-String | Invoke-Expression",
		Action: func(c *cli.Context) error {
			shell := c.Args().First()
			script, known := completion.Script(shell)
			if c.NArg() != 1 || !known {
				return fmt.Errorf("kiso completion takes one of %v%s", completion.Shells(), didYouMean(shell, completion.Shells()))
			}
			_, err := a.Out.Write(script)
			return err
		},
	}
}

// candidate is one thing that may stand in the place of a word.
type candidate struct{ value, about string }

// complete prints what may stand in the place of the last word, one a line with
// its description behind a tab; nothing where a file is wanted, or no word. It
// looks at the command line and at plan files that it names, and nowhere else.
func (a *app) complete(words []string) {
	if len(words) == 0 {
		words = []string{""}
	}
	last := len(words) - 1
	current := strings.TrimSpace(words[last]) // a blank stands for the empty word
	for _, c := range a.candidates(words[:last], current) {
		if strings.HasPrefix(c.value, current) {
			fmt.Fprintf(a.Out, "%s\t%s\n", c.value, c.about)
		}
	}
}

func (a *app) candidates(before []string, current string) []candidate {
	c := a.define()
	n := &normalizer{level: level{name: c.Name, flags: c.Flags, commands: c.Commands}, globals: c.Flags}
	pending := n.follow(before)
	name, _, assigned := strings.Cut(current, "=")
	switch flag := n.lookup(name); {
	case pending != nil:
		return a.values(n, pending, before)
	case slices.Contains(before, "--"):
		return nil
	case assigned && flag != nil:
		return prefixed(name+"=", a.values(n, flag, before))
	case strings.HasPrefix(current, "-"):
		return n.flagCandidates()
	case len(n.commands) > 0:
		return commandCandidates(n.commands)
	default:
		return a.argumentsOf(n)
	}
}

// follow takes the words that stand before, and returns the flag whose value
// comes next, if one does. Words that make no sense are passed over.
func (n *normalizer) follow(words []string) (pending cli.Flag) {
	for len(words) > 0 {
		rest, err := n.take(words)
		if err != nil {
			flag := n.lookup(words[0])
			if len(words) == 1 && flag != nil {
				return flag
			}
			rest = words[1:]
		}
		words = rest
	}
	return nil
}

// lookup finds the flag that a word names, if it is one with a value.
func (n *normalizer) lookup(word string) cli.Flag {
	if !strings.HasPrefix(word, "-") {
		return nil
	}
	name := strings.TrimLeft(word, "-")
	for _, flags := range [][]cli.Flag{n.level.flags, n.globals} {
		if f := find(flags, name); f != nil && takesValue(f) {
			return f
		}
	}
	return nil
}

func (n *normalizer) flagCandidates() []candidate {
	flags := slices.Clone(n.level.flags)
	if len(n.path) > 0 {
		flags = slices.Concat(flags, n.globals)
	}
	list := []candidate{{"--help", "show help"}}
	for _, f := range flags {
		about := ""
		if d, ok := f.(cli.DocGenerationFlag); ok {
			about = strings.ReplaceAll(d.GetUsage(), "`", "")
		}
		list = append(list, candidate{"--" + f.Names()[0], about})
	}
	return list
}

func commandCandidates(commands []*cli.Command) []candidate {
	var list []candidate
	for _, c := range commands {
		list = append(list, candidate{c.Name, c.Usage})
	}
	return list
}

// argumentsOf are the arguments that a command takes, where they are no files;
// the flags of one that takes none.
func (a *app) argumentsOf(n *normalizer) []candidate {
	switch {
	case len(n.arguments) > 0:
		return n.flagCandidates()
	case n.name == "kiso explain":
		return a.kindCandidates()
	case n.name == "kiso completion":
		return named(completion.Shells()...)
	case n.name == "kiso help":
		return commandCandidates(a.define().Commands)
	case n.name == "kiso show", n.name == "kiso apply":
		return nil // a plan
	default:
		return n.flagCandidates()
	}
}

func (a *app) kindCandidates() []candidate {
	services, err := catalogue.Of(a.services)
	if err != nil {
		return nil
	}
	var list []candidate
	for _, s := range services {
		list = append(list, candidate{s.Name, s.Title})
		for _, k := range s.Kinds {
			list = append(list, candidate{k.Name, k.Headline()})
		}
	}
	return list
}

// values are what a flag may be, where that is known.
func (a *app) values(n *normalizer, flag cli.Flag, words []string) []candidate {
	switch flag.Names()[0] {
	case "format":
		return named(formatsOf(n.name)...)
	case "output":
		return withSuffix("=", named(render.Formats()...))
	case "home-region", "region":
		return named(spec.Regions()...)
	case "log-level":
		return named("debug", "info", "warn", "error")
	case "allow-irreversible":
		return irreversible(words)
	}
	return nil
}

// formatsOf are the formats of a command's output.
func formatsOf(command string) []string {
	switch command {
	case "kiso plan", "kiso show":
		return render.Formats()
	case "kiso drift":
		return driftFormats
	default:
		return []string{"text", "json"}
	}
}

// irreversible are the addresses that --allow-irreversible may name: those of
// the plans among the words.
func irreversible(words []string) []candidate {
	list := []candidate{{"all", "every irreversible step"}}
	for _, word := range words {
		p, err := loadPlan(word)
		if err != nil {
			continue
		}
		for _, c := range p.Changes {
			if c.Irreversible() {
				list = append(list, candidate{c.ID.String(), c.Irrevocable()})
			}
		}
	}
	return list
}

func named(values ...string) []candidate {
	var list []candidate
	for _, v := range values {
		list = append(list, candidate{value: v})
	}
	return list
}

func prefixed(prefix string, list []candidate) []candidate {
	for i := range list {
		list[i].value = prefix + list[i].value
	}
	return list
}

func withSuffix(suffix string, list []candidate) []candidate {
	for i := range list {
		list[i].value += suffix
	}
	return list
}
