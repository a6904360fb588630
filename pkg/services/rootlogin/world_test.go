package rootlogin_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/events"
	"github.com/kiso-cli/kiso/pkg/sandbox/sns"
	"github.com/kiso-cli/kiso/pkg/sandbox/sts"
	"github.com/kiso-cli/kiso/pkg/services/rootlogin"
)

const (
	home   = "ap-northeast-1"
	global = "us-east-1"

	security = "security@example.com"
	boss     = "boss@example.com"

	topicName = "kiso-root-login"
	loginRule = "kiso-root-login"
	usageRule = "kiso-root-api-usage"
)

// world is an account with the alarm as its only wish.
type world struct {
	t       *testing.T
	acct    *sandbox.Account
	session *awsx.Session
	section *rootlogin.Section
	input   resource.Input
}

// in runs test in a world of its own where time costs nothing.
func in(t *testing.T, o sandbox.Options, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(newWorld(t, o)) })
}

func newWorld(t *testing.T, o sandbox.Options) *world {
	t.Helper()
	w := &world{t: t, acct: sandbox.New(o, events.New(), sns.New(), sts.New())}
	w.section = rootlogin.Service.New().(*rootlogin.Section)
	w.section.Emails = []string{security}
	for region, status := range sandbox.DefaultRegions(w.acct.Partition()) {
		if status == sandbox.EnabledByDefault {
			w.input.Regions = append(w.input.Regions, region)
		}
	}
	slices.Sort(w.input.Regions)
	w.input.HomeRegion = w.input.Regions[0]
	cfg := w.acct.Config(w.input.HomeRegion)
	session, err := awsx.Open(t.Context(), awsx.Options{Region: w.input.HomeRegion, Base: &cfg})
	require.NoError(t, err)
	w.session = session
	w.input.Identity, w.input.Partition = session.Identity, session.Partition()
	w.input.Tags = map[string]string{"managed-by": "kiso", "team": "security"}
	w.acct.ResetCalls()
	return w
}

func (w *world) expand() *resource.Declaration {
	d := &resource.Declaration{}
	w.section.Expand(w.input, d)
	return d
}

// plan makes a plan, and makes sure that this writes nothing.
func (w *world) plan() []resource.Change {
	w.t.Helper()
	before := len(w.acct.Writes())
	changes, err := plan.Build(w.t.Context(), resource.Env{Session: w.session, Reads: reads.New()}, w.expand().Resources)
	require.NoError(w.t, err)
	require.Len(w.t, w.acct.Writes(), before, "a plan writes nothing")
	return changes
}

func (w *world) apply(changes []resource.Change) *apply.Result {
	w.t.Helper()
	result, err := apply.Run(w.t.Context(), changes, apply.Options{
		Session: w.session, Registry: resource.NewRegistry([]*resource.Service{rootlogin.Service}),
	})
	require.NoError(w.t, err)
	return result
}

// settle brings the account to the spec.
func (w *world) settle() {
	w.t.Helper()
	require.NoError(w.t, w.apply(w.plan()).Err())
	w.inSync()
}

// inSync says that a plan finds nothing to do.
func (w *world) inSync() {
	w.t.Helper()
	for _, c := range w.plan() {
		assert.Equal(w.t, resource.None, c.Action, "%s: %s %v", c.ID, c.Reason, c.Fields)
	}
}

// drifted returns the differences that a plan finds, as address: path.
func (w *world) drifted() []string {
	w.t.Helper()
	found := []string{}
	for _, c := range w.plan() {
		for _, f := range c.Fields {
			found = append(found, fmt.Sprintf("%s: %s", c.ID, f.Path))
		}
	}
	return found
}

// actions counts what a plan means to do.
func (w *world) actions() map[resource.Action]int {
	w.t.Helper()
	n := map[resource.Action]int{}
	for _, c := range w.plan() {
		n[c.Action]++
	}
	return n
}

func (w *world) arn(service, region, name string) string {
	return w.input.Identity.ARN(service, region, name)
}

func (w *world) mails(region, address string) int { return sns.Get(w.acct, region).Mails[address] }

func (w *world) rule(region, name string) *events.Rule { return events.Get(w.acct, region).Rules[name] }

func (w *world) topic(region string) *sns.Topic { return sns.Get(w.acct, region).Topics[topicName] }

func (w *world) editRule(region, name string, change func(*events.Rule)) {
	events.Edit(w.acct, region, func(s *events.State) { change(s.Rules[name]) })
}

func (w *world) editTopic(region string, change func(*sns.Topic)) {
	sns.Edit(w.acct, region, func(s *sns.State) { change(s.Topics[topicName]) })
}

// find returns the change of an address.
func find(t *testing.T, changes []resource.Change, address string) resource.Change {
	t.Helper()
	for _, c := range changes {
		if c.ID.String() == address {
			return c
		}
	}
	require.Fail(t, "no change of "+address)
	return resource.Change{}
}

// signIn is what CloudTrail tells of root at the console's door.
func (w *world) signIn(result string) string {
	return fmt.Sprintf(`{"id":"1","account":%q,"source":"aws.signin","time":"2026-11-21T12:00:00Z","region":"us-east-1","resources":[],
		"detail-type":"AWS Console Sign In via CloudTrail","detail":{"eventID":"e-1","eventName":"ConsoleLogin","eventType":"AwsConsoleSignIn",
		"sourceIPAddress":"203.0.113.7","userIdentity":{"type":"Root"},"responseElements":{"ConsoleLogin":%q}}}`, w.acct.AccountID(), result)
}

// call is what CloudTrail tells of an API call; more is added to its detail.
func (w *world) call(who, more string) string {
	return fmt.Sprintf(`{"id":"1","account":%q,"source":"aws.s3","time":"2026-11-21T12:00:00Z","region":"eu-west-1","resources":[],
		"detail-type":"AWS API Call via CloudTrail","detail":{"eventID":"e-2","eventName":"ListBuckets","eventSource":"s3.amazonaws.com",
		"sourceIPAddress":"203.0.113.7","userIdentity":{"type":%q%s}}}`, w.acct.AccountID(), who, more)
}
