package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/urfave/cli/v2"

	"github.com/kiso-cli/kiso/pkg/policy"
)

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

func (a *app) policyCommand() *cli.Command {
	return &cli.Command{
		Name:  "policy",
		Usage: "print the least-privilege IAM policy (JSON) of a role that runs kiso",
		Subcommands: []*cli.Command{
			a.policyRole(policy.Plan, "for plan and drift: reads only"),
			a.policyRole(policy.Apply, "for apply: the same reads, and writes"),
		},
		Action: func(*cli.Context) error {
			return errors.New("kiso policy needs a role: kiso policy plan, or kiso policy apply")
		},
	}
}

func (a *app) policyRole(role policy.Role, usage string) *cli.Command {
	return &cli.Command{
		Name:  string(role),
		Usage: usage,
		Description: "The policy covers the sections of the spec: kiso.yaml if it is there, else all services.\n" +
			"Where the spec includes regions by name, regional actions are allowed in those alone.\n" +
			"cloudtrail:LookupEvents is for naming who changed what: in kiso drift, and of a stale plan.",
		Flags: []cli.Flag{
			specFlag(),
			&cli.BoolFlag{Name: "all", Usage: "cover all services, whatever the spec names", DisableDefaultText: true},
			&cli.StringFlag{Name: "for", Usage: "cover the saved plan `PLAN` alone"},
			&cli.StringFlag{Name: "account", Usage: "the `ACCOUNT` that ARNs name (default: account_id of the spec, or any)"},
			&cli.StringFlag{Name: "split", Usage: "write policies that each fit a managed policy to the folder `DIR`, as policy-1.json and so on"},
		},
		OnUsageError: usageError,
		Action:       func(c *cli.Context) error { return a.policy(c, role) },
	}
}

func (a *app) policy(c *cli.Context, role policy.Role) error {
	if err := noArguments(c); err != nil {
		return err
	}
	scope, err := a.policyScope(c, role)
	if err != nil {
		return err
	}
	document := policy.Make(role, scope)
	if dir := c.String("split"); dir != "" {
		return a.writePolicies(document, dir)
	}
	if size := document.Size(); size > policy.ManagedLimit {
		return fmt.Errorf("the policy is %d characters long, and IAM takes %d in a managed policy: --split DIR writes several, all to be attached to the role (as inline policies they may have %d together)",
			size, policy.ManagedLimit, policy.InlineLimit)
	}
	return document.Encode(a.Out)
}

// policyScope says what the policy has to cover.
func (a *app) policyScope(c *cli.Context, role policy.Role) (policy.Scope, error) {
	scope, err := a.namedScope(c, role)
	if err != nil {
		return policy.Scope{}, err
	}
	switch account := c.String("account"); {
	case account == "":
	case !accountID.MatchString(account):
		return policy.Scope{}, fmt.Errorf("--account: %q is not an account id, 12 digits", account)
	case scope.AccountID != "" && scope.AccountID != account:
		return policy.Scope{}, fmt.Errorf("--account: the spec or plan is for %s, not for %s", scope.AccountID, account)
	default:
		scope.AccountID = account
	}
	return scope, nil
}

func (a *app) namedScope(c *cli.Context, role policy.Role) (policy.Scope, error) {
	if named := chosen(c, "all", "for", "file"); len(named) > 1 {
		return policy.Scope{}, fmt.Errorf("--%s and --%s exclude each other", named[0], named[1])
	}
	if c.IsSet("for") {
		p, err := loadPlan(c.String("for"))
		if err != nil {
			return policy.Scope{}, err
		}
		return policy.ForPlan(a.services, p, role)
	}
	if !c.IsSet("file") {
		_, err := os.Stat(c.String("file"))
		if c.Bool("all") || errors.Is(err, fs.ErrNotExist) {
			return policy.ForAll(a.services, "aws"), nil
		}
		fmt.Fprintf(a.Err, "Covering the sections of %s; --all covers all services.\n", c.String("file"))
	}
	s, err := a.readSpec(c)
	if err != nil {
		return policy.Scope{}, err
	}
	return policy.ForSpec(a.services, s), nil
}

// chosen returns which of the flags stand on the command line.
func chosen(c *cli.Context, flags ...string) []string {
	var set []string
	for _, f := range flags {
		if c.IsSet(f) {
			set = append(set, f)
		}
	}
	return set
}

func (a *app) writePolicies(document *policy.Document, dir string) error {
	parts, err := document.Split(policy.ManagedLimit)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("the policies could not be written: %w", err)
	}
	for i, part := range parts {
		var b bytes.Buffer
		if err := part.Encode(&b); err != nil {
			return err
		}
		name := filepath.Join(dir, fmt.Sprintf("policy-%d.json", i+1))
		if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
			return fmt.Errorf("the policies could not be written: %w", err)
		}
		fmt.Fprintln(a.Out, name)
	}
	return nil
}
