package account_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	sim "github.com/kiso-cli/kiso/pkg/sandbox/account"
)

func list(t *testing.T, options sandbox.Options, in account.ListRegionsInput) (names []string, pages int) {
	t.Helper()
	acct := sandbox.New(options, sim.New())
	paginator := account.NewListRegionsPaginator(account.NewFromConfig(acct.Config("eu-west-1")), &in)
	for paginator.HasMorePages() {
		page, err := paginator.NextPage(t.Context())
		require.NoError(t, err)
		for _, r := range page.Regions {
			names = append(names, aws.ToString(r.RegionName)+" "+string(r.RegionOptStatus))
		}
	}
	return names, len(acct.Calls())
}

func TestListRegions(t *testing.T) {
	options := sandbox.Options{Regions: map[string]string{
		"us-east-1": sandbox.EnabledByDefault, "eu-south-1": sandbox.Enabled,
		"ap-east-1": sandbox.Disabled, "ap-east-2": sandbox.Enabling, "af-south-1": sandbox.Disabling,
	}}
	all := []string{"af-south-1 DISABLING", "ap-east-1 DISABLED", "ap-east-2 ENABLING", "eu-south-1 ENABLED", "us-east-1 ENABLED_BY_DEFAULT"}

	names, pages := list(t, options, account.ListRegionsInput{})
	assert.Equal(t, all, names)
	assert.Equal(t, 1, pages)

	names, pages = list(t, options, account.ListRegionsInput{MaxResults: aws.Int32(2)})
	assert.Equal(t, all, names)
	assert.Equal(t, 3, pages)

	names, _ = list(t, options, account.ListRegionsInput{RegionOptStatusContains: []types.RegionOptStatus{"ENABLED", "ENABLED_BY_DEFAULT"}})
	assert.Equal(t, all[3:], names)

	options.PageSize, options.Reversed = 1, true
	names, pages = list(t, options, account.ListRegionsInput{})
	assert.Equal(t, all[4], names[0])
	assert.ElementsMatch(t, all, names)
	assert.Equal(t, 5, pages)
}

func TestEveryPartitionHasItsRegions(t *testing.T) {
	names, _ := list(t, sandbox.Options{}, account.ListRegionsInput{RegionOptStatusContains: []types.RegionOptStatus{"ENABLED_BY_DEFAULT"}})
	assert.Len(t, names, 17)
	names, _ = list(t, sandbox.Options{Partition: "aws-us-gov"}, account.ListRegionsInput{})
	assert.Equal(t, []string{"us-gov-east-1 ENABLED_BY_DEFAULT", "us-gov-west-1 ENABLED_BY_DEFAULT"}, names)
}

func TestRegionOptStatus(t *testing.T) {
	client := account.NewFromConfig(sandbox.New(sandbox.Options{}, sim.New()).Config("us-east-1"))
	out, err := client.GetRegionOptStatus(t.Context(), &account.GetRegionOptStatusInput{RegionName: aws.String("af-south-1")})
	require.NoError(t, err)
	assert.Equal(t, types.RegionOptStatusDisabled, out.RegionOptStatus)
	_, err = client.GetRegionOptStatus(t.Context(), &account.GetRegionOptStatusInput{RegionName: aws.String("eu-west-9")})
	var invalid *types.ValidationException
	assert.ErrorAs(t, err, &invalid)
}

func TestAccountIDIsForOrganizations(t *testing.T) {
	client := account.NewFromConfig(sandbox.New(sandbox.Options{}, sim.New()).Config("us-east-1"))
	_, err := client.ListRegions(t.Context(), &account.ListRegionsInput{AccountId: aws.String("123456789012")})
	var denied *types.AccessDeniedException
	assert.ErrorAs(t, err, &denied)
	_, err = client.ListRegions(t.Context(), &account.ListRegionsInput{MaxResults: aws.Int32(51)})
	assert.ErrorContains(t, err, "ValidationException")
}
