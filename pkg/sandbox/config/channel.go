package config

import (
	"cmp"
	"regexp"
	"time"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

type channelDocument struct {
	Name      string             `json:"name" range:"1,256"`
	Bucket    *string            `json:"s3BucketName"`
	Prefix    *string            `json:"s3KeyPrefix"`
	KMSKeyARN *string            `json:"s3KmsKeyArn"`
	TopicARN  *string            `json:"snsTopicARN"`
	Snapshots *snapshotsDocument `json:"configSnapshotDeliveryProperties"`
}

type snapshotsDocument struct {
	Frequency string `json:"deliveryFrequency,omitempty" enum:"One_Hour,Three_Hours,Six_Hours,Twelve_Hours,TwentyFour_Hours"`
}

func (c *Channel) document() channelDocument {
	d := channelDocument{
		Name: c.Name, Bucket: orNil(c.Bucket), Prefix: orNil(c.Prefix), KMSKeyARN: orNil(c.KMSKeyARN), TopicARN: orNil(c.TopicARN),
	}
	if c.Frequency != "" {
		d.Snapshots = &snapshotsDocument{c.Frequency}
	}
	return d
}

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

type putChannelInput struct {
	Channel channelDocument `json:"DeliveryChannel,required"`
}

// putChannel creates the region's channel, or changes what the request names: what
// it leaves out stays (AWS CloudFormation reference, AWS::Config::DeliveryChannel).
// The bucket is tried out before anything is kept.
func putChannel(req *sandbox.Request, in putChannelInput) (any, error) {
	state := sandbox.State[State](req)
	name := cmp.Or(in.Channel.Name, defaultName)
	switch {
	case state.Recorder == nil:
		return nil, refuse("NoAvailableConfigurationRecorderException", "Configuration recorder is not available to put delivery channel.")
	case state.Channel != nil && state.Channel.Name != name:
		return nil, refuse("MaxNumberOfDeliveryChannelsExceededException",
			"Failed to put delivery channel '%s' because the maximum number of delivery channels: 1 is reached.", name)
	}
	merged := Channel{Name: name}
	if state.Channel != nil {
		merged = *state.Channel
		merged.Failure = nil
	}
	if err := merged.merge(in.Channel); err != nil {
		return nil, err
	}
	if err := merged.try(req); err != nil {
		return nil, err
	}
	state.Channel = &merged
	return nil, nil
}

var (
	keyARN   = regexp.MustCompile(`^arn:[^:]+:kms:[^:]+:\d{12}:(key|alias)/.+$`)
	topicARN = regexp.MustCompile(`^arn:[^:]+:sns:[^:]+:\d{12}:[\w-]+(\.fifo)?$`)
)

// merge takes over what the request names.
func (c *Channel) merge(d channelDocument) error {
	set(&c.Bucket, d.Bucket)
	set(&c.Prefix, d.Prefix)
	set(&c.KMSKeyARN, d.KMSKeyARN)
	set(&c.TopicARN, d.TopicARN)
	if d.Snapshots != nil {
		c.Frequency = d.Snapshots.Frequency
	}
	switch {
	case c.Bucket == "":
		return refuse("NoSuchBucketException", "Cannot find a S3 bucket with an empty bucket name.")
	case d.Prefix != nil && *d.Prefix == "":
		return refuse("InvalidS3KeyPrefixException", "The s3 key prefix '' is not valid, empty s3 key prefix.")
	case d.KMSKeyARN != nil && !keyARN.MatchString(*d.KMSKeyARN):
		return refuse("InvalidS3KmsKeyArnException", "The arn '%s' is not a valid kms key or alias arn.", *d.KMSKeyARN)
	case d.TopicARN != nil && !topicARN.MatchString(*d.TopicARN):
		return refuse("InvalidSNSTopicARNException", "The sns topic arn '%s' is not valid.", *d.TopicARN)
	}
	return nil
}

func set(field *string, value *string) {
	if value != nil {
		*field = *value
	}
}

type channelsInput struct {
	Names []string `json:"DeliveryChannelNames"`
}

// find returns the channel, if the names ask for it or for any.
func (in channelsInput) find(req *sandbox.Request) (*Channel, error) {
	channel := sandbox.State[State](req).Channel
	for _, name := range in.Names {
		if channel == nil || channel.Name != name {
			return nil, noSuchChannel(name)
		}
	}
	return channel, nil
}

func noSuchChannel(name string) error {
	return refuse("NoSuchDeliveryChannelException", "Cannot find delivery channel with specified name '%s'.", name)
}

type describeChannelsOutput struct {
	Channels []channelDocument `json:"DeliveryChannels"`
}

func describeChannels(req *sandbox.Request, in channelsInput) (any, error) {
	channel, err := in.find(req)
	if err != nil || channel == nil {
		return describeChannelsOutput{}, err
	}
	return describeChannelsOutput{[]channelDocument{channel.document()}}, nil
}

type deliveryInfo struct {
	LastStatus       string     `json:"lastStatus"`
	LastErrorCode    string     `json:"lastErrorCode,omitempty"`
	LastErrorMessage string     `json:"lastErrorMessage,omitempty"`
	LastAttempt      *time.Time `json:"lastAttemptTime"`
	LastSuccess      *time.Time `json:"lastSuccessfulTime"`
}

type streamInfo struct {
	LastStatus string `json:"lastStatus"`
}

type channelStatus struct {
	Name     string       `json:"name"`
	Snapshot deliveryInfo `json:"configSnapshotDeliveryInfo"`
	History  deliveryInfo `json:"configHistoryDeliveryInfo"`
	Stream   streamInfo   `json:"configStreamDeliveryInfo"`
}

type describeChannelStatusOutput struct {
	Statuses []channelStatus `json:"DeliveryChannelsStatus"`
}

func describeChannelStatus(req *sandbox.Request, in channelsInput) (any, error) {
	channel, err := in.find(req)
	if err != nil || channel == nil {
		return describeChannelStatusOutput{}, err
	}
	stream := streamInfo{notApplicable}
	if channel.TopicARN != "" {
		stream.LastStatus = success
	}
	return describeChannelStatusOutput{[]channelStatus{{
		Name: channel.Name, Snapshot: deliveryInfo{LastStatus: notApplicable}, History: channel.history(req), Stream: stream,
	}}}, nil
}

// history is how delivery would end now: a bucket that stopped taking files shows
// here and nowhere else.
func (c *Channel) history(req *sandbox.Request) deliveryInfo {
	recorder := sandbox.State[State](req).Recorder
	problem := c.Failure
	if problem == nil {
		problem = c.delivery(req)
	}
	switch {
	case problem != nil:
		return deliveryInfo{LastStatus: failure, LastErrorCode: problem.Code, LastErrorMessage: problem.Message, LastAttempt: timeOrNil(req.Now)}
	case recorder == nil || !recorder.Recording:
		return deliveryInfo{LastStatus: notApplicable}
	default:
		return deliveryInfo{LastStatus: success, LastAttempt: timeOrNil(req.Now), LastSuccess: timeOrNil(req.Now)}
	}
}

type channelNameInput struct {
	Name string `json:"DeliveryChannelName,required" range:"1,256"`
}

func deleteChannel(req *sandbox.Request, in channelNameInput) (any, error) {
	state := sandbox.State[State](req)
	switch {
	case state.Channel == nil || state.Channel.Name != in.Name:
		return nil, noSuchChannel(in.Name)
	case state.Recorder != nil && state.Recorder.Recording:
		return nil, refuse("LastDeliveryChannelDeleteFailedException",
			"Failed to delete last specified delivery channel with name '%s', because there is a running configuration recorder.", in.Name)
	}
	state.Channel = nil
	return nil, nil
}
