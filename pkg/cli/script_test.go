package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsguardduty "github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kiso-cli/kiso/pkg/cli"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/guardduty"
	"github.com/kiso-cli/kiso/pkg/sandbox/organizations"
	"github.com/kiso-cli/kiso/pkg/services"
)

// TestMain lets this test binary be kiso in scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"kiso": func() {
		os.Exit(cli.Run(context.Background(), nil, os.Args, cli.System(), "1.2.3"))
	}})
}

// TestScripts runs the scripts in testdata: whole command lines, each a process
// of its own. Beside testscript's commands they have those of scriptCommands.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", Cmds: scriptCommands, Setup: func(e *testscript.Env) error {
		e.Setenv("AWS_EC2_METADATA_DISABLED", "true")
		e.Values[accountOf{}] = new(*sandbox.Account)
		return nil
	}})
}

var scriptCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"account": newAccount, "atmost": atMost, "calls": countCalls, "disable": disable, "writes": countWrites, "exit": exitCode, "found": foundOrganization,
	"json": isJSON, "lastline": lastLine, "mode": hasMode, "sed": substitute, "tamper": tamper,
}

// account [ID [everywhere]]: serves a new simulated account on loopback, with
// every region on if asked for, and signs in to it.
func newAccount(ts *testscript.TestScript, _ bool, args []string) {
	options := sandbox.Options{}
	if len(args) > 0 {
		options.AccountID = args[0]
	}
	if len(args) > 1 {
		options.Regions = map[string]string{}
		for region := range sandbox.DefaultRegions("aws") {
			options.Regions[region] = sandbox.Enabled
		}
	}
	account := sandbox.New(options, services.Simulators()...)
	server := httptest.NewServer(account)
	ts.Defer(server.Close)
	ts.Setenv("AWS_ENDPOINT_URL", server.URL)
	ts.Setenv("AWS_ACCESS_KEY_ID", "test")
	ts.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	*ts.Value(accountOf{}).(**sandbox.Account) = account
}

// accountOf is the key of a script's account, see newAccount.
type accountOf struct{}

func account(ts *testscript.TestScript) *sandbox.Account {
	return *ts.Value(accountOf{}).(**sandbox.Account)
}

// calls N: the account was called N times since it was last asked.
func countCalls(ts *testscript.TestScript, neg bool, args []string) {
	count(ts, neg, args, account(ts).Calls())
}

// writes N: the account was written to N times since it was last asked.
func countWrites(ts *testscript.TestScript, neg bool, args []string) {
	count(ts, neg, args, account(ts).Writes())
}

func count(ts *testscript.TestScript, neg bool, args []string, calls []sandbox.Call) {
	want, err := strconv.Atoi(strings.Join(args, " "))
	ts.Check(err)
	if (len(calls) == want) == neg {
		ts.Fatalf("%d calls: %+v", len(calls), calls)
	}
	account(ts).ResetCalls()
}

// tamper REGION [frequency]: switches a GuardDuty detector off behind kiso's
// back, or lets it publish more rarely.
func tamper(ts *testscript.TestScript, _ bool, args []string) {
	guardduty.Edit(account(ts), args[0], func(s *guardduty.State) {
		if len(args) > 1 {
			s.Detector.Frequency = "SIX_HOURS"
		} else {
			s.Detector.Enabled = false
		}
	})
}

// atmost FILE N: the file has at most N bytes.
func atMost(ts *testscript.TestScript, _ bool, args []string) {
	most, err := strconv.Atoi(args[1])
	ts.Check(err)
	if n := len(ts.ReadFile(args[0])); n > most {
		ts.Fatalf("%s has %d bytes, more than %d", args[0], n, most)
	}
}

// disable REGION USER: USER switches a GuardDuty detector off, which goes on record.
func disable(ts *testscript.TestScript, _ bool, args []string) {
	region, user := args[0], args[1]
	cfg := account(ts).Config(region)
	cfg.Credentials = credentials.NewStaticCredentialsProvider("AKIA"+strings.ToUpper(user), "secret", "")
	id := guardduty.Get(account(ts), region).Detector.ID
	_, err := awsguardduty.NewFromConfig(cfg).UpdateDetector(context.Background(), &awsguardduty.UpdateDetectorInput{DetectorId: &id, Enable: aws.Bool(false)})
	ts.Check(err)
}

// found: founds an organization: the account, in ou-team below ou-all, and one
// that is suspended.
func foundOrganization(ts *testscript.TestScript, _ bool, _ []string) {
	organizations.Edit(account(ts), func(s *organizations.State) {
		s.Units = []organizations.Unit{{ID: "ou-all", Parent: "r-root"}, {ID: "ou-team", Parent: "ou-all"}, {ID: "ou-empty", Parent: "r-root"}}
		s.Accounts = []organizations.Account{
			{ID: account(ts).AccountID(), Name: "prod", Status: "ACTIVE", Parent: "ou-team"},
			{ID: "999999999999", Name: "closed", Status: "SUSPENDED", Parent: "ou-team"},
		}
	})
}

// exit CODE COMMAND...: the command exits with this code.
func exitCode(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var failed *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &failed) {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%v: exit code %d, not %d", args[1:], got, want)
	}
}

// sed FILE OLD NEW TO: copies FILE to TO with NEW in the place of OLD.
func substitute(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 4 {
		ts.Fatalf("sed FILE OLD NEW TO")
	}
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s has no %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[3]), []byte(strings.ReplaceAll(text, args[1], args[2])), 0o600))
}

// json FILE: it holds one JSON document.
func isJSON(ts *testscript.TestScript, neg bool, args []string) {
	if json.Valid([]byte(ts.ReadFile(args[0]))) == neg {
		ts.Fatalf("%s: JSON is %v", args[0], !neg)
	}
}

// lastline FILE PATTERN: its last line matches.
func lastLine(ts *testscript.TestScript, neg bool, args []string) {
	lines := bytes.Split(bytes.TrimSpace([]byte(ts.ReadFile(args[0]))), []byte("\n"))
	last := lines[len(lines)-1]
	if regexp.MustCompile(args[1]).Match(last) == neg {
		ts.Fatalf("the last line is %s", last)
	}
}

// mode FILE MODE: its permissions, in octal.
func hasMode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[1] {
		ts.Fatalf("%s has mode %s", args[0], got)
	}
}
