package rootlogin

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// Topic is the model of the topic itself.
type Topic struct {
	Name string            `json:"name" diff:"create"`
	Tags map[string]string `json:"tags,omitzero" diff:"create"`
	Key  string            `json:"kms_master_key_id,omitzero" diff:"-"`
	ARN  string            `json:"arn,omitzero" diff:"-"`
}

const topicResource = "arn:{partition}:sns:{region}:{account_id}:" + topicName

var topics = &resource.Type[Topic]{
	Kind: "root_login_alarm.topic",
	Doc: resource.Doc{
		Summary: "The SNS topic that sends the mails, in the region of the rules.",
		Reads:   []resource.Permission{{Action: "sns:GetTopicAttributes", Resource: topicResource}},
		Writes: []resource.Permission{
			{Action: "sns:CreateTopic", Resource: topicResource}, {Action: "sns:TagResource", Resource: topicResource, For: "sns:CreateTopic"},
		},
		Changers: []resource.Changer{{Event: "DeleteTopic"}},
	},
	Observe: observeTopic,
	Apply:   createTopic,
	Bound:   inGlobalRegion,
	Notes:   topicNotes,
	Trace: func(id resource.ID, live *Topic) resource.Trace {
		if live == nil {
			return named(id, id.Name)
		}
		return named(id, live.ARN)
	},
	Settle: resource.Settle{RetryOn: []resource.Transient{
		{Code: "ConcurrentAccess"}, {Code: "StaleTag"},
		// Another run created it between the look and the call.
		{Code: "InvalidParameter", Message: "already exists"},
	}},
}

// named finds the calls in the resource's region that mention one of names.
func named(id resource.ID, names ...string) resource.Trace {
	return resource.Trace{Region: string(id.Scope), Names: names}
}

// inGlobalRegion says whether a part of the alarms is where root's sign-ins are
// recorded, and so whatever regions are managed.
func inGlobalRegion(env resource.Env, id resource.ID) bool {
	return string(id.Scope) == env.Partition().GlobalRegion
}

func snsClient(env resource.Env, region resource.Scope) *sns.Client {
	return awsx.Client(env.Session, string(region), sns.NewFromConfig)
}

func topicARN(identity awsx.Identity, region resource.Scope) string {
	return identity.ARN("sns", string(region), topicName)
}

// topicAttributes returns nil where there is no topic. Its ARN is computed, not
// searched for.
func topicAttributes(ctx context.Context, env resource.Env, region resource.Scope) (map[string]string, error) {
	key := reads.Key{Service: "sns", Region: string(region), Call: "GetTopicAttributes", Arg: topicName}
	return reads.Get(ctx, env.Reads, key, func(ctx context.Context) (map[string]string, error) {
		out, err := snsClient(env, region).GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{
			TopicArn: aws.String(topicARN(env.Identity, region)),
		})
		if awsx.IsCode(err, notFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return out.Attributes, nil
	})
}

// notFound is SNS's code for a topic that is not there.
const notFound = "NotFound"

func observeTopic(ctx context.Context, env resource.Env, id resource.ID) (*Topic, error) {
	attributes, err := topicAttributes(ctx, env, id.Scope)
	if err != nil || attributes == nil {
		return nil, err
	}
	return &Topic{Name: id.Name, Key: attributes["KmsMasterKeyId"], ARN: topicARN(env.Identity, id.Scope)}, nil
}

// createTopic names no attributes: SNS returns a topic of that name that is
// already there, unless it has others (Amazon SNS API reference, CreateTopic).
func createTopic(ctx context.Context, env resource.Env, d resource.Delta[Topic]) error {
	input := &sns.CreateTopicInput{Name: &d.After.Name}
	for key, value := range d.After.Tags {
		input.Tags = append(input.Tags, types.Tag{Key: aws.String(key), Value: aws.String(value)})
	}
	_, err := snsClient(env, d.ID.Scope).CreateTopic(ctx, input)
	return err
}

// topicNotes warns of a key that no service can use: the policy of the key that
// AWS manages for SNS cannot be changed (Amazon SNS developer guide, key management).
// What the policy of another key allows is not looked at.
func topicNotes(live Topic) []string {
	const grants = "events.amazonaws.com kms:GenerateDataKey* and kms:Decrypt"
	switch {
	case live.Key == "":
		return nil
	case strings.HasSuffix(live.Key, "alias/aws/sns"):
		return []string{"the topic is encrypted with " + live.Key + ", which EventBridge cannot use: NO MAIL WILL BE SENT; " +
			"encrypt it with a key of your own that allows " + grants + ", or take the encryption off"}
	default:
		return []string{"the topic is encrypted with " + live.Key + ": mail is sent only if that key's policy allows " + grants + ", which kiso does not look at"}
	}
}
