package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"

	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/engine"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/render"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/spec"
)

func (a *app) applyCommand() *cli.Command {
	return &cli.Command{
		Name:      "apply",
		Usage:     "plan, show the plan, ask, apply and read back; or apply a saved PLAN exactly",
		ArgsUsage: "[PLAN]",
		Flags: []cli.Flag{
			specFlag(),
			&cli.BoolFlag{Name: "auto-approve", Usage: "do not ask", DisableDefaultText: true},
			&cli.StringSliceFlag{Name: "allow-irreversible", Usage: "allow the step at `ADDRESS` that cannot be undone; repeatable; or all"},
			&cli.StringFlag{Name: "format", Usage: "print `FORMAT`: text, or json for one event a line", Value: "text"},
		},
		Action: a.apply,
	}
}

func (a *app) apply(c *cli.Context) error {
	format, err := oneOf(c, "format", "text", "json")
	if err != nil {
		return err
	}
	surviveClosedPipe()
	out := a.applyRenderer(c, format)
	err = a.checkApply(c)
	if err == nil {
		err = a.planAndApply(c, out)
	}
	if err != nil && !errors.Is(err, errSaid) {
		out.Error(err)
	}
	return err
}

// checkApply refuses a command line that says two things, or that wants somebody
// to be asked where nobody can be.
func (a *app) checkApply(c *cli.Context) error {
	saved := savedPlanNamed(c)
	switch {
	case c.NArg() > 1:
		return fmt.Errorf("kiso apply takes one plan, and got %d", c.NArg())
	case saved && c.IsSet("file"):
		return errors.New("-f and a saved plan exclude each other: the plan holds all that is applied")
	case !saved && !c.Bool("auto-approve") && (!a.InTerminal || c.String("file") == "-"):
		return errors.New("nobody can be asked here: use --auto-approve, or plan --out PLAN and apply PLAN; nothing was read")
	}
	return a.checkAddresses(c.StringSlice("allow-irreversible"))
}

// checkAddresses refuses an approval that can name nothing in any plan.
func (a *app) checkAddresses(allowed []string) error {
	var kinds []string
	for _, s := range a.services {
		for _, k := range s.Kinds {
			kinds = append(kinds, string(k.Name()))
		}
	}
	for _, address := range allowed {
		if address == "all" {
			continue
		}
		if err := checkAddress(address, kinds); err != nil {
			return fmt.Errorf("--allow-irreversible: %w", err)
		}
	}
	return nil
}

func checkAddress(address string, kinds []string) error {
	var id resource.ID
	if err := id.UnmarshalText([]byte(address)); err != nil {
		return err
	}
	kind, scope := string(id.Kind), string(id.Scope)
	switch {
	case !slices.Contains(kinds, kind):
		return fmt.Errorf("there is no kind %q%s", kind, didYouMean(kind, kinds))
	case id.Scope != resource.Global && spec.PartitionOf(scope) == "":
		return fmt.Errorf("%q is no region%s", scope, didYouMean(scope, spec.Regions()))
	}
	return nil
}

// savedPlanNamed says whether a saved plan is to be applied, not a spec.
func savedPlanNamed(c *cli.Context) bool { return c.NArg() > 0 }

func (a *app) planAndApply(c *cli.Context, out render.Apply) error {
	ctx, cancel := withTimeout(c)
	defer cancel()
	reading, done := a.untilStopped(ctx)
	defer done()
	e, p, err := a.planToApply(reading, c, out)
	if err != nil {
		return err
	}
	approved, err := a.approve(c, p)
	if err != nil {
		return err
	}
	defer a.announceStop()()
	result, err := e.Apply(ctx, p, apply.Options{
		Exact: savedPlanNamed(c), Approved: approved, Stop: a.stop, Events: out.Event, Workers: c.Int("parallelism"),
	})
	if err != nil {
		return err
	}
	out.Result(p, result)
	if result.Err() != nil || p.Summary().Blocked > 0 {
		return errSaid
	}
	return nil
}

// announceStop says at the first interrupt, while changes are under way, what comes
// of it. The function that it returns ends that.
func (a *app) announceStop() func() {
	done := make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() {
		select {
		case <-a.stop:
			fmt.Fprintln(a.Err, "Interrupted: what has begun is finished, nothing else is started. Interrupt again to end at once.")
		case <-done:
		}
	})
	return func() { close(done); ended.Wait() }
}

func (a *app) applyRenderer(c *cli.Context, format string) render.Apply {
	if format == "json" {
		return render.NewJSONLines(a.Out, a.version)
	}
	return render.NewApplyText(a.Out, a.Err, a.colour(c, a.OutTerminal), a.colour(c, a.ErrTerminal))
}

// planToApply returns the saved plan, or makes one and shows it.
func (a *app) planToApply(ctx context.Context, c *cli.Context, out render.Apply) (*engine.Engine, *plan.Plan, error) {
	if savedPlanNamed(c) {
		return a.savedPlan(ctx, c, out)
	}
	e, p, err := a.planSpec(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	out.Plan(p, c.String("file"))
	return e, p, nil
}

// savedPlan opens the account that a saved plan is for, and refuses the plan
// whole if what it was made of has moved.
func (a *app) savedPlan(ctx context.Context, c *cli.Context, out render.Apply) (*engine.Engine, *plan.Plan, error) {
	name := c.Args().First()
	p, err := loadPlan(name)
	if err != nil {
		return nil, nil, err
	}
	e, err := a.open(ctx, c, p.HomeRegion, p.AccountID)
	if err != nil {
		return nil, nil, err
	}
	heard := a.signsOfLife("comparing the account with " + name)
	stale, err := e.Stale(ctx, p)
	heard()
	if err == nil && ctx.Err() != nil {
		err = fmt.Errorf("the account was not compared with %s to the end, nothing was changed: %w", name, cutShort(ctx))
	}
	if err != nil {
		return nil, nil, err
	}
	if stale.Err() != nil {
		return nil, nil, staleError(name, stale)
	}
	out.Plan(p, name)
	return e, p, nil
}

// staleError says of a saved plan what of it does not hold any more.
func staleError(name string, stale *apply.Result) error {
	text := name + " is stale, nothing was changed; plan again"
	for _, step := range stale.Steps {
		text += fmt.Sprintf("\n  %s: %s", step.ID, step.Reason)
		for _, e := range step.Movers {
			text += "\n    by " + e.String()
		}
	}
	return errors.New(text)
}

// approve asks for what must be approved and returns who may be irreversible.
func (a *app) approve(c *cli.Context, p *plan.Plan) (func(resource.ID) bool, error) {
	allowed := c.StringSlice("allow-irreversible")
	if err := checkAllowed(allowed, p); err != nil {
		return nil, err
	}
	ask := a.InTerminal && !c.Bool("auto-approve")
	if ask && !savedPlanNamed(c) && p.Summary().Changes() > 0 {
		if err := a.askYes("Make these changes?"); err != nil {
			return nil, err
		}
	}
	for _, change := range p.Changes {
		address := change.ID.String()
		if !ask || !change.Irreversible() || slices.Contains(allowed, address) || slices.Contains(allowed, "all") {
			continue
		}
		question := fmt.Sprintf("%s cannot be undone: %s.\nType the address to approve this step, or press Enter to leave it out: ", address, change.Irrevocable())
		answer, err := a.ask(question)
		if err != nil {
			return nil, err
		}
		if answer == address {
			allowed = append(allowed, address)
		}
	}
	return func(id resource.ID) bool {
		return slices.Contains(allowed, "all") || slices.Contains(allowed, id.String())
	}, nil
}

// checkAllowed refuses an approval that names nothing in the plan: a mistyped
// address must not pass for one.
func checkAllowed(allowed []string, p *plan.Plan) error {
	var addresses []string
	for _, change := range p.Changes {
		addresses = append(addresses, change.ID.String())
	}
	for _, address := range allowed {
		if address != "all" && !slices.Contains(addresses, address) {
			return fmt.Errorf("--allow-irreversible: the plan has no %q%s; nothing was changed", address, didYouMean(address, addresses))
		}
	}
	return nil
}

// askYes asks whether to begin; the error is that nobody said yes.
func (a *app) askYes(question string) error {
	answer, err := a.ask(question + " Only yes is taken as approval: ")
	if err == nil && answer != "yes" {
		err = errors.New("not approved; nothing was changed")
	}
	return err
}

// ask returns the answer to a question, "" where the input ends. An interrupt ends
// the wait for it, which is the error.
func (a *app) ask(question string) (string, error) {
	fmt.Fprint(a.Err, "\n"+question)
	answer := make(chan string, 1)
	go func() {
		line, _ := a.input().ReadString('\n') // what stands before an end of the input counts
		answer <- strings.TrimSpace(line)
	}()
	select {
	case line := <-answer:
		return line, nil
	case <-a.stop:
		fmt.Fprintln(a.Err)
		return "", errors.New("interrupted; nothing was changed")
	}
}

// input reads the terminal through one buffer, however many questions there are.
func (a *app) input() *bufio.Reader {
	if a.answers == nil {
		a.answers = bufio.NewReader(a.In)
	}
	return a.answers
}
