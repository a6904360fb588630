package cloudtrail

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"golang.org/x/sync/errgroup"

	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/services/bucket"
)

// logs are the kinds of the trail's bucket. Their ids are named TRAIL/BUCKET
// after the spec, because the bucket follows the trail.
var logs = bucket.NewTypes(bucket.Options{
	Service: "cloudtrail", Locked: true, Locate: locate, LocateReads: findReads,
	SharingReads: []resource.Permission{{Action: "cloudtrail:ListTrails", For: "s3:GetBucketPolicy"}}, // asked where that names no trails
	// AWS Config developer guide, "Managing the Delivery Channel".
	Excludes: "config.amazonaws.com",
})

// findReads are the permissions that finding the trail in use takes.
var findReads = []resource.Permission{
	{Action: "cloudtrail:DescribeTrails"},                 // which IAM cannot narrow to a trail
	{Action: "cloudtrail:GetTrailStatus", Anywhere: true}, // also of the organization's
}

func client(env resource.Env, region string) *cloudtrail.Client {
	return awsx.Client(env.Session, region, cloudtrail.NewFromConfig)
}

// inUse is the trail that serves as the account's one: its own, or one of its
// organization. Trail is nil if there is none.
type inUse struct {
	trail        *types.Trail
	organization bool
	others       []types.Trail // further trails that the home region sees, sorted
}

// find chooses the trail: the one of the wanted name; else one of the
// organization, if it is as the spec wants it; else another multi-region trail
// of the account.
func find(ctx context.Context, env resource.Env, home, name string) (inUse, error) {
	key := reads.Key{Service: "cloudtrail", Region: home, Call: "DescribeTrails", Arg: name}
	return reads.Get(ctx, env.Reads, key, func(ctx context.Context) (inUse, error) {
		out, err := client(env, home).DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{IncludeShadowTrails: aws.Bool(true)})
		if err != nil {
			return inUse{}, err
		}
		chosen, err := choose(ctx, env, home, name, out.TrailList)
		slices.SortFunc(out.TrailList, func(a, b types.Trail) int { return cmp.Compare(aws.ToString(a.TrailARN), aws.ToString(b.TrailARN)) })
		for _, t := range out.TrailList {
			if chosen.trail == nil || aws.ToString(t.TrailARN) != aws.ToString(chosen.trail.TrailARN) {
				chosen.others = append(chosen.others, t)
			}
		}
		return chosen, err
	})
}

func choose(ctx context.Context, env resource.Env, home, name string, all []types.Trail) (inUse, error) {
	var own, organization []types.Trail
	for _, t := range all {
		switch {
		case aws.ToBool(t.IsOrganizationTrail), accountOf(t) != env.Identity.AccountID:
			if aws.ToBool(t.IsMultiRegionTrail) && aws.ToBool(t.LogFileValidationEnabled) {
				organization = append(organization, t)
			}
		case aws.ToString(t.Name) == name && (aws.ToBool(t.IsMultiRegionTrail) || aws.ToString(t.HomeRegion) == home):
			return inUse{trail: &t}, nil
		case aws.ToBool(t.IsMultiRegionTrail):
			own = append(own, t)
		}
	}
	healths, err := healthOf(ctx, env, home, organization, own)
	if err != nil {
		return inUse{}, err
	}
	best := func(trails []types.Trail) *types.Trail {
		return &slices.SortedFunc(slices.Values(trails), func(a, b types.Trail) int {
			return cmp.Or(cmp.Compare(healths[*b.TrailARN], healths[*a.TrailARN]), strings.Compare(*a.Name, *b.Name))
		})[0]
	}
	organization = slices.DeleteFunc(organization, func(t types.Trail) bool { return healths[*t.TrailARN] < logging })
	switch {
	case len(organization) > 0:
		return inUse{trail: best(organization), organization: true}, nil
	case len(own) > 0:
		return inUse{trail: best(own)}, nil
	default:
		return inUse{}, nil
	}
}

func accountOf(t types.Trail) string {
	parsed, err := arn.Parse(aws.ToString(t.TrailARN))
	if err != nil {
		return "" // which is not this account's
	}
	return parsed.AccountID
}

// How well a trail does.
const (
	silent  = iota // it does not log
	logging        // it logs
	healthy        // and its deliveries arrive
)

// healthOf asks for the state of trails between which there is a choice to make,
// all at once. A single trail of the account needs none.
func healthOf(ctx context.Context, env resource.Env, home string, organization, own []types.Trail) (map[string]int, error) {
	ask := organization
	if len(own) > 1 {
		ask = slices.Concat(organization, own)
	}
	found := make([]int, len(ask))
	all, ctx := errgroup.WithContext(ctx)
	for i, t := range ask {
		all.Go(func() error {
			s, err := status(ctx, env, t, home)
			switch {
			case err != nil || !aws.ToBool(s.IsLogging):
			case aws.ToString(s.LatestDeliveryError) == "":
				found[i] = healthy
			default:
				found[i] = logging
			}
			return err
		})
	}
	err := all.Wait()
	healths := map[string]int{}
	for i, t := range ask {
		healths[*t.TrailARN] = found[i]
	}
	return healths, err
}

// status reads a trail's state where it is at home; a trail of the organization
// by its shadow in this account's home region, because its own home may be a
// region that this account has not enabled. It is asked for by ARN, as it must
// be for shadows (CloudTrail API reference, GetTrailStatus).
func status(ctx context.Context, env resource.Env, t types.Trail, home string) (*cloudtrail.GetTrailStatusOutput, error) {
	region := home
	if accountOf(t) == env.Identity.AccountID {
		region = aws.ToString(t.HomeRegion)
	}
	key := reads.Key{Service: "cloudtrail", Region: region, Call: "GetTrailStatus", Arg: *t.TrailARN}
	return reads.Get(ctx, env.Reads, key, func(ctx context.Context) (*cloudtrail.GetTrailStatusOutput, error) {
		return client(env, region).GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: t.TrailARN})
	})
}

// managed is the error for what rests on a trail of the organization.
func managed(t *types.Trail, what string) error {
	return resource.ManagedBy("organization trail "+aws.ToString(t.TrailARN), what)
}

// locate finds the bucket of the trail in use: that of the spec, unless the
// trail is adopted under another name, and with it its bucket.
func locate(ctx context.Context, env resource.Env, id resource.ID) (bucket.Place, error) {
	home := string(id.Scope)
	name, bucketName, _ := strings.Cut(id.Name, "/")
	used, err := find(ctx, env, home, name)
	switch {
	case err != nil:
		return bucket.Place{}, err
	case used.organization:
		return bucket.Place{}, managed(used.trail, fmt.Sprintf("it delivers to the bucket %s, which the organization keeps: this account cannot look into it, so whether it is as the spec wants it is not known", aws.ToString(used.trail.S3BucketName)))
	case used.trail == nil:
		return bucket.Place{Name: bucketName, Region: home, Sharing: sharing(env, home, bucketName, used)}, nil
	}
	t := used.trail
	place := bucket.Place{Name: bucketName, Region: home, Prefix: aws.ToString(t.S3KeyPrefix)}
	if source := aws.ToString(t.TrailARN); source != env.Identity.ARN("cloudtrail", home, "trail/"+name) {
		place.Source = source
	}
	if aws.ToString(t.Name) != name {
		place.Name, place.Region, place.Adopted = aws.ToString(t.S3BucketName), aws.ToString(t.HomeRegion), true
	}
	place.Sharing = sharing(env, home, place.Name, used)
	return place, nil
}

// sharing finds the trails besides the one in use that deliver to a bucket, and
// those that may: of a trail of one region that is not the home region there is
// no more to be seen from there than that it exists (CloudTrail API reference,
// DescribeTrails, ListTrails).
func sharing(env resource.Env, home, bucket string, used inUse) func(context.Context) ([]string, error) {
	return func(ctx context.Context) ([]string, error) {
		seen := map[string]bool{}
		if used.trail != nil {
			seen[aws.ToString(used.trail.TrailARN)] = true
		}
		var arns []string
		for _, t := range used.others {
			seen[aws.ToString(t.TrailARN)] = true
			if aws.ToString(t.S3BucketName) == bucket {
				arns = append(arns, aws.ToString(t.TrailARN))
			}
		}
		err := awsx.Pages(func(token *string) (*string, error) {
			page, err := client(env, home).ListTrails(ctx, &cloudtrail.ListTrailsInput{NextToken: token})
			if err != nil {
				return nil, err
			}
			for _, t := range page.Trails {
				if arn := aws.ToString(t.TrailARN); !seen[arn] {
					arns = append(arns, arn)
				}
			}
			return page.NextToken, nil
		})
		slices.Sort(arns)
		return arns, err
	}
}
