// Package sns simulates Amazon SNS in a sandbox account: topics with their
// policies, subscriptions that wait for a click in a mail, and the mails
// themselves. It must not know who publishes. Facts are from the Amazon SNS API
// reference and developer guide unless said otherwise.
package sns

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// Service is the name of the service in the sandbox.
const Service = "sns"

// New returns the simulator.
func New() sandbox.Simulator {
	return sandbox.Simulator{
		Name:     Service,
		Protocol: sandbox.Query{Namespace: "http://sns.amazonaws.com/doc/2010-03-31/", Version: "2010-03-31"},
		Invalid:  "InvalidParameter",
		Operations: map[string]sandbox.Operation{
			"CreateTopic":              sandbox.Write(createTopic),
			"DeleteTopic":              sandbox.Write(deleteTopic),
			"ListTopics":               sandbox.Read(listTopics),
			"GetTopicAttributes":       sandbox.Read(getTopicAttributes),
			"SetTopicAttributes":       sandbox.Write(setTopicAttributes),
			"TagResource":              sandbox.Write(tagResource),
			"UntagResource":            sandbox.Write(untagResource),
			"ListTagsForResource":      sandbox.Read(listTags),
			"Subscribe":                sandbox.Write(subscribe),
			"ConfirmSubscription":      sandbox.Write(confirmSubscription),
			"Unsubscribe":              sandbox.Write(unsubscribe),
			"ListSubscriptionsByTopic": sandbox.Read(listSubscriptionsByTopic),
		},
	}
}

// State is what SNS keeps in one region.
type State struct {
	Topics map[string]*Topic `json:"topics,omitempty"` // by name
	// Mails counts the confirmation mails sent, by address.
	Mails map[string]int `json:"mails,omitempty"`
	// Messages are the notifications delivered, oldest first.
	Messages []Message `json:"messages,omitempty"`
}

// Topic is a topic of the account.
type Topic struct {
	Attributes    map[string]string `json:"attributes"` // those that can be set
	Tags          map[string]string `json:"tags,omitempty"`
	Subscriptions []*Subscription   `json:"subscriptions,omitempty"`
}

// Subscription is an endpoint of a topic. It is pending until it is confirmed,
// with the token that stands in its mail.
type Subscription struct {
	ARN       string    `json:"arn"`
	Protocol  string    `json:"protocol"`
	Endpoint  string    `json:"endpoint"`
	Token     string    `json:"token"`
	CreatedAt time.Time `json:"createdAt"`
	Confirmed bool      `json:"confirmed,omitempty"`
	Deleted   bool      `json:"deleted,omitempty"` // still listed for a while
}

// Message is a notification as it reached an endpoint.
type Message struct {
	Topic    string `json:"topic"` // name
	Endpoint string `json:"endpoint"`
	Text     string `json:"text"`
}

// Get returns a copy of a region's state.
func Get(a *sandbox.Account, region string) State { return sandbox.Get[State](a, Service, region) }

// Edit changes a region's state behind the API's back.
func Edit(a *sandbox.Account, region string, change func(*State)) {
	sandbox.Edit(a, Service, region, change)
}

// Confirm clicks the link in the mails that are waiting at an address, for all
// topics of the region. It returns how many links it found.
func Confirm(a *sandbox.Account, region, address string) (clicked int) {
	Edit(a, region, func(s *State) {
		for _, t := range s.Topics {
			for _, sub := range t.Subscriptions {
				if sub.Endpoint == address && !sub.Confirmed && !sub.Deleted {
					sub.Confirmed = true
					clicked++
				}
			}
		}
	})
	return clicked
}

// pendingFor is how long a subscription waits for its confirmation.
const pendingFor = 48 * time.Hour

// expired says whether a subscription was never confirmed in time: SNS has
// forgotten it.
func (s *Subscription) expired(now time.Time) bool {
	return !s.Confirmed && now.Sub(s.CreatedAt) >= pendingFor
}

// live returns the topic's subscriptions that SNS still knows.
func (t *Topic) live(now time.Time) []*Subscription {
	return slices.DeleteFunc(slices.Clone(t.Subscriptions), func(s *Subscription) bool { return s.expired(now) })
}

// count returns how many of the topic's live subscriptions are such.
func (t *Topic) count(now time.Time, such func(*Subscription) bool) string {
	n := 0
	for _, s := range t.live(now) {
		if such(s) {
			n++
		}
	}
	return fmt.Sprint(n)
}

func topicARN(req *sandbox.Request, name string) string { return req.ARN(Service, req.Region, name) }

// find returns the topic with an ARN.
func find(req *sandbox.Request, arn string) (*State, *Topic, error) {
	state := sandbox.State[State](req)
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != Service || parts[3] != req.Region {
		return nil, nil, invalid("TopicArn")
	}
	if parts[4] != req.AccountID {
		return nil, nil, sandbox.Errorf("AuthorizationError", http.StatusForbidden, "User: %s is not authorized to perform: %s on resource: %s", req.Principal, req.Action, arn)
	}
	topic := state.Topics[parts[5]]
	if topic == nil || arn != topicARN(req, parts[5]) {
		return nil, nil, sandbox.Error("NotFound", http.StatusNotFound, "Topic does not exist")
	}
	return state, topic, nil
}

func invalid(format string, args ...any) error {
	return sandbox.Error("InvalidParameter", http.StatusBadRequest, "Invalid parameter: "+fmt.Sprintf(format, args...))
}

// defaultPolicy lets the owner, and nobody else, use the topic.
func defaultPolicy(req *sandbox.Request, arn string) string {
	return fmt.Sprintf(`{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID","Effect":"Allow",`+
		`"Principal":{"AWS":"*"},"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes","SNS:AddPermission","SNS:RemovePermission",`+
		`"SNS:DeleteTopic","SNS:Subscribe","SNS:ListSubscriptionsByTopic","SNS:Publish"],"Resource":"%s",`+
		`"Condition":{"StringEquals":{"AWS:SourceOwner":"%s"}}}]}`, arn, req.AccountID)
}

func sortedNames(topics map[string]*Topic) []string { return slices.Sorted(maps.Keys(topics)) }
