package securityhub

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/config"
)

// standard is one of Security Hub's catalogue.
type standard struct {
	name      string // <name>/v/<version>
	title     string
	byDefault bool
}

// catalogue is what DescribeStandards lists in the commercial partition.
var catalogue = []standard{
	{"aws-foundational-security-best-practices/v/1.0.0", "AWS Foundational Security Best Practices v1.0.0", true},
	{"aws-resource-tagging-standard/v/1.0.0", "AWS Resource Tagging Standard v1.0.0", false},
	{cis120, "CIS AWS Foundations Benchmark v1.2.0", true},
	{"cis-aws-foundations-benchmark/v/1.4.0", "CIS AWS Foundations Benchmark v1.4.0", false},
	{"cis-aws-foundations-benchmark/v/3.0.0", "CIS AWS Foundations Benchmark v3.0.0", false},
	{"cis-aws-foundations-benchmark/v/5.0.0", "CIS AWS Foundations Benchmark v5.0.0", false},
	{"nist-800-171/v/2.0.0", "NIST Special Publication 800-171 Revision 2", false},
	{"nist-800-53/v/5.0.0", "NIST Special Publication 800-53 Revision 5", false},
	{"pci-dss/v/3.2.1", "PCI DSS v3.2.1", false},
	{"pci-dss/v/4.0.1", "PCI DSS v4.0.1", false},
}

// cis120 is the oldest standard, whose ARN has another shape and no region.
const cis120 = "cis-aws-foundations-benchmark/v/1.2.0"

// offered lists the standards of the region.
func (s *State) offered() []standard {
	return slices.DeleteFunc(slices.Clone(catalogue), func(std standard) bool { return slices.Contains(s.Unavailable, std.name) })
}

func standardARN(req *sandbox.Request, name string) string {
	if name == cis120 {
		return fmt.Sprintf("arn:%s:securityhub:::ruleset/%s", req.Partition, name)
	}
	return fmt.Sprintf("arn:%s:securityhub:%s::standards/%s", req.Partition, req.Region, name)
}

func subscriptionARN(req *sandbox.Request, name string) string {
	return req.ARN(Service, req.Region, "subscription/"+name)
}

type describeStandardsInput struct {
	MaxResults *int   `query:"MaxResults" range:"1,100"`
	NextToken  string `query:"NextToken"`
}

type managedBy struct {
	Company string `json:"Company"`
	Product string `json:"Product"`
}

type standardOutput struct {
	StandardsARN     string    `json:"StandardsArn"`
	Name             string    `json:"Name"`
	Description      string    `json:"Description"`
	EnabledByDefault bool      `json:"EnabledByDefault"`
	ManagedBy        managedBy `json:"StandardsManagedBy"`
}

type describeStandardsOutput struct {
	Standards []standardOutput `json:"Standards"`
	NextToken string           `json:"NextToken,omitempty"`
}

func describeStandards(req *sandbox.Request, in describeStandardsInput) (any, error) {
	state, err := subscribed(req)
	if err != nil {
		return nil, err
	}
	var all []standardOutput
	for _, s := range state.offered() {
		all = append(all, standardOutput{standardARN(req, s.name), s.title, "The controls of " + s.title + ".", s.byDefault, managedBy{"AWS", "Security Hub"}})
	}
	page, next, err := sandbox.Page(req, all, in.NextToken, value(in.MaxResults), maxPage)
	return describeStandardsOutput{page, next}, err
}

const maxPage = 100

func value(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

type statusReason struct {
	Code string `json:"StatusReasonCode"`
}

type subscriptionOutput struct {
	SubscriptionARN string            `json:"StandardsSubscriptionArn"`
	StandardsARN    string            `json:"StandardsArn"`
	Input           map[string]string `json:"StandardsInput"`
	Status          string            `json:"StandardsStatus"`
	Updatable       string            `json:"StandardsControlsUpdatable"`
	Reason          *statusReason     `json:"StandardsStatusReason"`
}

type subscriptionsOutput struct {
	Subscriptions []subscriptionOutput `json:"StandardsSubscriptions"`
	NextToken     string               `json:"NextToken,omitempty"`
}

// Statuses of a subscription.
const (
	pending    = "PENDING"
	ready      = "READY"
	incomplete = "INCOMPLETE"
	deleting   = "DELETING"
	gone       = "" // no subscription at all
)

func (s *Subscription) status(now time.Time) string {
	switch {
	case s == nil, !s.GoneAt.IsZero() && !now.Before(s.GoneAt):
		return gone
	case !s.GoneAt.IsZero():
		return deleting
	case now.Before(s.ReadyAt):
		return pending
	case s.Reason != "":
		return incomplete
	default:
		return ready
	}
}

func describeSubscription(req *sandbox.Request, name string, s *Subscription) subscriptionOutput {
	out := subscriptionOutput{
		SubscriptionARN: subscriptionARN(req, name), StandardsARN: standardARN(req, name), Input: map[string]string{},
		Status: s.status(req.Now), Updatable: "READY_FOR_UPDATES",
	}
	if out.Status == pending || out.Status == deleting {
		out.Updatable = "NOT_READY_FOR_UPDATES"
	}
	if out.Status == incomplete {
		out.Reason = &statusReason{s.Reason}
	}
	return out
}

type getEnabledInput struct {
	SubscriptionARNs []string `json:"StandardsSubscriptionArns" range:"1,25"`
	MaxResults       *int     `json:"MaxResults" range:"1,100"`
	NextToken        string   `json:"NextToken"`
}

func getEnabledStandards(req *sandbox.Request, in getEnabledInput) (any, error) {
	state, err := subscribed(req)
	if err != nil {
		return nil, err
	}
	var all []subscriptionOutput
	for _, name := range slices.Sorted(maps.Keys(state.Hub.Standards)) {
		s := describeSubscription(req, name, state.Hub.Standards[name])
		if s.Status != gone && (in.SubscriptionARNs == nil || slices.Contains(in.SubscriptionARNs, s.SubscriptionARN)) {
			all = append(all, s)
		}
	}
	page, next, err := sandbox.Page(req, all, in.NextToken, value(in.MaxResults), maxPage)
	return subscriptionsOutput{page, next}, err
}

type subscriptionRequest struct {
	StandardsARN string            `json:"StandardsArn,required"`
	Input        map[string]string `json:"StandardsInput"`
}

type batchEnableInput struct {
	Requests []subscriptionRequest `json:"StandardsSubscriptionRequests,required" range:"1,25"`
}

// batchEnableStandards enables all or none. A standard that is enabled already
// stays as it is: asking again does not heal one that is incomplete.
func batchEnableStandards(req *sandbox.Request, in batchEnableInput) (any, error) {
	state, err := writable(req)
	if err != nil {
		return nil, err
	}
	if req.Now.Before(state.Hub.EnabledAt.Add(time.Second)) {
		return nil, failure("LimitExceededException", http.StatusTooManyRequests, "Rate exceeded")
	}
	names, err := state.requested(req, in.Requests)
	if err != nil {
		return nil, err
	}
	state.Hub.EnabledAt = req.Now
	out := subscriptionsOutput{}
	for _, name := range names {
		fresh := state.Hub.Standards[name].status(req.Now) == gone
		described := describeSubscription(req, name, state.subscribe(req, name))
		if fresh { // the answer never waits for how it goes
			described.Status, described.Updatable, described.Reason = pending, "NOT_READY_FOR_UPDATES", nil
		}
		out.Subscriptions = append(out.Subscriptions, described)
	}
	return out, nil
}

// requested returns the names of the standards that a request may enable now.
func (s *State) requested(req *sandbox.Request, requests []subscriptionRequest) ([]string, error) {
	byARN := map[string]string{}
	for _, std := range s.offered() {
		byARN[standardARN(req, std.name)] = std.name
	}
	var names []string
	for _, r := range requests {
		name, ok := byARN[r.StandardsARN]
		if !ok || slices.Contains(names, name) {
			return nil, invalidInput(fmt.Sprintf(`Invalid StandardsSubscriptionRequest(s): [{"StandardsArn":"%s"}]`, r.StandardsARN))
		}
		if s.Hub.Standards[name].status(req.Now) == deleting {
			return nil, tryLater(req, deleting, name)
		}
		names = append(names, name)
	}
	return names, nil
}

func tryLater(req *sandbox.Request, status, name string) error {
	return invalidInput(fmt.Sprintf("StandardsSubscription(s) in state %s, please try later: [\"%s\"]", status, subscriptionARN(req, name)))
}

// subscribe enables a standard if it is not enabled yet. If AWS Config does not
// record now, the standard stays incomplete, whatever Config does later.
func (s *State) subscribe(req *sandbox.Request, name string) *Subscription {
	if live := s.Hub.Standards[name]; live.status(req.Now) != gone {
		return live
	}
	if s.Hub.Standards == nil {
		s.Hub.Standards = map[string]*Subscription{}
	}
	fresh := &Subscription{ReadyAt: req.Now.Add(s.PendingFor)}
	if recorder := sandbox.In[config.State](req, config.Service, req.Region).Recorder; recorder == nil || !recorder.Recording {
		fresh.Reason = "NO_AVAILABLE_CONFIGURATION_RECORDER"
	}
	s.Hub.Standards[name] = fresh
	return fresh
}

type batchDisableInput struct {
	SubscriptionARNs []string `json:"StandardsSubscriptionArns,required" range:"1,25"`
}

func batchDisableStandards(req *sandbox.Request, in batchDisableInput) (any, error) {
	state, err := writable(req)
	if err != nil {
		return nil, err
	}
	out := subscriptionsOutput{}
	for _, arn := range in.SubscriptionARNs {
		name := strings.TrimPrefix(arn, subscriptionARN(req, ""))
		s := state.Hub.Standards[name]
		switch status := s.status(req.Now); status {
		case gone:
			return nil, invalidInput("Invalid StandardsSubscriptionArn(s): [\"" + arn + "\"]")
		case pending:
			return nil, tryLater(req, status, name)
		case deleting:
		default:
			s.GoneAt = req.Now.Add(state.DeletingFor)
		}
		disabled := describeSubscription(req, name, s)
		disabled.Status = deleting
		out.Subscriptions = append(out.Subscriptions, disabled)
	}
	return out, nil
}
