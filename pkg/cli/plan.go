package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/render"
)

func (a *app) planCommand() *cli.Command {
	return &cli.Command{
		Name:  "plan",
		Usage: "read the account and show what would change; never writes to it",
		Flags: []cli.Flag{
			specFlag(),
			&cli.StringFlag{Name: "out", Usage: "save the plan to `PLAN`, to be applied exactly or not at all"},
			&cli.StringFlag{Name: "format", Usage: "print `FORMAT`: text or json", Value: "text"},
			&cli.BoolFlag{Name: "detailed-exitcode", Usage: "exit 2 if there are changes"},
		},
		Action: a.plan,
	}
}

func (a *app) plan(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	format, err := oneOf(c, "format", "text", "json")
	if err != nil {
		return err
	}
	ctx, cancel := withTimeout(c)
	defer cancel()
	ctx, cancel = a.untilStopped(ctx)
	defer cancel()
	_, p, err := a.planSpec(ctx, c)
	if err != nil {
		return err
	}
	next := "kiso apply"
	if out := c.String("out"); out != "" {
		if err := savePlan(p, out); err != nil {
			return err
		}
		next = "kiso apply " + out
		fmt.Fprintln(a.Err, "Saved the plan to "+out)
	}
	if err := a.show(c, p, format, c.String("file"), next); err != nil {
		return err
	}
	return verdict(p, c.Bool("detailed-exitcode"))
}

// show prints a plan in a format.
func (a *app) show(c *cli.Context, p *plan.Plan, format, source, next string) error {
	switch format {
	case "json":
		return p.Encode(a.Out)
	default:
		render.NewText(a.Out, a.colour(c, a.OutTerminal)).Plan(p, source, next)
		return nil
	}
}

// verdict is how a command that only reads ends.
func verdict(p *plan.Plan, detailed bool) error {
	switch summary := p.Summary(); {
	case summary.Blocked > 0:
		return errSaid
	case detailed && summary.Changes() > 0:
		return errChanges
	default:
		return nil
	}
}

// savePlan writes the plan for its owner alone, whole or not at all.
func savePlan(p *plan.Plan, name string) error {
	var b bytes.Buffer
	if err := p.Encode(&b); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(name), ".kiso-plan-*") // mode 0600
	if err != nil {
		return fmt.Errorf("the plan could not be saved: %w", err)
	}
	defer os.Remove(temporary.Name())
	if _, err := temporary.Write(b.Bytes()); err != nil {
		return fmt.Errorf("the plan could not be saved: %w", err)
	}
	if err := temporary.Close(); err != nil {
		return fmt.Errorf("the plan could not be saved: %w", err)
	}
	if err := os.Rename(temporary.Name(), name); err != nil {
		return fmt.Errorf("the plan could not be saved: %w", err)
	}
	return nil
}

// loadPlan reads a saved plan.
func loadPlan(name string) (*plan.Plan, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("the plan could not be read: %w", err)
	}
	defer f.Close()
	p, err := plan.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}
