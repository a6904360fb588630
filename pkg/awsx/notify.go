package awsx

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// maxSubject is the length that SNS takes (Amazon SNS API reference, Publish).
const maxSubject = 100

// Publish sends a message to an SNS topic, in the topic's own region.
func (s *Session) Publish(ctx context.Context, topicARN, subject, message string) error {
	topic, err := arn.Parse(topicARN)
	if err != nil {
		return fmt.Errorf("%q is not the ARN of a topic: %w", topicARN, err)
	}
	if len(subject) > maxSubject {
		subject = subject[:maxSubject]
	}
	_, err = Client(s, topic.Region, sns.NewFromConfig).Publish(ctx, &sns.PublishInput{
		TopicArn: &topicARN, Subject: &subject, Message: &message,
	})
	return err
}
