package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"sync"

	"github.com/urfave/cli/v2"

	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/engine"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/services"
	"github.com/kiso-cli/kiso/pkg/spec"
)

// defaultSpec is the spec that is read unless -f names another.
const defaultSpec = "kiso.yaml"

var errNoFile = errors.New("-f names no file: write -f FILE, or leave it out for " + defaultSpec)

// specFlag names the spec file.
func specFlag() cli.Flag {
	return &cli.StringFlag{Name: "file", Aliases: []string{"f"}, Usage: "the spec `FILE`; - reads standard input", Value: defaultSpec}
}

// What a file may hold at most, far above any that a person or kiso writes: what
// never ends, such as /dev/zero, is not read for ever.
const (
	maxSpec     = 1 << 20
	maxAccounts = 8 << 20
	maxPlan     = 64 << 20
)

// readSpec decodes the spec that the command line names.
func (a *app) readSpec(c *cli.Context) (*spec.Spec, error) {
	name := c.String("file")
	if name == "" {
		return nil, errNoFile
	}
	data, err := a.readFile(name, maxSpec)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s: `kiso init` writes one, -f names another", name)
	}
	if err != nil {
		return nil, fmt.Errorf("the spec could not be read: %w", err)
	}
	return engine.Decode(a.services, name, data)
}

// warnOfNothing is for commands that show no plan, which says it too.
func (a *app) warnOfNothing(s *spec.Spec) {
	if len(s.Sections) == 0 {
		fmt.Fprintln(a.Err, "Warning: "+engine.NothingManaged)
	}
}

// readFile reads a file, or standard input, of at most limit bytes.
func (a *app) readFile(name string, limit int64) ([]byte, error) {
	if name == "-" {
		return readAtMost(a.In, "standard input", limit)
	}
	return readNamed(name, limit)
}

func readNamed(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAtMost(f, name, limit)
}

func readAtMost(r io.Reader, name string, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s holds more than %d MiB, which is the most that is read", name, limit>>20)
	}
	return data, err
}

// open signs in to the account that the command line and the spec mean.
func (a *app) open(ctx context.Context, c *cli.Context, homeRegion, wantAccount string) (*engine.Engine, error) {
	level := slog.LevelWarn
	if err := level.UnmarshalText([]byte(c.String("log-level"))); err != nil {
		return nil, fmt.Errorf("--log-level: %q is not one of debug, info, warn, error", c.String("log-level"))
	}
	if limit := c.Duration("timeout"); limit < 0 {
		return nil, fmt.Errorf("--timeout: %s is not a positive time", limit)
	}
	if c.IsSet("parallelism") && c.Int("parallelism") < 1 {
		return nil, fmt.Errorf("--parallelism: %d is not a positive number", c.Int("parallelism"))
	}
	if role := c.String("role-arn"); role != "" && !roleARN.MatchString(role) {
		return nil, fmt.Errorf("--role-arn: %q is not the ARN of a role, such as arn:aws:iam::123456789012:role/kiso", role)
	}
	heard := sync.OnceFunc(a.signsOfLife("signing in"))
	defer heard()
	options := awsx.Options{
		Profile: c.String("profile"), RoleARN: c.String("role-arn"), Region: homeRegion,
		Parallelism: c.Int("parallelism"), MFACode: a.mfaCode(heard),
		Log: slog.New(slog.NewTextHandler(a.Err, &slog.HandlerOptions{Level: level})),
	}
	if c.IsSet("sandbox") && c.String("sandbox") == "" {
		return nil, errors.New("--sandbox= names no file, and would mean the real account: write --sandbox=FILE, or --sandbox for one in memory")
	}
	if file := c.String("sandbox"); file != "" {
		account, err := newSandbox(file, homeRegion)
		if err != nil {
			return nil, err
		}
		cfg := account.Config(homeRegion)
		options.Base, options.Profile = &cfg, ""
		fmt.Fprintf(a.Err, "SANDBOX: simulated account %s; no call leaves this process\n", account.AccountID())
	}
	return engine.Open(ctx, a.services, a.version, options, wantAccount)
}

// roleARN is what the ARN of an IAM role looks like.
var roleARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/\S+$`)

// mfaCode asks for the code of an MFA device, after a call of first; nil where nobody
// can be asked.
func (a *app) mfaCode(first func()) func() (string, error) {
	if !a.InTerminal {
		return nil
	}
	return func() (string, error) {
		first()
		return a.ask("The code of the profile's MFA device: ")
	}
}

// planSpec reads the spec, signs in and plans. An interrupted plan is an error,
// so that nobody takes half of it for the whole.
func (a *app) planSpec(ctx context.Context, c *cli.Context) (*engine.Engine, *plan.Plan, error) {
	s, err := a.readSpec(c)
	if err != nil {
		return nil, nil, err
	}
	e, err := a.open(ctx, c, s.HomeRegion, s.AccountID)
	if err != nil {
		return nil, nil, err
	}
	heard := a.signsOfLife("reading the account")
	p, err := e.Plan(ctx, s)
	heard()
	if err != nil {
		return nil, nil, err
	}
	if ctx.Err() != nil {
		return nil, nil, fmt.Errorf("the account was not read to the end, nothing was changed: %w", cutShort(ctx))
	}
	return e, p, nil
}

// newSandbox makes the simulated account of the partition that region is in,
// kept in file unless that is inMemory.
func newSandbox(file, region string) (*sandbox.Account, error) {
	options := sandbox.Options{Partition: spec.PartitionOf(region)}
	if file == inMemory || file == "" {
		return sandbox.New(options, services.Simulators()...), nil
	}
	return sandbox.Open(file, options, services.Simulators()...)
}
