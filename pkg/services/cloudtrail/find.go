package cloudtrail

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/services/bucket"
	"github.com/kiso-cli/kiso/pkg/services/channel"
)

// logs are the kinds of the trail's bucket. Their ids are named TRAIL/BUCKET
// after the spec, because the bucket follows the trail.
var logs = bucket.NewTypes(bucket.Options{
	Service: "cloudtrail", Locked: true, Locate: locate, LocateReads: findReads,
	SharingReads: []resource.Permission{{Action: "cloudtrail:ListTrails", For: "s3:GetBucketPolicy"}}, // asked where that names no trails
	// AWS Config developer guide, "Managing the Delivery Channel"; Amazon S3 user
	// guide, "Object Lock considerations", on server access logs.
	Excludes: []string{"config.amazonaws.com", "logging.s3.amazonaws.com"},
	Delivers: channelsTo,
	DeliversReads: []resource.Permission{
		{Action: "config:DescribeDeliveryChannels", Anywhere: true, For: "s3:GetBucketObjectLockConfiguration"}, // asked where a bucket that is there has no lock
	},
})

// channelsTo says in which managed regions AWS Config delivers into a bucket.
func channelsTo(ctx context.Context, env resource.Env, bucket string) (string, error) {
	regions, err := channel.Into(ctx, env, bucket)
	if err != nil || len(regions) == 0 {
		return "", err
	}
	return fmt.Sprintf("the delivery channel of AWS Config in %s writes into it", strings.Join(regions, ", ")), nil
}

// findReads are the permissions that finding the trail in use takes.
var findReads = append(bucket.ToFind(), // of a trail that has the wanted name and another bucket
	resource.Permission{Action: "cloudtrail:DescribeTrails"},                                                                            // which IAM cannot narrow to a trail
	resource.Permission{Action: "cloudtrail:GetTrailStatus", Anywhere: true},                                                            // also of the organization's
	resource.Permission{Action: "cloudtrail:GetEventSelectors", Resource: everyTrail, Anywhere: true, For: "cloudtrail:DescribeTrails"}, // where there is a choice
)

// everyTrail is the ARN of the trails of permissions: any may be adopted, in any
// region.
const everyTrail = "arn:{partition}:cloudtrail:*:{account_id}:trail/*"

// maxTrails is how many trails a region can see, those of other regions and of
// the organization included, which AWS does not raise (AWS CloudTrail user guide,
// quotas).
const maxTrails = 5

func client(env resource.Env, region string) *cloudtrail.Client {
	return awsx.Client(env.Session, region, cloudtrail.NewFromConfig)
}

// inUse is the trail that serves as the account's one: its own, or one of its
// organization. Trail is nil if there is none.
type inUse struct {
	trail        *types.Trail
	organization bool
	others       []types.Trail // further trails that the home region sees, sorted
	instead      string        // name of the bucket that the spec may want, and that the trail's own takes the place of
}

// keeps says whether a trail goes on to deliver to its own bucket where the spec
// wants one: it was there first.
func keeps(instead, wanted string) bool { return instead == wanted || instead == anyBucket }

// anyBucket stands for whatever the spec calls the bucket.
const anyBucket = "*"

// find chooses the trail: the multi-region one of the wanted name; else one of the
// organization, if it is as the spec wants it; else another multi-region trail
// of the account; else one of the organization that may be; else the one of the
// wanted name that is of the home region alone, which can become what is wanted.
// The error may be that there is none, and no room for one.
func find(ctx context.Context, env resource.Env, home, name string) (inUse, error) {
	key := reads.Key{Service: "cloudtrail", Region: home, Call: "DescribeTrails", Arg: name}
	return reads.Get(ctx, env.Reads, key, func(ctx context.Context) (inUse, error) {
		out, err := client(env, home).DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{IncludeShadowTrails: aws.Bool(true)})
		if err != nil {
			return inUse{}, err
		}
		slices.SortFunc(out.TrailList, func(a, b types.Trail) int { return cmp.Compare(aws.ToString(a.TrailARN), aws.ToString(b.TrailARN)) })
		chosen, err := choose(ctx, env, home, name, out.TrailList)
		for _, t := range out.TrailList {
			if chosen.trail == nil || aws.ToString(t.TrailARN) != aws.ToString(chosen.trail.TrailARN) {
				chosen.others = append(chosen.others, t)
			}
		}
		if err == nil && chosen.trail != nil {
			chosen.instead, err = replaced(ctx, env, home, name, chosen.trail)
		}
		if err == nil && chosen.trail == nil && len(chosen.others) >= maxTrails {
			err = full("there are " + chosen.arns())
		}
		return chosen, err
	})
}

func choose(ctx context.Context, env resource.Env, home, name string, all []types.Trail) (inUse, error) {
	var named *types.Trail
	var own, organization []types.Trail
	for _, t := range all {
		switch {
		case accountOf(t) != env.Identity.AccountID:
			if aws.ToBool(t.IsMultiRegionTrail) && aws.ToBool(t.LogFileValidationEnabled) {
				organization = append(organization, t)
			}
		case aws.ToString(t.Name) == name && (aws.ToBool(t.IsMultiRegionTrail) || aws.ToString(t.HomeRegion) == home):
			if named == nil || !aws.ToBool(named.IsMultiRegionTrail) {
				named = &t
			}
		case aws.ToBool(t.IsMultiRegionTrail):
			own = append(own, t)
		}
	}
	// One that delivers to the bucket that kiso makes is kiso's, whatever somebody
	// has made of it since.
	kisos := resource.Input{Identity: env.Identity, HomeRegion: home}.Fill(defaultBucket)
	if named != nil && (aws.ToBool(named.IsMultiRegionTrail) || aws.ToString(named.S3BucketName) == kisos) {
		return inUse{trail: named}, nil
	}
	fitness, err := fitnessOf(ctx, env, home, organization, own)
	if err != nil {
		return inUse{}, err
	}
	organization = slices.DeleteFunc(organization, func(t types.Trail) bool { return !fitness[*t.TrailARN].logs })
	// One with selectors that nobody here can read is the last choice: it may
	// record no management events at all.
	plain, special := split(organization, func(t types.Trail) bool { return fitness[*t.TrailARN].records })
	for _, choice := range [][]types.Trail{plain, own, special} {
		if len(choice) > 0 {
			best := slices.SortedFunc(slices.Values(choice), func(a, b types.Trail) int {
				return cmp.Or(fitness[*b.TrailARN].compare(fitness[*a.TrailARN]), strings.Compare(*a.Name, *b.Name), strings.Compare(*a.TrailARN, *b.TrailARN))
			})[0]
			return inUse{trail: &best, organization: accountOf(best) != env.Identity.AccountID}, nil
		}
	}
	return inUse{trail: named}, nil
}

// replaced says which bucket that the spec may want a trail's own takes the place
// of. One of the wanted name keeps its own if kiso would have called the bucket by
// its default name, and has not made that: then the trail is not of its making.
// Otherwise it was pointed elsewhere, and is pointed back. One that this account
// keeps for its organization keeps its own too, where every account is let in.
func replaced(ctx context.Context, env resource.Env, home, name string, t *types.Trail) (string, error) {
	if aws.ToString(t.Name) != name || accountOf(*t) != env.Identity.AccountID || aws.ToBool(t.IsOrganizationTrail) {
		return anyBucket, nil
	}
	own := resource.Input{Identity: env.Identity, HomeRegion: home}.Fill(defaultBucket)
	if aws.ToString(t.S3BucketName) == own {
		return "", nil
	}
	var kisos, live bucket.Holder
	var both reads.Group
	both.Go(func() (err error) { kisos, err = bucket.HolderOf(ctx, env, own, home); return err })
	both.Go(func() (err error) {
		live, err = bucket.HolderOf(ctx, env, aws.ToString(t.S3BucketName), aws.ToString(t.HomeRegion))
		return err
	})
	if err := both.Wait(); err != nil || kisos == bucket.Us || live == bucket.Nobody {
		return "", err
	}
	return own, nil
}

func split(trails []types.Trail, by func(types.Trail) bool) (with, without []types.Trail) {
	for _, t := range trails {
		if by(t) {
			with = append(with, t)
		} else {
			without = append(without, t)
		}
	}
	return with, without
}

func accountOf(t types.Trail) string {
	parsed, err := arn.Parse(aws.ToString(t.TrailARN))
	if err != nil {
		return "" // which is not this account's
	}
	return parsed.AccountID
}

// fitness is how near a trail is to what the spec wants of one. Whether its
// deliveries arrive counts last, and only when they have failed for long: that
// changes from day to day, and which trail is in use must not.
type fitness struct{ records, logs, validates, delivers bool }

func (f fitness) compare(other fitness) int {
	value := func(yes bool) int {
		if yes {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(value(f.records), value(other.records)), cmp.Compare(value(f.logs), value(other.logs)),
		cmp.Compare(value(f.validates), value(other.validates)), cmp.Compare(value(f.delivers), value(other.delivers)),
	)
}

// forgiven is how long deliveries may fail before another trail is preferred.
const forgiven = 7 * 24 * time.Hour

// fitnessOf asks about trails between which there is a choice to make, all at
// once. A single trail of the account needs none. What a region does not let
// itself be asked speaks against its trail, and stands in the way of no other.
func fitnessOf(ctx context.Context, env resource.Env, home string, organization, own []types.Trail) (map[string]fitness, error) {
	ask := organization
	if len(own) > 1 {
		ask = slices.Concat(organization, own)
	}
	found := make([]fitness, len(ask))
	var all reads.Group
	for i, t := range ask {
		found[i].validates = aws.ToBool(t.LogFileValidationEnabled)
		all.Go(func() error {
			s, err := status(ctx, env, t, home)
			if err != nil {
				return unlessClosed(err)
			}
			found[i].logs, found[i].delivers = aws.ToBool(s.IsLogging), delivers(s)
			return nil
		})
		all.Go(func() (err error) {
			found[i].records, err = records(ctx, env, t)
			return unlessClosed(err)
		})
	}
	err := all.Wait()
	byARN := map[string]fitness{}
	for i, t := range ask {
		byARN[*t.TrailARN] = found[i]
	}
	return byARN, err
}

// delivers says whether a trail's deliveries arrive, or did not long ago.
func delivers(s *cloudtrail.GetTrailStatusOutput) bool {
	return aws.ToString(s.LatestDeliveryError) == "" || time.Since(aws.ToTime(s.LatestDeliveryTime)) < forgiven
}

// records says whether a trail is known to record all management events. Nobody
// but its own account can read a trail's selectors.
func records(ctx context.Context, env resource.Env, t types.Trail) (bool, error) {
	if !aws.ToBool(t.HasCustomEventSelectors) || accountOf(t) != env.Identity.AccountID {
		return !aws.ToBool(t.HasCustomEventSelectors), nil
	}
	selectors, err := selectorsOf(ctx, env, t)
	return selectors.management(), err
}

// unlessClosed: a region that is denied, or off, is closed.
func unlessClosed(err error) error {
	if awsx.Denied(err) || awsx.IsCode(err, "UnrecognizedClientException", "CloudTrailInvalidClientTokenIdException") {
		return nil
	}
	return err
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

// controlTower is the error for a trail that AWS Control Tower made in the account
// (AWS Control Tower user guide, "Resources created in the shared accounts"); nil
// for others.
func controlTower(t *types.Trail) error {
	if !strings.HasPrefix(aws.ToString(t.Name), "aws-controltower-") {
		return nil
	}
	return resource.ManagedBy("AWS Control Tower", "the trail "+aws.ToString(t.Name)+" is its own, which its policies protect; change it by the landing zone's settings")
}

// managed is the error for what rests on a trail of the organization.
func managed(t *types.Trail, what string) error {
	return resource.ManagedBy("organization trail "+aws.ToString(t.TrailARN), what)
}

// locate finds the bucket of the trail in use: that of the spec, unless the
// trail was there first, and keeps its own.
func locate(ctx context.Context, env resource.Env, id resource.ID) (bucket.Place, error) {
	home := string(id.Scope)
	name, bucketName, _ := strings.Cut(id.Name, "/")
	used, err := find(ctx, env, home, name)
	switch {
	case err != nil:
		return bucket.Place{}, err
	case used.organization:
		return bucket.Place{}, managed(used.trail, fmt.Sprintf("it delivers to the bucket %s, which serves the organization: it is not looked into, so whether it is as the spec wants it is not known", aws.ToString(used.trail.S3BucketName)))
	case used.trail == nil:
		return bucket.Place{Name: bucketName, Region: home, Sharing: sharing(env, home, bucketName, used)}, nil
	}
	t := used.trail
	if err := controlTower(t); err != nil {
		return bucket.Place{}, err
	}
	place := bucket.Place{Name: bucketName, Region: home, Prefix: aws.ToString(t.S3KeyPrefix)}
	if keeps(used.instead, bucketName) {
		place.Name, place.Region, place.Adopted = aws.ToString(t.S3BucketName), aws.ToString(t.HomeRegion), true
	}
	if source := aws.ToString(t.TrailARN); place.Adopted || source != env.Identity.ARN("cloudtrail", home, "trail/"+name) {
		place.Source = source
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
