// Package channel reads where AWS Config delivers to. More than one service asks:
// what AWS Config delivers into can have no default retention. It knows the AWS
// Config API; it must not know who asks, nor why, and it never writes.
package channel

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"

	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// Of returns a region's delivery channel; nil if there is none. A region has one at
// most, under whatever name.
func Of(ctx context.Context, env resource.Env, region resource.Scope) (*types.DeliveryChannel, error) {
	key := reads.Key{Service: "config", Region: string(region), Call: "DescribeDeliveryChannels"}
	return reads.Get(ctx, env.Reads, key, func(ctx context.Context) (*types.DeliveryChannel, error) {
		client := awsx.Client(env.Session, string(region), configservice.NewFromConfig)
		out, err := client.DescribeDeliveryChannels(ctx, &configservice.DescribeDeliveryChannelsInput{})
		if err != nil || len(out.DeliveryChannels) == 0 {
			return nil, err
		}
		return &out.DeliveryChannels[0], nil
	})
}

// Into returns the managed regions whose channels deliver into a bucket, sorted. One
// that delivers by a role of its own need not be named in the bucket's policy (AWS
// Config developer guide, "Permissions for the Amazon S3 Bucket"). The error is that
// a region could not be asked.
func Into(ctx context.Context, env resource.Env, bucket string) ([]string, error) {
	delivers := make([]bool, len(env.Regions))
	var all reads.Group
	for i, region := range env.Regions {
		all.Go(func() error {
			c, err := Of(ctx, env, resource.Scope(region))
			if err != nil {
				return fmt.Errorf("whether AWS Config delivers into the bucket %s from %s is not known: %w", bucket, region, err)
			}
			delivers[i] = c != nil && aws.ToString(c.S3BucketName) == bucket
			return nil
		})
	}
	err := all.Wait()
	var regions []string
	for i, region := range env.Regions {
		if delivers[i] {
			regions = append(regions, region)
		}
	}
	slices.Sort(regions)
	return regions, err
}
