package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/engine"
	"github.com/kiso-cli/kiso/pkg/fleet"
	"github.com/kiso-cli/kiso/pkg/render"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/spec"
)

func (a *app) fleetCommand() *cli.Command {
	mode := func(m fleet.Mode, usage string, more ...cli.Flag) *cli.Command {
		return &cli.Command{
			Name: string(m), Usage: usage, OnUsageError: usageError,
			Flags:  append(fleetFlags(), more...),
			Action: func(c *cli.Context) error { return a.fleet(c, m) },
		}
	}
	return &cli.Command{
		Name:  "fleet",
		Usage: "do it in many accounts, through a role in each",
		Subcommands: []*cli.Command{
			mode(fleet.Plan, "show which accounts lack what; never writes",
				&cli.BoolFlag{Name: "detailed-exitcode", Usage: "exit 2 if there are changes", DisableDefaultText: true}),
			mode(fleet.Drift, "show what left the spec in which account, and who did it; exits 2 if anything did"),
			mode(fleet.Apply, "apply the spec to each account",
				&cli.BoolFlag{Name: "auto-approve", Usage: "do not ask", DisableDefaultText: true},
				&cli.StringSliceFlag{Name: "allow-irreversible", Usage: "allow the step at `ADDRESS` that cannot be undone, in every account; repeatable; or all"}),
		},
		Action: func(*cli.Context) error {
			return errors.New("kiso fleet needs a command: kiso fleet plan, kiso fleet drift, or kiso fleet apply")
		},
	}
}

func fleetFlags() []cli.Flag {
	return []cli.Flag{
		specFlag(),
		&cli.StringSliceFlag{Name: "account", Usage: "an account `ID`; repeatable"},
		&cli.StringFlag{Name: "accounts", Usage: "a `FILE` of accounts: a line each, \"ID NAME\", or a JSON list of {id, name}; - reads standard input"},
		&cli.BoolFlag{Name: "organization", Usage: "every active account of the organization", DisableDefaultText: true},
		&cli.StringSliceFlag{Name: "ou", Usage: "every active account in the organizational unit `ID` and below; repeatable"},
		&cli.StringFlag{Name: "role-name", Usage: "the `ROLE` to assume in each account", Value: "kiso"},
		&cli.StringFlag{Name: "external-id", Usage: "the external `ID` that the role asks for"},
		&cli.IntFlag{Name: "concurrency", Usage: "at most `N` accounts at once", Value: 10},
		&cli.StringFlag{Name: "results", Usage: "keep a JSON line an account in `FILE`; accounts in sync or applied by it are left out"},
		&cli.StringFlag{Name: "format", Usage: "print `FORMAT`: text, or json for a line an account", Value: "text"},
	}
}

func (a *app) fleet(c *cli.Context, mode fleet.Mode) error {
	if err := noArguments(c); err != nil {
		return err
	}
	format, err := oneOf(c, "format", "text", "json")
	if err != nil {
		return err
	}
	if mode == fleet.Apply && !c.Bool("auto-approve") && (!a.InTerminal || c.String("file") == "-" || c.String("accounts") == "-") {
		return errors.New("nobody can be asked here: use --auto-approve; nothing was read")
	}
	if n := c.Int("concurrency"); n < 1 {
		return fmt.Errorf("--concurrency: %d is not a positive number", n)
	}
	if err := a.checkAddresses(c.StringSlice("allow-irreversible")); err != nil {
		return err
	}
	if err := writable(c, "results", c.String("results")); err != nil {
		return err
	}
	s, err := a.readSpec(c)
	if err != nil {
		return err
	}
	if s.AccountID != "" {
		return fmt.Errorf("%s names account_id %s: a spec for a fleet names none", s.File, s.AccountID)
	}
	a.warnOfNothing(s)
	ctx, cancel := withTimeout(c)
	defer cancel()
	base, err := a.open(ctx, c, s.HomeRegion, "")
	if err != nil {
		return err
	}
	accounts, err := a.fleetAccounts(ctx, c, base, mode, s)
	if err != nil {
		return err
	}
	if mode == fleet.Apply && !c.Bool("auto-approve") && len(accounts) > 0 {
		if err := a.askYes(fmt.Sprintf("Apply %s to %d accounts?", s.File, len(accounts))); err != nil {
			return err
		}
	}
	return a.runFleet(ctx, c, fleetRun{base: base, spec: s, mode: mode, accounts: accounts, format: format})
}

type fleetRun struct {
	base     *engine.Engine
	spec     *spec.Spec
	mode     fleet.Mode
	accounts []awsx.Account
	format   string
}

func (a *app) runFleet(ctx context.Context, c *cli.Context, f fleetRun) error {
	report, done, err := a.fleetReport(c, f.format)
	if err != nil {
		return err
	}
	if f.mode == fleet.Apply {
		surviveClosedPipe()
	}
	defer a.announceStop()()
	summary := fleet.NewSummary()
	allowed := c.StringSlice("allow-irreversible")
	fleet.Run(ctx, fleet.Options{
		Accounts: f.accounts, Mode: f.mode, Spec: f.spec, Concurrency: c.Int("concurrency"), Stop: a.stop,
		Open: func(ctx context.Context, account awsx.Account) (*engine.Engine, error) {
			session, err := f.base.Session.AssumeInto(ctx, account.ID, c.String("role-name"), c.String("external-id"))
			if err != nil {
				return nil, err
			}
			return engine.New(session, a.services, a.version), nil
		},
		Approved: func(id resource.ID) bool {
			return slices.Contains(allowed, "all") || slices.Contains(allowed, id.String())
		},
		Done: func(r fleet.Result) { summary.Add(r); report(r) },
	})
	if err := done(); err != nil {
		return err
	}
	if f.format == "text" {
		render.NewText(a.Out, a.colour(c, a.OutTerminal)).FleetSummary(summary, c.String("results"))
	}
	switch detailed := f.mode == fleet.Drift || c.Bool("detailed-exitcode"); {
	case summary.Bad() > 0:
		return errSaid
	case detailed && summary.Pending() > 0:
		return errChanges
	default:
		return nil
	}
}

// fleetReport returns what each account's line goes to, and what ends it.
func (a *app) fleetReport(c *cli.Context, format string) (report func(fleet.Result), done func() error, err error) {
	text := render.NewText(a.Out, a.colour(c, a.OutTerminal))
	show := text.FleetLine
	if format == "json" {
		encoder := json.NewEncoder(a.Out)
		show = func(r fleet.Result) { _ = encoder.Encode(r) } // a reader that has gone away must not stop the fleet
	}
	name := c.String("results")
	if name == "" {
		return show, func() error { return nil }, nil
	}
	ledger, err := fleet.OpenLedger(name)
	if err != nil {
		return nil, nil, err
	}
	var failed error
	report = func(r fleet.Result) {
		show(r)
		failed = errors.Join(failed, ledger.Write(r))
	}
	return report, func() error { return errors.Join(failed, ledger.Close()) }, nil
}

// fleetAccounts lists the accounts that the command line means, without those
// that are done.
func (a *app) fleetAccounts(ctx context.Context, c *cli.Context, base *engine.Engine, mode fleet.Mode, s *spec.Spec) ([]awsx.Account, error) {
	accounts, err := a.listAccounts(ctx, c, base)
	if err != nil {
		return nil, err
	}
	name := c.String("results")
	if name == "" {
		return accounts, nil
	}
	remaining, err := fleet.Remaining(name, accounts, mode, s.Digest())
	if err != nil {
		return nil, fmt.Errorf("the results of the last run could not be read: %w", err)
	}
	if n := len(accounts) - len(remaining); n > 0 {
		fmt.Fprintf(a.Err, "%d of %d accounts ended well in %s and are left out\n", n, len(accounts), name)
	}
	return remaining, nil
}

func (a *app) listAccounts(ctx context.Context, c *cli.Context, base *engine.Engine) ([]awsx.Account, error) {
	ids, file := c.StringSlice("account"), c.String("accounts")
	units, all := c.StringSlice("ou"), c.Bool("organization")
	ways := 0
	for _, given := range []bool{len(ids) > 0, file != "", len(units) > 0, all} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		return nil, errors.New("which accounts? Give one of --account, --accounts, --organization or --ou")
	}
	switch {
	case len(ids) > 0:
		var list bytes.Buffer
		for _, id := range ids {
			fmt.Fprintln(&list, id)
		}
		return fleet.ReadAccounts(&list)
	case file != "":
		data, err := a.readFile(file, maxAccounts)
		if err != nil {
			return nil, fmt.Errorf("the list of accounts could not be read: %w", err)
		}
		accounts, err := fleet.ReadAccounts(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		return accounts, nil
	}
	accounts, err := base.Session.Accounts(ctx, units)
	if err != nil {
		return nil, errors.New("the organization's accounts could not be listed: " + awsx.Explain(err))
	}
	return accounts, nil
}
