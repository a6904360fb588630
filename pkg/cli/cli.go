// Package cli is the command line: one file a command, each flags -> calls ->
// renderer. It decides nothing about accounts.
package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-multierror"
	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/kiso-cli/kiso/pkg/cli/completion"
	"github.com/kiso-cli/kiso/pkg/render"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/services"
)

// Exit codes, part of the tool's contract.
const (
	codeOK          = 0
	codeError       = 1
	codeChanges     = 2
	codeInterrupted = 130
)

// IO is where a command reads and writes. Stdout carries documents, Stderr
// progress and diagnostics.
type IO struct {
	In          io.Reader
	Out, Err    io.Writer
	InTerminal  bool // somebody can answer a question
	OutTerminal bool
	ErrTerminal bool
	Env         func(string) string
}

// System returns the process's own streams.
func System() IO {
	terminal := func(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
	return IO{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		InTerminal: terminal(os.Stdin), OutTerminal: terminal(os.Stdout), ErrTerminal: terminal(os.Stderr),
		Env: os.Getenv,
	}
}

// errChanges ends a command that found changes and was asked to say so by its code.
var errChanges = errors.New("there are changes")

// app is one invocation.
type app struct {
	IO
	version  string
	services []*resource.Service
	stop     <-chan struct{}
	answers  *bufio.Reader // see input
}

// Run carries out a command line, args[0] being the program, and returns the
// exit code. When stop is closed nothing new is started; when ctx ends, all ends.
func Run(ctx context.Context, stop <-chan struct{}, args []string, streams IO, version string) int {
	out := &watched{Writer: streams.Out}
	streams.Out, streams.Err = out, &oneAtATime{w: streams.Err}
	a := &app{IO: streams, version: version, services: services.All(), stop: stop}
	err := a.run(ctx, args)
	if lost := out.lost(); lost != nil && (err == nil || errors.Is(err, errChanges) || errors.Is(err, errSaid)) {
		err = lost
	}
	return a.code(ctx, err)
}

func (a *app) run(ctx context.Context, args []string) error {
	if len(args) > 1 && args[1] == completion.Command {
		a.complete(args[2:])
		return nil
	}
	c := a.define()
	args, err := normalize(c, args)
	if err != nil {
		return err
	}
	return c.RunContext(ctx, args)
}

// code maps an error to the exit code, and says what it is.
func (a *app) code(ctx context.Context, err error) int {
	switch {
	case err == nil:
		return codeOK
	case errors.Is(err, errChanges):
		return codeChanges
	}
	var several *multierror.Error
	if errors.As(err, &several) {
		for _, e := range several.Errors {
			a.complain(e)
		}
	} else if !errors.Is(err, errSaid) {
		a.complain(err)
	}
	if stopped(a.stop) || errors.Is(ctx.Err(), context.Canceled) {
		return codeInterrupted
	}
	return codeError
}

// errSaid ends a command with code 1 whose output has said why.
var errSaid = errors.New("said above")

// complain wraps for a person alone: programs read a problem a line.
func (a *app) complain(err error) {
	text := "Error: " + err.Error()
	if a.ErrTerminal {
		fmt.Fprintln(a.Err, render.Wrapped(text))
		return
	}
	fmt.Fprintln(a.Err, render.Plain(text))
}

func stopped(stop <-chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

func (a *app) define() *cli.App {
	c := &cli.App{
		Name:    "kiso",
		Usage:   "take an AWS account to a secure baseline and keep it there",
		Version: a.version,
		Flags:   globalFlags(),
		Reader:  a.In, Writer: a.Out, ErrWriter: a.Err,
		HideVersion:    true,
		ExitErrHandler: func(*cli.Context, error) {}, // the library would exit the process before cleanup
		OnUsageError:   usageError,
		Action:         func(c *cli.Context) error { return cli.ShowAppHelp(c) },
		Commands: []*cli.Command{
			a.initCommand(), a.validateCommand(), a.planCommand(), a.applyCommand(), a.showCommand(), a.driftCommand(), a.fleetCommand(),
			a.policyCommand(), a.explainCommand(), a.schemaCommand(),
			a.sandboxCommand(), a.completionCommand(), a.versionCommand(),
		},
	}
	for _, command := range c.Commands {
		command.OnUsageError = usageError
		command.HideHelpCommand = true
	}
	return c
}

// usageError keeps the library from printing its whole help before the error, and
// says what a value should have been.
func usageError(_ *cli.Context, err error, _ bool) error {
	if strings.Contains(err.Error(), "flag -timeout") {
		return fmt.Errorf("%w; a time has a unit, such as 90s or 15m", err)
	}
	return err
}

// sandboxFlag is a flag whose value stands behind = or not at all.
type sandboxFlag struct{ *cli.StringFlag }

// String is its line of the help.
func (f sandboxFlag) String() string {
	return strings.Replace(f.StringFlag.String(), "--sandbox FILE", "--sandbox[=FILE]", 1)
}

func globalFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "profile", Usage: "use this `PROFILE` of the AWS configuration"},
		&cli.StringFlag{Name: "role-arn", Usage: "assume this `ROLE` with the credentials found"},
		sandboxFlag{&cli.StringFlag{Name: "sandbox", Usage: "work on the embedded simulated account; --sandbox=`FILE` keeps it between runs"}},
		&cli.IntFlag{Name: "parallelism", Usage: "at most `N` requests at once", DefaultText: "128"},
		&cli.DurationFlag{Name: "timeout", Usage: "give up after this `TIME`, such as 15m", DefaultText: "never"},
		&cli.BoolFlag{Name: "no-color", Usage: "no colour, as with NO_COLOR", DisableDefaultText: true},
		&cli.StringFlag{Name: "log-level", Usage: "log to stderr: debug, info, warn or error (`LEVEL`; debug shows each request)", Value: "warn"},
	}
}

// colour says whether a stream gets colour: https://no-color.org.
func (a *app) colour(c *cli.Context, terminal bool) bool {
	return terminal && !c.Bool("no-color") && a.Env("NO_COLOR") == "" && a.Env("TERM") != "dumb"
}

// timeIsUp ends a run that the user bounded. It is a deadline like any other to
// those who ask what ended it.
type timeIsUp struct{ limit time.Duration }

func (t timeIsUp) Error() string {
	return fmt.Sprintf("--timeout %s is over; raise it and run again", t.limit)
}

func (timeIsUp) Is(target error) bool { return target == context.DeadlineExceeded }

// cutShort says why a run ended before its work did.
func cutShort(ctx context.Context) error {
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return errors.New("interrupted; run again")
}

// withTimeout bounds the run if the user asked for it.
func withTimeout(c *cli.Context) (context.Context, context.CancelFunc) {
	if limit := c.Duration("timeout"); limit > 0 {
		return context.WithTimeoutCause(c.Context, limit, timeIsUp{limit})
	}
	return context.WithCancel(c.Context)
}

// untilStopped ends with the first interrupt: for what only reads, there is
// nothing to finish.
func (a *app) untilStopped(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-a.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// reading is the context of a command that only reads.
func (a *app) reading(c *cli.Context) (context.Context, context.CancelFunc) {
	timed, cancel := withTimeout(c)
	ctx, stop := a.untilStopped(timed)
	return ctx, func() { stop(); cancel() }
}

func oneOf(c *cli.Context, flag string, allowed ...string) (string, error) {
	value := c.String(flag)
	if !slices.Contains(allowed, value) {
		return "", fmt.Errorf("--%s: %q is not one of %s%s", flag, value, strings.Join(allowed, ", "), didYouMean(value, allowed))
	}
	return value, nil
}

// noArguments refuses arguments that a command does not take.
func noArguments(c *cli.Context) error {
	if c.NArg() == 0 {
		return nil
	}
	hint := ""
	if find(c.Command.Flags, "file") != nil {
		hint = "; a spec is named with -f"
	}
	return fmt.Errorf("%s takes no argument, and got %q%s", c.Command.HelpName, c.Args().First(), hint)
}

// Definition returns the command line as data, for documentation.
func Definition() *cli.App {
	return (&app{services: services.All()}).define()
}
