package rootlogin

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// Subscription is the model of one address of the topic.
type Subscription struct {
	Protocol string `json:"protocol" diff:"create"`
	Endpoint string `json:"endpoint" diff:"create"`
	ARN      string `json:"arn,omitzero" diff:"-"` // or "PendingConfirmation"
}

// What SNS says of a subscription in the place of its ARN. It goes on to list
// one for a while after somebody has unsubscribed.
const (
	email   = "email"
	pending = "PendingConfirmation"
	deleted = "Deleted"
)

var subscriptions = &resource.Type[Subscription]{
	Kind: "root_login_alarm.subscription",
	Doc: resource.Doc{
		Summary: "An address that the topic mails to, once it is confirmed by a click in SNS's first mail.",
		Reads:   []resource.Permission{{Action: "sns:ListSubscriptionsByTopic", Resource: topicResource}},
		Writes: []resource.Permission{
			{Action: "sns:Subscribe", Resource: topicResource, Condition: map[string]string{"sns:Protocol": email}},
		},
		Changers: []resource.Changer{{Event: "Unsubscribe", Vague: true}, {Event: "DeleteTopic"}},
	},
	Observe: observeSubscription,
	Apply:   subscribe,
	Bound:   inGlobalRegion,
	Notes:   subscriptionNotes,
	Trace:   func(id resource.ID, _ *Subscription) resource.Trace { return named(id, topicName, id.Name) },
	Settle:  resource.Settle{RetryOn: []resource.Transient{{Code: notFound}}, Spread: 3 * time.Second, RetryFor: patience},
}

// patience is for tries that are far apart, since each may send a mail.
const patience = 5 * time.Minute

// topicSubscriptions returns none where there is no topic.
func topicSubscriptions(ctx context.Context, env resource.Env, region resource.Scope) ([]types.Subscription, error) {
	key := reads.Key{Service: "sns", Region: string(region), Call: "ListSubscriptionsByTopic", Arg: topicName}
	return reads.Get(ctx, env.Reads, key, func(ctx context.Context) ([]types.Subscription, error) {
		var all []types.Subscription
		err := awsx.Pages(func(token *string) (*string, error) {
			page, err := snsClient(env, region).ListSubscriptionsByTopic(ctx, &sns.ListSubscriptionsByTopicInput{
				TopicArn: aws.String(topicARN(env.Identity, region)), NextToken: token,
			})
			if err != nil {
				return nil, err
			}
			all = append(all, page.Subscriptions...)
			return page.NextToken, nil
		})
		if awsx.IsCode(err, notFound) {
			return nil, nil
		}
		return all, err
	})
}

// observeSubscription takes a pending subscription for one that is there: each
// call of Subscribe would send another mail. A confirmed one comes first.
func observeSubscription(ctx context.Context, env resource.Env, id resource.ID) (*Subscription, error) {
	all, err := topicSubscriptions(ctx, env, id.Scope)
	if err != nil {
		return nil, err
	}
	var found *Subscription
	for _, s := range all {
		live := &Subscription{Protocol: aws.ToString(s.Protocol), Endpoint: aws.ToString(s.Endpoint), ARN: aws.ToString(s.SubscriptionArn)}
		if live.Protocol != email || live.ARN == deleted || !strings.EqualFold(live.Endpoint, id.Name) {
			continue
		}
		if found == nil || found.ARN == pending {
			found = live
		}
	}
	return found, nil
}

// subscribe sends a mail, so it is not tried twice in a row: where the answer
// does not tell whether it worked, the executor looks first.
func subscribe(ctx context.Context, env resource.Env, d resource.Delta[Subscription]) error {
	client := snsClient(env, d.ID.Scope)
	_, err := client.Subscribe(ctx, &sns.SubscribeInput{
		TopicArn: aws.String(topicARN(env.Identity, d.ID.Scope)),
		Protocol: &d.After.Protocol,
		Endpoint: &d.After.Endpoint,
	}, func(o *sns.Options) { o.RetryMaxAttempts = 1 })
	switch {
	case awsx.Throttled(err):
		return resource.Pending(awsx.Explain(err))
	case awsx.MayHaveWorked(err, client.Options().Retryer):
		return resource.Unsure(awsx.Explain(err))
	}
	return err
}

func subscriptionNotes(live Subscription) []string {
	if live.ARN != pending {
		return nil
	}
	return []string{fmt.Sprintf("pending: %s must click the link in the mail from AWS; AWS drops the subscription after 48 hours, and apply then sends a new mail", live.Endpoint)}
}
