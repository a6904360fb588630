package securityhub

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"

	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// Aggregator is the model of the account's one finding aggregator.
type Aggregator struct {
	Region  string   `json:"region"` // its home
	Mode    string   `json:"region_linking_mode"`
	Regions []string `json:"regions,omitzero" diff:"-"` // that the mode names
}

// linkAll is the mode that links every region, also those to come; all others
// link fewer (Security Hub API reference, CreateFindingAggregator).
const linkAll = "ALL_REGIONS"

// aggregatorARN is what IAM policies name an aggregator by (Service Authorization
// Reference, AWS Security Hub).
const aggregatorARN = "arn:{partition}:securityhub:*:{account_id}:finding-aggregator/*"

var aggregators = &resource.Type[Aggregator]{
	Kind: "securityhub.finding_aggregator",
	Doc: resource.Doc{
		Summary: "The account's one finding aggregator, in the home region, linking every region. One that lives elsewhere is reported and left alone: AWS cannot move it.",
		Reads: []resource.Permission{
			{Action: "securityhub:ListFindingAggregators", Anywhere: true}, {Action: "securityhub:GetFindingAggregator", Resource: aggregatorARN, Anywhere: true}, administratorRead,
		},
		Writes: []resource.Permission{
			{Action: "securityhub:CreateFindingAggregator"}, {Action: "securityhub:UpdateFindingAggregator", Resource: aggregatorARN},
		},
		Changers: []resource.Changer{
			{Event: "CreateFindingAggregator"}, {Event: "UpdateFindingAggregator"}, {Event: "DeleteFindingAggregator"},
		},
	},
	Observe: observeAggregator,
	Adapt:   adaptAggregator,
	Bound:   resource.Always,
	Apply:   applyAggregator,
	Settle: resource.Settle{RetryFor: patience, RetryOn: []resource.Transient{
		// Another run, or a first try whose answer was lost, created it: AWS does
		// not document which of these codes that is.
		{Code: "InvalidInputException"},
		{Code: "ResourceConflictException"},
		limitExceeded,
		notSubscribed,
	}},
}

func observeAggregator(ctx context.Context, env resource.Env, id resource.ID) (*Aggregator, error) {
	live, err := observe(ctx, env, id.Scope, func() (*Aggregator, error) { return aggregator(ctx, env, id.Scope) })
	if err != nil || live == nil || live.Region == string(id.Scope) {
		return live, err
	}
	found, err := findAggregator(ctx, env, id.Scope)
	if err != nil {
		return nil, err
	}
	return live, resource.ManagedBy("finding aggregator in "+live.Region, fmt.Sprintf(
		"an account has one finding aggregator, and AWS cannot move it: set home_region to %[1]s, or delete it by hand (aws securityhub delete-finding-aggregator --region %[1]s --finding-aggregator-arn %[2]s) and run again",
		live.Region, found))
}

// adaptAggregator compares no mode of an aggregator that lives elsewhere: it is not read.
func adaptAggregator(live, want Aggregator) (Aggregator, []string) {
	if live.Region != want.Region {
		want.Mode = live.Mode
	}
	return want, nil
}

// aggregator reads the account's aggregator, wherever it lives; nil if there is
// none.
func aggregator(ctx context.Context, env resource.Env, asked resource.Scope) (*Aggregator, error) {
	found, err := findAggregator(ctx, env, asked)
	if err != nil || found == "" {
		return nil, err
	}
	parsed, err := arn.Parse(found)
	if err != nil {
		return nil, fmt.Errorf("securityhub:ListFindingAggregators answered with the ARN %q: %w", found, err)
	}
	if parsed.Region != string(asked) {
		return &Aggregator{Region: parsed.Region}, nil // the rest is not kiso's concern, nor that region in the spec, perhaps
	}
	out, err := client(env, asked).GetFindingAggregator(ctx, &securityhub.GetFindingAggregatorInput{FindingAggregatorArn: &found})
	if off(err) {
		return nil, nil // it is gone since it was listed, or its region's hub is
	}
	if err != nil {
		return nil, err
	}
	return &Aggregator{
		Region: parsed.Region, Mode: aws.ToString(out.RegionLinkingMode), Regions: slices.Sorted(slices.Values(out.Regions)),
	}, nil
}

// findAggregator returns the ARN of the account's aggregator, or "". Every region
// with a hub knows it, so that others are asked only while home has none.
func findAggregator(ctx context.Context, env resource.Env, home resource.Scope) (string, error) {
	key := reads.Key{Service: "securityhub", Region: string(home), Call: "ListFindingAggregators"}
	return reads.Get(ctx, env.Reads, key, func(ctx context.Context) (string, error) {
		found, err := listedIn(ctx, env, home)
		if off(err) {
			return listedElsewhere(ctx, env, home), nil
		}
		return found, err
	})
}

// listedElsewhere asks the other regions. What they refuse to tell counts as
// nothing: apply looks again once the hub is on at home, before it creates any.
func listedElsewhere(ctx context.Context, env resource.Env, home resource.Scope) string {
	found := make([]string, len(env.Regions))
	var all sync.WaitGroup
	for i, region := range env.Regions {
		if region != string(home) {
			all.Go(func() { found[i], _ = listedIn(ctx, env, resource.Scope(region)) })
		}
	}
	all.Wait()
	return cmp.Or(found...)
}

func listedIn(ctx context.Context, env resource.Env, region resource.Scope) (found string, err error) {
	err = awsx.Pages(func(token *string) (*string, error) {
		page, err := client(env, region).ListFindingAggregators(ctx, &securityhub.ListFindingAggregatorsInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		if len(page.FindingAggregators) == 0 {
			return page.NextToken, nil // an empty page need not be the last
		}
		found = aws.ToString(page.FindingAggregators[0].FindingAggregatorArn)
		return nil, nil
	})
	return found, err
}

// applyAggregator creates the aggregator, or makes it link every region. Both
// must be asked of its home region.
func applyAggregator(ctx context.Context, env resource.Env, d resource.Delta[Aggregator]) error {
	home := client(env, d.ID.Scope)
	if d.Action == resource.Create {
		_, err := home.CreateFindingAggregator(ctx, &securityhub.CreateFindingAggregatorInput{RegionLinkingMode: &d.After.Mode})
		return explain(err)
	}
	found, err := findAggregator(ctx, env, d.ID.Scope)
	if err != nil {
		return err
	}
	_, err = home.UpdateFindingAggregator(ctx, &securityhub.UpdateFindingAggregatorInput{
		FindingAggregatorArn: &found, RegionLinkingMode: &d.After.Mode,
	})
	return explain(err)
}
