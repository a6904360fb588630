package cli

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/kiso-cli/kiso/pkg/plan"
)

func (a *app) planCommand() *cli.Command {
	return &cli.Command{
		Name:  "plan",
		Usage: "read the account and show what would change; never writes to it",
		Flags: append([]cli.Flag{
			specFlag(),
			&cli.StringFlag{Name: "out", Usage: "save the plan to `PLAN`, to be applied exactly or not at all"},
			&cli.BoolFlag{Name: "detailed-exitcode", Usage: "exit 2 if there are changes", DisableDefaultText: true},
		}, formatFlags()...),
		Action: a.plan,
	}
}

func (a *app) plan(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	if out := c.String("out"); c.IsSet("out") && (out == "" || out == c.String("file")) {
		return fmt.Errorf("--out: %q is no place for the plan: name a file of its own", out)
	}
	if err := writable(c, "out", c.String("out")); err != nil {
		return err
	}
	report, err := a.reporter(c, c.String("out"))
	if err != nil {
		return err
	}
	ctx, cancel := a.reading(c)
	defer cancel()
	_, p, err := a.planSpec(ctx, c)
	if err != nil {
		return err
	}
	out := c.String("out")
	if out != "" {
		if err := savePlan(p, out); err != nil {
			return err
		}
		fmt.Fprintln(a.Err, "Saved the plan to "+out)
	}
	if err := report.write(p, applyCommandLine(c, out)); err != nil {
		return err
	}
	return verdict(p, c.Bool("detailed-exitcode"), c.String("format"))
}

// verdict is how a command that only reads ends. What is printed as text says
// itself that it is incomplete.
func verdict(p *plan.Plan, detailed bool, format string) error {
	switch summary := p.Summary(); {
	case summary.Blocked > 0 && format == "text":
		return errSaid
	case summary.Blocked > 0:
		return fmt.Errorf("the account was not read whole: %d of %d resources are blocked, the output says why", summary.Blocked, len(p.Changes))
	case detailed && summary.Changes() > 0:
		return errChanges
	default:
		return nil
	}
}

// savePlan writes the plan for its owner alone, whole or not at all.
func savePlan(p *plan.Plan, name string) error {
	if err := writeFile(name, p.Encode); err != nil {
		return fmt.Errorf("the plan could not be saved: %w", err)
	}
	return nil
}

// loadPlan reads a saved plan.
func loadPlan(name string) (*plan.Plan, error) {
	if name == "-" {
		return nil, errors.New("the plan could not be read: - is no file here: name one; ./- if it is called so")
	}
	data, err := readNamed(name, maxPlan)
	if err != nil {
		return nil, fmt.Errorf("the plan could not be read: %w", err)
	}
	p, err := plan.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}
