package sns

import (
	"net/http"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

type subscribeInput struct {
	TopicARN   string            `json:"TopicArn,required"`
	Protocol   string            `json:"Protocol,required" enum:"http,https,email,email-json,sms,sqs,application,lambda,firehose"`
	Endpoint   string            `json:"Endpoint"`
	Attributes map[string]string `json:"Attributes"`
	ReturnARN  bool              `json:"ReturnSubscriptionArn"`
}

type subscriptionOutput struct {
	SubscriptionARN string `json:"SubscriptionArn"`
}

// subscribe sends a mail for every call that finds the address not confirmed
// yet, also when one is already on its way.
func subscribe(req *sandbox.Request, in subscribeInput) (any, error) {
	state, topic, err := find(req, in.TopicARN)
	if err != nil {
		return nil, err
	}
	mail := in.Protocol == "email" || in.Protocol == "email-json"
	switch {
	case in.Endpoint == "":
		return nil, invalid("Endpoint Reason: Endpoint is required")
	case mail && strings.Count(in.Endpoint, "@") != 1:
		return nil, invalid("Email address")
	}
	sub := topic.subscription(req, in)
	if !sub.Confirmed && mail {
		if state.Mails == nil {
			state.Mails = map[string]int{}
		}
		state.Mails[in.Endpoint]++
	}
	if !sub.Confirmed && !in.ReturnARN {
		return subscriptionOutput{"pending confirmation"}, nil
	}
	return subscriptionOutput{sub.ARN}, nil
}

// subscription returns the topic's subscription of an endpoint, made new if SNS
// knows none.
func (t *Topic) subscription(req *sandbox.Request, in subscribeInput) *Subscription {
	t.Subscriptions = t.live(req.Now)
	for _, s := range t.Subscriptions {
		if s.Protocol == in.Protocol && s.Endpoint == in.Endpoint && !s.Deleted {
			return s
		}
	}
	id := req.NewID("subscription", 32)
	s := &Subscription{
		ARN:      in.TopicARN + ":" + strings.Join([]string{id[:8], id[8:12], id[12:16], id[16:20], id[20:]}, "-"),
		Protocol: in.Protocol, Endpoint: in.Endpoint, Token: req.NewID("token", 64), CreatedAt: req.Now,
		Confirmed: slices.Contains([]string{"sqs", "lambda", "firehose", "sms", "application"}, in.Protocol),
	}
	t.Subscriptions = append(t.Subscriptions, s)
	return s
}

type confirmSubscriptionInput struct {
	TopicARN                  string `json:"TopicArn,required"`
	Token                     string `json:"Token,required"`
	AuthenticateOnUnsubscribe string `json:"AuthenticateOnUnsubscribe"`
}

func confirmSubscription(req *sandbox.Request, in confirmSubscriptionInput) (any, error) {
	_, topic, err := find(req, in.TopicARN)
	if err != nil {
		return nil, err
	}
	for _, s := range topic.live(req.Now) {
		if s.Token == in.Token && !s.Deleted {
			s.Confirmed = true
			return subscriptionOutput{s.ARN}, nil
		}
	}
	return nil, invalid("Token")
}

type unsubscribeInput struct {
	SubscriptionARN string `json:"SubscriptionArn,required"`
}

// unsubscribe cannot take back a subscription that is pending. One that is gone
// stays in the list as "Deleted" for a while (ansible#20086).
func unsubscribe(req *sandbox.Request, in unsubscribeInput) (any, error) {
	for _, topic := range sandbox.State[State](req).Topics {
		for _, s := range topic.live(req.Now) {
			switch {
			case s.ARN != in.SubscriptionARN:
			case !s.Confirmed:
				return nil, invalid("SubscriptionArn Reason: This subscription is pending confirmation")
			default:
				s.Deleted = true
			}
		}
	}
	if !strings.HasPrefix(in.SubscriptionARN, "arn:") {
		return nil, sandbox.Error("InvalidParameter", http.StatusBadRequest, "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1")
	}
	return nil, nil
}

type listSubscriptionsByTopicInput struct {
	TopicARN  string `json:"TopicArn,required"`
	NextToken string `json:"NextToken"`
}

type listedSubscription struct {
	SubscriptionARN string `json:"SubscriptionArn"`
	Owner           string `json:"Owner"`
	Protocol        string `json:"Protocol"`
	Endpoint        string `json:"Endpoint"`
	TopicARN        string `json:"TopicArn"`
}

type listSubscriptionsOutput struct {
	Subscriptions []listedSubscription `json:"Subscriptions"`
	NextToken     string               `json:"NextToken,omitempty"`
}

func listSubscriptionsByTopic(req *sandbox.Request, in listSubscriptionsByTopicInput) (any, error) {
	_, topic, err := find(req, in.TopicARN)
	if err != nil {
		return nil, err
	}
	var list []listedSubscription
	for _, s := range topic.live(req.Now) {
		arn := s.ARN
		switch {
		case s.Deleted:
			arn = "Deleted"
		case !s.Confirmed:
			arn = "PendingConfirmation"
		}
		list = append(list, listedSubscription{arn, req.AccountID, s.Protocol, s.Endpoint, in.TopicARN})
	}
	page, next, err := sandbox.Page(req, list, in.NextToken, 0, 100)
	return listSubscriptionsOutput{page, next}, err
}
