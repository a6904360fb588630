package awsx

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/kiso-cli/kiso/internal/event"
)

const (
	// lookupPause keeps below LookupEvents' 2 requests a second, account and
	// region (CloudTrail API reference, LookupEvents).
	lookupPause = 550 * time.Millisecond
	// lookupPages bounds what one question may cost; a page is 50 events.
	lookupPages = 3
)

// LookupEvents returns the newest records of calls of a name in a region,
// newest first, of the 90 days that CloudTrail keeps, and at most lookupPages
// pages. It pauses after each request: ask about one region one call at a time.
func (s *Session) LookupEvents(ctx context.Context, region, eventName string) ([]event.Event, error) {
	client := Client(s, region, cloudtrail.NewFromConfig)
	input := &cloudtrail.LookupEventsInput{
		MaxResults: aws.Int32(50),
		LookupAttributes: []types.LookupAttribute{{
			AttributeKey: types.LookupAttributeKeyEventName, AttributeValue: aws.String(eventName),
		}},
	}
	var events []event.Event
	for range lookupPages {
		page, err := client.LookupEvents(ctx, input)
		if err != nil {
			return nil, err
		}
		for _, e := range page.Events {
			parsed, err := event.Parse(aws.ToString(e.CloudTrailEvent))
			if err != nil {
				return nil, err
			}
			events = append(events, parsed)
		}
		if err := pause(ctx, lookupPause); err != nil {
			return nil, err
		}
		if input.NextToken = page.NextToken; aws.ToString(page.NextToken) == "" {
			break
		}
	}
	return events, nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
