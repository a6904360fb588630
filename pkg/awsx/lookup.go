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
	// lookupPages bounds what one question may cost.
	lookupPages = 3
	lookupPage  = 50
)

// LookupMost is how many records LookupEvents returns at most.
const LookupMost = lookupPages * lookupPage

// LookupEvents returns the newest records of calls of a name in a region,
// newest first, of the 90 days that CloudTrail keeps, at most LookupMost, and whether
// there are older ones. It pauses after each request: ask about one region one call
// at a time.
func (s *Session) LookupEvents(ctx context.Context, region, eventName string) (events []event.Event, older bool, err error) {
	client := Client(s, region, cloudtrail.NewFromConfig)
	input := &cloudtrail.LookupEventsInput{
		MaxResults: aws.Int32(lookupPage),
		LookupAttributes: []types.LookupAttribute{{
			AttributeKey: types.LookupAttributeKeyEventName, AttributeValue: aws.String(eventName),
		}},
	}
	for range lookupPages {
		page, err := client.LookupEvents(ctx, input)
		if err != nil {
			return nil, false, err
		}
		for _, e := range page.Events {
			parsed, err := event.Parse(aws.ToString(e.CloudTrailEvent))
			if err != nil {
				return nil, false, err
			}
			var about []string
			for _, r := range e.Resources {
				about = append(about, aws.ToString(r.ResourceName))
			}
			events = append(events, parsed.About(about...))
		}
		if err := pause(ctx, lookupPause); err != nil {
			return nil, false, err
		}
		if input.NextToken = page.NextToken; aws.ToString(page.NextToken) == "" {
			return events, false, nil
		}
	}
	return events, true, nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
