package sns

import (
	"maps"
	"net/http"
	"regexp"
	"slices"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

type tag struct {
	Key   string `json:"Key,required" range:"1,128"`
	Value string `json:"Value,required" range:"0,256"`
}

// maxTags is how many tags a topic may have.
const maxTags = 50

type createTopicInput struct {
	Name       string            `json:"Name,required"`
	Attributes map[string]string `json:"Attributes"`
	Tags       []tag             `json:"Tags"`
}

type topicOutput struct {
	TopicARN string `json:"TopicArn"`
}

var topicName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

// createTopic returns the topic that is there under the name, unless it differs
// from the one that is asked for. (The API reference promises less than the
// service does: the refusals are as observed on AWS, see localstack#2405.)
func createTopic(req *sandbox.Request, in createTopicInput) (any, error) {
	if !topicName.MatchString(in.Name) {
		return nil, invalid("Topic Name")
	}
	arn := topicARN(req, in.Name)
	wanted := &Topic{Attributes: map[string]string{"Policy": defaultPolicy(req, arn)}, Tags: map[string]string{}}
	for name, value := range in.Attributes {
		if err := wanted.set(req, arn, name, value); err != nil {
			return nil, err
		}
	}
	if err := wanted.tag(in.Tags); err != nil {
		return nil, err
	}
	state := sandbox.State[State](req)
	if there := state.Topics[in.Name]; there != nil {
		return topicOutput{arn}, there.sameAs(in)
	}
	if state.Topics == nil {
		state.Topics = map[string]*Topic{}
	}
	state.Topics[in.Name] = wanted
	return topicOutput{arn}, nil
}

// sameAs refuses to create a topic again with other attributes or tags.
func (t *Topic) sameAs(in createTopicInput) error {
	for name, value := range in.Attributes {
		if t.Attributes[name] != value {
			return invalid("Attributes Reason: Topic already exists with different attributes")
		}
	}
	tags := map[string]string{}
	for _, each := range in.Tags {
		tags[each.Key] = each.Value
	}
	if len(tags) > 0 && !maps.Equal(tags, t.Tags) {
		return invalid("Tags Reason: Topic already exists with different tags")
	}
	return nil
}

type topicInput struct {
	TopicARN string `json:"TopicArn,required"`
}

// deleteTopic takes the subscriptions with it. A topic that is not there is
// deleted too.
func deleteTopic(req *sandbox.Request, in topicInput) (any, error) {
	state := sandbox.State[State](req)
	for name := range state.Topics {
		if topicARN(req, name) == in.TopicARN {
			delete(state.Topics, name)
		}
	}
	return nil, nil
}

type listInput struct {
	NextToken string `json:"NextToken"`
}

type listTopicsOutput struct {
	Topics    []topicOutput `json:"Topics"`
	NextToken string        `json:"NextToken,omitempty"`
}

func listTopics(req *sandbox.Request, in listInput) (any, error) {
	var topics []topicOutput
	for _, name := range sortedNames(sandbox.State[State](req).Topics) {
		topics = append(topics, topicOutput{topicARN(req, name)})
	}
	page, next, err := sandbox.Page(req, topics, in.NextToken, 0, 100)
	return listTopicsOutput{page, next}, err
}

type attributesOutput struct {
	Attributes map[string]string `json:"Attributes"`
}

func getTopicAttributes(req *sandbox.Request, in topicInput) (any, error) {
	_, topic, err := find(req, in.TopicARN)
	if err != nil {
		return nil, err
	}
	all := map[string]string{
		"TopicArn": in.TopicARN, "Owner": req.AccountID, "DisplayName": "",
		"EffectiveDeliveryPolicy": `{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3}}}`,
		"SubscriptionsConfirmed":  topic.count(req.Now, func(s *Subscription) bool { return s.Confirmed && !s.Deleted }),
		"SubscriptionsPending":    topic.count(req.Now, func(s *Subscription) bool { return !s.Confirmed && !s.Deleted }),
		"SubscriptionsDeleted":    topic.count(req.Now, func(s *Subscription) bool { return s.Deleted }),
	}
	maps.Copy(all, topic.Attributes)
	return attributesOutput{all}, nil
}

type setTopicAttributesInput struct {
	TopicARN string `json:"TopicArn,required"`
	Name     string `json:"AttributeName,required"`
	Value    string `json:"AttributeValue"`
}

func setTopicAttributes(req *sandbox.Request, in setTopicAttributesInput) (any, error) {
	_, topic, err := find(req, in.TopicARN)
	if err != nil {
		return nil, err
	}
	return nil, topic.set(req, in.TopicARN, in.Name, in.Value)
}

// settable are the attributes of a standard topic that can be set.
var settable = []string{
	"Policy", "DisplayName", "DeliveryPolicy", "KmsMasterKeyId", "SignatureVersion", "TracingConfig",
	"HTTPSuccessFeedbackRoleArn", "HTTPSuccessFeedbackSampleRate", "HTTPFailureFeedbackRoleArn",
}

// set gives an attribute a value; an empty one takes it away.
func (t *Topic) set(req *sandbox.Request, arn, name, value string) error {
	switch {
	case !slices.Contains(settable, name):
		return invalid("AttributeName")
	case name == "Policy":
		if err := checkPolicy(arn, value); err != nil {
			return err
		}
	case value == "":
		delete(t.Attributes, name)
		return nil
	}
	t.Attributes[name] = value
	return nil
}

type tagResourceInput struct {
	ResourceARN string `json:"ResourceArn,required" range:"1,1011"`
	Tags        []tag  `json:"Tags,required"`
}

func tagResource(req *sandbox.Request, in tagResourceInput) (any, error) {
	topic, err := tagged(req, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return struct{}{}, topic.tag(in.Tags)
}

func (t *Topic) tag(tags []tag) error {
	if t.Tags == nil {
		t.Tags = map[string]string{}
	}
	for _, each := range tags {
		t.Tags[each.Key] = each.Value
	}
	if len(t.Tags) > maxTags {
		return sandbox.Error("TagLimitExceeded", http.StatusBadRequest, "Could not complete request: tag quota of per resource exceeded")
	}
	return nil
}

type untagResourceInput struct {
	ResourceARN string   `json:"ResourceArn,required" range:"1,1011"`
	TagKeys     []string `json:"TagKeys,required"`
}

func untagResource(req *sandbox.Request, in untagResourceInput) (any, error) {
	topic, err := tagged(req, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	for _, k := range in.TagKeys {
		delete(topic.Tags, k)
	}
	return struct{}{}, nil
}

type listTagsInput struct {
	ResourceARN string `json:"ResourceArn,required" range:"1,1011"`
}

type listTagsOutput struct {
	Tags []tag `json:"Tags"`
}

func listTags(req *sandbox.Request, in listTagsInput) (any, error) {
	topic, err := tagged(req, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	var tags []tag
	for _, k := range slices.Sorted(maps.Keys(topic.Tags)) {
		tags = append(tags, tag{k, topic.Tags[k]})
	}
	return listTagsOutput{sandbox.Shuffled(req, tags)}, nil
}

// tagged is find for the tag operations, which have an error of their own.
func tagged(req *sandbox.Request, arn string) (*Topic, error) {
	_, topic, err := find(req, arn)
	if err != nil {
		return nil, sandbox.Error("ResourceNotFound", http.StatusNotFound, "Resource does not exist")
	}
	return topic, nil
}
