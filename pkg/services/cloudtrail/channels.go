package cloudtrail

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"golang.org/x/sync/errgroup"

	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// channelsTo says in which managed regions AWS Config delivers into a bucket. One
// that does so by a role of its own need not be named in the bucket's policy (AWS
// Config developer guide, "Permissions for the Amazon S3 Bucket"). A region that
// does not let itself be asked has none, as far as is known.
func channelsTo(ctx context.Context, env resource.Env, bucket string) (string, error) {
	delivers := make([]bool, len(env.Regions))
	all, ctx := errgroup.WithContext(ctx)
	for i, region := range env.Regions {
		all.Go(func() error {
			client := awsx.Client(env.Session, region, configservice.NewFromConfig)
			out, err := client.DescribeDeliveryChannels(ctx, &configservice.DescribeDeliveryChannelsInput{})
			if err != nil {
				return unlessClosed(err)
			}
			for _, channel := range out.DeliveryChannels {
				delivers[i] = delivers[i] || aws.ToString(channel.S3BucketName) == bucket
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		return "", err
	}
	var regions []string
	for i, region := range env.Regions {
		if delivers[i] {
			regions = append(regions, region)
		}
	}
	if regions == nil {
		return "", nil
	}
	slices.Sort(regions)
	return fmt.Sprintf("the delivery channel of AWS Config in %s writes into it", strings.Join(regions, ", ")), nil
}
