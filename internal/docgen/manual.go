package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"github.com/kiso-cli/kiso/pkg/cli"
)

// command is one command of the command line, as the manuals show it.
type command struct {
	name  string // with its parents: "kiso policy plan"
	args  string // such as "[PLAN]"
	usage string // a sentence, without its full stop
	about string // more lines, which are not filled
	flags []option
}

// option is one flag.
type option struct{ names, value, usage, initial string }

// commands lists the commands that do something, in the order of the help.
func commands(parent string, list []*urfave.Command) []command {
	var all []command
	for _, c := range list {
		name := parent + " " + c.Name
		if c.Hidden {
			continue
		}
		if len(c.Subcommands) > 0 {
			all = append(all, commands(name, c.Subcommands)...)
			continue
		}
		all = append(all, command{name: name, args: c.ArgsUsage, usage: c.Usage, about: c.Description, flags: options(c.Flags)})
	}
	return all
}

// placeholder is the word between back quotes in a flag's usage.
var placeholder = regexp.MustCompile("`([^`]+)`")

// unset are the values that say nothing.
var unset = []string{"", "0", "0s", "false", "[]"}

func options(flags []urfave.Flag) []option {
	var all []option
	for _, f := range flags {
		d, ok := f.(urfave.DocGenerationFlag)
		if !ok {
			continue
		}
		var names []string
		for _, name := range f.Names() {
			names = append(names, strings.Repeat("-", min(len(name), 2))+name)
		}
		o := option{names: strings.Join(names, ", "), usage: placeholder.ReplaceAllString(d.GetUsage(), "$1")}
		if d.TakesValue() {
			o.value = "VALUE"
			if m := placeholder.FindStringSubmatch(d.GetUsage()); m != nil {
				o.value = m[1]
			}
			if strings.Contains(d.GetUsage(), "=`"+o.value+"`") { // its value may be left out
				o.names, o.value = o.names+"[="+o.value+"]", ""
			}
			if initial := strings.Trim(d.GetDefaultText(), `"`); !slices.Contains(unset, initial) {
				o.initial = initial
			}
		}
		all = append(all, o)
	}
	return all
}

// section is a part of the manual that no flag or command says.
type section struct {
	title string
	text  string   // paragraphs, an empty line between them
	items []string // "term: what it is"
}

var sections = []section{
	{title: "Description", text: `kiso reads kiso.yaml, compares the AWS account with it, and brings the account to it: CloudTrail, AWS Config, GuardDuty, Security Hub and an alarm on root sign-ins, in all regions. The live account is the only state. A plan never writes. Nothing is deleted or switched off because the spec does not name it, and what is stricter than the spec stays.

Flags may stand before or behind arguments. Credentials, region and endpoints are found as the AWS CLI finds them. Documents go to standard output, progress and errors to standard error.`},
	{title: "Exit status", items: []string{
		"0: in sync, or done; of a plan without --detailed-exitcode: planned",
		"1: an error: something is wrong with the spec, the credentials, the account or the plan, or something could not be read or applied; everything else was",
		"2: there are changes: plan --detailed-exitcode and drift",
		"130: interrupted; a first interrupt starts nothing new, a second ends at once",
	}},
	{title: "Environment", items: []string{
		"AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_CONFIG_FILE and the others of the AWS CLI: where credentials come from",
		"AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3 and so on: another endpoint, such as that of kiso sandbox",
		"NO_COLOR: if it is set, output has no colour",
		"GITHUB_STEP_SUMMARY: the file that --step-summary appends to",
	}},
	{title: "Files", items: []string{"kiso.yaml: the spec, in the current folder; -f names another"}},
	{title: "Examples", items: []string{
		"kiso init --home-region ap-northeast-1: write a first spec",
		"kiso --sandbox plan: see the plan of an empty account, without one",
		"kiso plan --out plan.json && kiso apply plan.json: apply exactly what was shown",
		"kiso drift --format markdown: who changed what",
		"kiso policy apply > policy.json: what the role that applies is to be allowed",
	}},
}

// manual is all of it.
type manual struct {
	summary  string
	globals  []option
	commands []command
}

func newManual() manual {
	app := cli.Definition()
	return manual{summary: app.Usage, globals: options(app.Flags), commands: commands(app.Name, app.Commands)}
}

func (c command) synopsis() string {
	line := c.name
	if len(c.flags) > 0 {
		line += " [flags]"
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s", line, c.args))
}

// term takes an item apart.
func term(item string) (name, text string) {
	name, text, _ = strings.Cut(item, ": ")
	return name, text
}
