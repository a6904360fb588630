package config

import (
	"slices"

	"github.com/kiso-cli/kiso/pkg/resource"
)

// globalTypes are the resource types of IAM that exist once in an account.
var globalTypes = []string{"AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::Policy"}

// recordsGlobalTypes holds the regions that can record IAM's global types: those
// in which AWS Config was there before February 2022 (AWS Config developer guide,
// "Recording AWS Resources", regional and global resources). No later one can.
var recordsGlobalTypes = set(
	"us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1",
	"eu-central-1", "eu-west-1", "eu-west-2", "eu-west-3", "eu-north-1", "eu-south-1", "me-south-1", "af-south-1",
	"ap-east-1", "ap-south-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3",
	"cn-north-1", "cn-northwest-1", "us-gov-east-1", "us-gov-west-1",
	"us-iso-east-1", "us-iso-west-1", "us-isob-east-1",
)

func set(names ...string) map[string]bool {
	members := map[string]bool{}
	for _, n := range names {
		members[n] = true
	}
	return members
}

// globalTypesRegion chooses the one region that records IAM's global types: the
// home region, the partition's global one, or the first that is managed and can.
// It is "" if none can.
func globalTypesRegion(in resource.Input) string {
	candidates := append([]string{in.HomeRegion, in.Partition.GlobalRegion}, in.Regions...)
	for _, region := range candidates {
		if slices.Contains(in.Regions, region) && recordsGlobalTypes[region] {
			return region
		}
	}
	return ""
}
