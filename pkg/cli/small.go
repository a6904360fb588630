package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/spec"
)

func (a *app) validateCommand() *cli.Command {
	return &cli.Command{
		Name:  "validate",
		Usage: "check the spec alone; makes no call",
		Flags: []cli.Flag{specFlag()},
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			s, err := a.readSpec(c)
			if err != nil {
				return err
			}
			a.warnOfNothing(s)
			sections := slices.Sorted(maps.Keys(s.Sections))
			fmt.Fprintf(a.Out, "%s is valid: home region %s; sections: %s.\n", c.String("file"), s.HomeRegion, cmp.Or(strings.Join(sections, ", "), "none"))
			return nil
		},
	}
}

func (a *app) showCommand() *cli.Command {
	return &cli.Command{
		Name:      "show",
		Usage:     "print a saved plan as plan printed it",
		ArgsUsage: "PLAN",
		Flags:     formatFlags(),
		Action: func(c *cli.Context) error {
			report, err := a.reporter(c, c.Args().First())
			if err != nil {
				return err
			}
			if c.NArg() != 1 {
				return errors.New("kiso show takes one argument, the plan; see kiso show --help")
			}
			p, err := loadPlan(c.Args().First())
			if err != nil {
				return err
			}
			return report.write(p, applyCommandLine(c, c.Args().First()))
		},
	}
}

func (a *app) versionCommand() *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print what this binary is",
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			revision := "unknown"
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						revision = s.Value
					}
				}
			}
			fmt.Fprintf(a.Out, "kiso %s (revision %s, %s, %s/%s)\n", a.version, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
}

func (a *app) sandboxCommand() *cli.Command {
	return &cli.Command{
		Name:  "sandbox",
		Usage: "serve the simulated account on loopback, for the AWS CLI, an SDK or kiso, until interrupted",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "listen", Usage: "the loopback `ADDRESS` to listen on", Value: "127.0.0.1:4566"},
			&cli.StringFlag{Name: "state", Usage: "keep the account in this `FILE`"},
			&cli.StringFlag{Name: "region", Usage: "a `REGION` of the partition to simulate", Value: "us-east-1"},
		},
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			if c.IsSet("sandbox") {
				return errors.New("--sandbox is not for serving: name the file of the account with kiso sandbox --state FILE")
			}
			if spec.PartitionOf(c.String("region")) == "" {
				return fmt.Errorf("--region: %q is no region%s", c.String("region"), didYouMean(c.String("region"), spec.Regions()))
			}
			account, err := newSandbox(c.String("state"), c.String("region"))
			if err != nil {
				return err
			}
			ctx, cancel := a.untilStopped(c.Context)
			defer cancel()
			return account.Listen(ctx, c.String("listen"), func(endpoint string) { a.announce(account, endpoint) })
		},
	}
}

func (a *app) announce(account *sandbox.Account, endpoint string) {
	fmt.Fprintf(a.Err, "SANDBOX: simulated account %s at %s (interrupt to stop)\n", account.AccountID(), endpoint)
	fmt.Fprintf(a.Err, "  export AWS_ENDPOINT_URL=%s AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test\n", endpoint)
}

func (a *app) initCommand() *cli.Command {
	return &cli.Command{
		Name:  "init",
		Usage: "write a commented starter kiso.yaml; refuses to overwrite",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "home-region", Usage: "the `REGION` where trail, buckets and aggregator live", Value: "us-east-1"},
			specFlag(),
		},
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			if c.String("file") == "" {
				return errNoFile
			}
			region := c.String("home-region")
			if spec.PartitionOf(region) == "" {
				return fmt.Errorf("--home-region: %q is no region%s", region, didYouMean(region, spec.Regions()))
			}
			return a.writeStarter(c.String("file"), region)
		},
	}
}

func (a *app) writeStarter(name, region string) error {
	text := starter(region)
	if name == "-" {
		_, err := fmt.Fprint(a.Out, text)
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already and is left as it is; -f names another file", name)
	}
	if err != nil {
		return fmt.Errorf("the spec could not be written: %w", err)
	}
	if _, err := f.WriteString(text); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	fmt.Fprintf(a.Out, "Wrote %s for the home region %s (--home-region names another).\nNext: take the # off root_login_alarm and emails, put your address there,\nand run: kiso plan%s\n", name, region, specArgument(name))
	return nil
}
