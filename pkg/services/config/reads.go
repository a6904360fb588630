package config

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"

	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/services/channel"
)

// A region is read with four requests, whichever kinds ask for it. None of them
// names what it wants: a region has one customer managed recorder and one
// channel, under whatever name, and nothing is an empty list.

func client(env resource.Env, region resource.Scope) *configservice.Client {
	return awsx.Client(env.Session, string(region), configservice.NewFromConfig)
}

func read[T any](ctx context.Context, env resource.Env, region resource.Scope, call string, load func(context.Context) (*T, error)) (*T, error) {
	return reads.Get(ctx, env.Reads, reads.Key{Service: "config", Region: string(region), Call: call}, load)
}

// recorderOf returns the region's customer managed recorder; nil if there is none.
func recorderOf(ctx context.Context, env resource.Env, region resource.Scope) (*types.ConfigurationRecorder, error) {
	return read(ctx, env, region, "DescribeConfigurationRecorders", func(ctx context.Context) (*types.ConfigurationRecorder, error) {
		out, err := client(env, region).DescribeConfigurationRecorders(ctx, &configservice.DescribeConfigurationRecordersInput{})
		if err != nil {
			return nil, err
		}
		for _, r := range out.ConfigurationRecorders {
			if !serviceLinked(r.Name, r.ServicePrincipal) {
				return &r, nil
			}
		}
		return nil, nil
	})
}

// statusOf returns that recorder's status; nil if there is no recorder.
func statusOf(ctx context.Context, env resource.Env, region resource.Scope) (*types.ConfigurationRecorderStatus, error) {
	return read(ctx, env, region, "DescribeConfigurationRecorderStatus", func(ctx context.Context) (*types.ConfigurationRecorderStatus, error) {
		out, err := client(env, region).DescribeConfigurationRecorderStatus(ctx, &configservice.DescribeConfigurationRecorderStatusInput{})
		if err != nil {
			return nil, err
		}
		for _, s := range out.ConfigurationRecordersStatus {
			if !serviceLinked(s.Name, s.ServicePrincipal) {
				return &s, nil
			}
		}
		return nil, nil
	})
}

// prefixes are those of the managed regions' channels. A region that cannot be
// asked has none: its channel is blocked all the same.
func prefixes(ctx context.Context, env resource.Env) []string {
	found := make([]string, len(env.Regions))
	var all sync.WaitGroup
	for i, region := range env.Regions {
		all.Go(func() {
			if live, err := channel.Of(ctx, env, resource.Scope(region)); err == nil && live != nil {
				found[i] = aws.ToString(live.S3KeyPrefix)
			}
		})
	}
	all.Wait()
	slices.Sort(found)
	return slices.DeleteFunc(slices.Compact(found), func(p string) bool { return p == "" })
}

// unused says why the bucket would stay empty: every managed region's channel
// delivers elsewhere, and is not this account's to move.
func unused(ctx context.Context, env resource.Env) string {
	owners := othersOf(env, func(region resource.Scope) error {
		live, err := channel.Of(ctx, env, region)
		if err != nil || live == nil {
			return err
		}
		return channelOwner(ctx, env, live)
	})
	if owners == "" {
		return ""
	}
	return "the delivery channel of every managed region is somebody else's (" + owners + "): nothing would be delivered to this bucket, and it is not made"
}

// othersOf names who decides about something in the managed regions; "" if it is
// this account, or not known, in any of them.
func othersOf(env resource.Env, owner func(region resource.Scope) error) string {
	owners := make([]string, len(env.Regions))
	var all sync.WaitGroup
	for i, region := range env.Regions {
		all.Go(func() {
			var managed *resource.ManagedError
			if errors.As(owner(resource.Scope(region)), &managed) {
				owners[i] = managed.Owner
			}
		})
	}
	all.Wait()
	if slices.Contains(owners, "") {
		return ""
	}
	slices.Sort(owners)
	return strings.Join(slices.Compact(owners), ", ")
}

// statusAttempts bounds what a status is worth that nothing is decided by.
const statusAttempts = 3

// deliveryOf returns the status of that channel's deliveries; nil if there is none.
func deliveryOf(ctx context.Context, env resource.Env, region resource.Scope) (*types.DeliveryChannelStatus, error) {
	return read(ctx, env, region, "DescribeDeliveryChannelStatus", func(ctx context.Context) (*types.DeliveryChannelStatus, error) {
		out, err := client(env, region).DescribeDeliveryChannelStatus(ctx, &configservice.DescribeDeliveryChannelStatusInput{},
			func(o *configservice.Options) { o.RetryMaxAttempts = statusAttempts })
		if err != nil || len(out.DeliveryChannelsStatus) == 0 {
			return nil, err
		}
		return &out.DeliveryChannelsStatus[0], nil
	})
}

// linkedPrefix begins the names of recorders that belong to other AWS services
// (AWS Config API reference, ConfigurationRecorder).
const linkedPrefix = "AWSConfigurationRecorderFor"

// serviceLinked says whether a recorder is another service's: it exists beside the
// customer managed one, cannot be changed, and does not count as recording.
func serviceLinked(name, principal *string) bool {
	return aws.ToString(principal) != "" || strings.HasPrefix(aws.ToString(name), linkedPrefix)
}

// controlTower says whether AWS Control Tower made what has that name. Its
// guardrails deny changes of it to everybody else (AWS Control Tower user guide,
// "Disallow configuration changes to AWS Config").
func controlTower(name *string) error {
	if !strings.HasPrefix(aws.ToString(name), "aws-controltower-") {
		return nil
	}
	return resource.ManagedBy("AWS Control Tower",
		aws.ToString(name)+" is part of the landing zone: change it there, any other change is drift to it or is denied by its guardrails")
}
