// Package lambda is kiso as an AWS Lambda function: one invocation does one
// account, as the event says. It knows events, deadlines and where results go;
// the work is package fleet's.
package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	runtime "github.com/aws/aws-lambda-go/lambda"

	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/engine"
	"github.com/kiso-cli/kiso/pkg/fleet"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/spec"
)

// Event is what an invocation is asked to do. Everything may be left out.
type Event struct {
	Mode              fleet.Mode `json:"mode"`               // default: KISO_MODE, else drift
	AccountID         string     `json:"account_id"`         // default: the function's own account
	Spec              string     `json:"spec"`               // YAML; default: KISO_SPEC, else kiso.yaml beside the binary
	AllowIrreversible []string   `json:"allow_irreversible"` // addresses, or all; default: KISO_ALLOW_IRREVERSIBLE, by commas

	// The members of an EventBridge event of a recorded call, which asks for a
	// run because somebody touched a setting.
	DetailType string `json:"detail-type"`
	Detail     struct {
		EventName string `json:"eventName"`
		UserAgent string `json:"userAgent"`
		ErrorCode string `json:"errorCode"`
	} `json:"detail"`
}

// Function is the handler of invocations.
type Function struct {
	Services []*resource.Service
	Version  string
	Env      func(string) string
	Out      io.Writer // metrics, a JSON line each
	AWS      awsx.Options
}

// Running says whether this process was started by the Lambda runtime.
func Running() bool { return os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" }

// Start serves invocations until the runtime ends the process.
func Start(services []*resource.Service, version string) {
	f := &Function{
		Services: services, Version: version, Env: os.Getenv, Out: os.Stdout,
		AWS: awsx.Options{Log: slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))},
	}
	runtime.Start(f.Handle)
}

// How long before its deadline an invocation starts nothing new, and ends all so
// that the result is told: at most, and as a part of the time it has.
const (
	windDown, windDownPart = 30 * time.Second, 10
	lastWord, lastWordPart = 10 * time.Second, 20
)

// Handle does one invocation. The result is told to the topic and as metrics
// whatever comes of it; the error is a run that could not begin, for the
// runtime's own retries and dead-letter queue.
func (f *Function) Handle(ctx context.Context, e Event) (fleet.Result, error) {
	if f.own(e) {
		return fleet.Result{Outcome: fleet.InSync, Mode: fleet.Plan, Problems: []string{}, Drift: []string{"kiso's own call " + e.Detail.EventName + ": nothing to do"}}, nil
	}
	work, stop, cancel := deadlines(ctx)
	defer cancel()
	run, err := f.prepare(work, e)
	if err != nil {
		f.metrics(fleet.Result{AccountID: e.AccountID, Mode: f.mode(e), Outcome: fleet.Failed, Problems: []string{err.Error()}})
		return fleet.Result{}, err
	}
	run.options.Stop = stop
	result := run.options.Account(work, run.account)
	f.metrics(result)
	err = f.notify(ctx, run.base, result)
	if result.Outcome == fleet.Failed {
		err = errors.Join(err, errors.New(strings.Join(result.Problems, "; ")))
	}
	return result, err
}

// own says whether the event tells of a call that kiso made, or one that AWS
// refused: reacting to those would go on for ever.
func (f *Function) own(e Event) bool {
	return e.DetailType != "" && (strings.Contains(e.Detail.UserAgent, "app/kiso-") || e.Detail.ErrorCode != "")
}

// deadlines returns a context that ends, and a channel that closes, in good
// time before the invocation is killed.
func deadlines(ctx context.Context) (context.Context, <-chan struct{}, context.CancelFunc) {
	stop := make(chan struct{})
	end, ok := ctx.Deadline()
	if !ok {
		work, cancel := context.WithCancel(ctx)
		return work, stop, cancel
	}
	left := time.Until(end)
	work, cancel := context.WithTimeout(ctx, left-min(lastWord, left/lastWordPart))
	timer := time.AfterFunc(left-min(windDown, left/windDownPart), func() { close(stop) })
	return work, stop, func() { timer.Stop(); cancel() }
}

type run struct {
	base    *awsx.Session
	options fleet.Options
	account awsx.Account
}

// prepare reads the spec and signs in with the function's own role.
func (f *Function) prepare(ctx context.Context, e Event) (*run, error) {
	mode := f.mode(e)
	if !slices.Contains([]fleet.Mode{fleet.Plan, fleet.Drift, fleet.Apply}, mode) {
		return nil, fmt.Errorf("the event's mode is %q: want plan, drift or apply", mode)
	}
	s, err := f.readSpec(e)
	if err != nil {
		return nil, err
	}
	o := f.AWS
	o.Region, o.AppID = s.HomeRegion, "kiso-"+f.Version
	base, err := awsx.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	account := e.AccountID
	if account == "" {
		account = base.Identity.AccountID
	}
	if s.AccountID != "" && s.AccountID != account {
		return nil, fmt.Errorf("wrong account: the spec is for %s, and the run is for %s; nothing was read or changed", s.AccountID, account)
	}
	allowed := f.allowed(e)
	return &run{base: base, account: awsx.Account{ID: account}, options: fleet.Options{
		Mode: mode, Spec: s,
		Open: func(ctx context.Context, a awsx.Account) (*engine.Engine, error) {
			session, err := base.AssumeInto(ctx, a.ID, f.roleName(), f.Env("KISO_EXTERNAL_ID"))
			if err != nil {
				return nil, err
			}
			return engine.New(session, f.Services, f.Version), nil
		},
		Approved: func(id resource.ID) bool {
			return slices.Contains(allowed, "all") || slices.Contains(allowed, id.String())
		},
	}}, nil
}

func (f *Function) mode(e Event) fleet.Mode {
	switch {
	case e.Mode != "":
		return e.Mode
	case f.Env("KISO_MODE") != "":
		return fleet.Mode(f.Env("KISO_MODE"))
	default:
		return fleet.Drift
	}
}

func (f *Function) roleName() string {
	if name := f.Env("KISO_ROLE_NAME"); name != "" {
		return name
	}
	return "kiso"
}

func (f *Function) allowed(e Event) []string {
	if e.AllowIrreversible != nil {
		return e.AllowIrreversible
	}
	return strings.FieldsFunc(f.Env("KISO_ALLOW_IRREVERSIBLE"), func(r rune) bool { return r == ',' })
}

// readSpec takes the spec from the event, the environment, or the file that was
// packed with the binary.
func (f *Function) readSpec(e Event) (*spec.Spec, error) {
	switch {
	case e.Spec != "":
		return engine.Decode(f.Services, "event.spec", []byte(e.Spec))
	case f.Env("KISO_SPEC") != "":
		return engine.Decode(f.Services, "KISO_SPEC", []byte(f.Env("KISO_SPEC")))
	}
	name := filepath.Join(f.Env("LAMBDA_TASK_ROOT"), "kiso.yaml")
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("no spec: put it in the event, in KISO_SPEC, or in kiso.yaml beside the binary: %w", err)
	}
	return engine.Decode(f.Services, "kiso.yaml", data)
}

// notify tells the topic of a result that somebody should see.
func (f *Function) notify(ctx context.Context, session *awsx.Session, r fleet.Result) error {
	topic := f.Env("KISO_TOPIC_ARN")
	if topic == "" || r.Outcome == fleet.InSync && f.Env("KISO_NOTIFY") != "always" {
		return nil
	}
	message, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	subject := fmt.Sprintf("kiso %s %s: %s", r.Mode, r.AccountID, strings.ReplaceAll(string(r.Outcome), "_", " "))
	if err := session.Publish(ctx, topic, subject, string(message)); err != nil {
		return fmt.Errorf("the result could not be sent to %s: %s", topic, awsx.Explain(err))
	}
	return nil
}
