package awsx

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/account/types"
)

// Partition holds what differs between AWS's partitions and no API tells.
type Partition struct {
	GlobalRegion string // where events of global services and root sign-ins are recorded
	AccountAPI   string // the region of the account API; "" where there is none
	RootSignIn   bool   // the root user can sign in to the console
	RootUser     bool   // there is a root user at all
	Domain       string // of the endpoints
	// DualStackDomain is that of the endpoints that answer by IPv6 too.
	DualStackDomain string
}

// PartitionOf returns the facts of a partition by its id, such as "aws".
//
// Sources: botocore's endpoints and partitions data; IAM user guides of
// GovCloud (no root console sign-in) and of China (no root user). Of a
// partition that is not known here, the least is assumed.
func PartitionOf(id, homeRegion string) Partition {
	switch id {
	case "aws":
		return Partition{GlobalRegion: "us-east-1", AccountAPI: "us-east-1", RootSignIn: true, RootUser: true, Domain: "amazonaws.com", DualStackDomain: "api.aws"}
	case "aws-cn":
		return Partition{GlobalRegion: "cn-north-1", AccountAPI: "cn-northwest-1", Domain: "amazonaws.com.cn", DualStackDomain: "api.amazonwebservices.com.cn"}
	case "aws-us-gov":
		return Partition{GlobalRegion: "us-gov-west-1", RootUser: true, Domain: "amazonaws.com", DualStackDomain: "api.aws"}
	case "aws-eusc":
		return Partition{GlobalRegion: "eusc-de-east-1", RootSignIn: true, RootUser: true, Domain: "amazonaws.eu", DualStackDomain: "api.amazonwebservices.eu"}
	default:
		return Partition{GlobalRegion: homeRegion, RootUser: true, Domain: "amazonaws.com", DualStackDomain: "api.aws"}
	}
}

// alwaysOn returns a region of the same partition that every account has
// (AWS Account Management reference guide, "Enable or disable AWS Regions").
func alwaysOn(region string) string {
	for prefix, on := range map[string]string{"cn-": "cn-north-1", "us-gov-": "us-gov-west-1", "eusc-": "eusc-de-east-1"} {
		if strings.HasPrefix(region, prefix) {
			return on
		}
	}
	if strings.Contains(region, "-iso") {
		return region
	}
	return "us-east-1"
}

// Partition returns the facts of the session's partition.
func (s *Session) Partition() Partition { return PartitionOf(s.Identity.Partition, s.cfg.Region) }

// Region is a region as the account sees it.
type Region struct {
	Name    string
	Enabled bool
	Status  string // AWS's own word, such as ENABLED_BY_DEFAULT or not-opted-in
}

// Regions lists the partition's regions, sorted by name. It asks the account
// API, the only one that tells a region on its way (ENABLING) from one that is
// there, and EC2 where that is missing or refused. Whether a region is usable
// is decided from this list and never from an error, because a region that is
// off answers like bad credentials.
func (s *Session) Regions(ctx context.Context) ([]Region, error) {
	var accountErr error
	if at := s.Partition().AccountAPI; at != "" {
		regions, err := s.accountRegions(ctx, at)
		if err == nil {
			return regions, nil
		}
		accountErr = err
	}
	regions, err := s.ec2Regions(ctx)
	if err != nil {
		return nil, unlisted(accountErr, err)
	}
	return regions, nil
}

// unlisted says why neither API told the regions. accountErr may be nil.
func unlisted(accountErr, err error) error {
	why := Explain(err)
	if accountErr != nil {
		why = Explain(accountErr) + "; and " + why
	}
	return &adviceError{
		advice: "the account's regions could not be listed: allow account:ListRegions or ec2:DescribeRegions, or name regions.include in the spec: " + why,
		cause:  errors.Join(accountErr, err),
	}
}

func (s *Session) accountRegions(ctx context.Context, at string) ([]Region, error) {
	var regions []Region
	err := Pages(func(token *string) (*string, error) {
		page, err := Client(s, at, account.NewFromConfig).ListRegions(ctx, &account.ListRegionsInput{MaxResults: aws.Int32(50), NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, r := range page.Regions {
			on := r.RegionOptStatus == types.RegionOptStatusEnabled || r.RegionOptStatus == types.RegionOptStatusEnabledByDefault
			regions = append(regions, Region{Name: aws.ToString(r.RegionName), Enabled: on, Status: string(r.RegionOptStatus)})
		}
		return page.NextToken, nil
	})
	return sorted(regions), err
}

func sorted(regions []Region) []Region {
	slices.SortFunc(regions, func(a, b Region) int { return strings.Compare(a.Name, b.Name) })
	return regions
}
