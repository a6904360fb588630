package organizations_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	sim "github.com/kiso-cli/kiso/pkg/sandbox/organizations"
)

func newClient(options sandbox.Options, state sim.State) *organizations.Client {
	acct := sandbox.New(options, sim.New())
	sim.Edit(acct, func(s *sim.State) { *s = state })
	return organizations.NewFromConfig(acct.Config("us-east-1"))
}

var state = sim.State{
	Accounts: []sim.Account{
		{ID: "111111111111", Name: "main", Status: "ACTIVE", Parent: "r-root"},
		{ID: "222222222222", Name: "old", Status: "SUSPENDED", Parent: "ou-team"},
	},
	Units: []sim.Unit{{ID: "ou-team", Name: "team", Parent: "r-root"}},
}

func TestAccountsInPages(t *testing.T) {
	client := newClient(sandbox.Options{PageSize: 1}, state)
	pages := organizations.NewListAccountsPaginator(client, &organizations.ListAccountsInput{})
	var names []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		require.Len(t, page.Accounts, 1)
		names = append(names, aws.ToString(page.Accounts[0].Name)+" "+string(page.Accounts[0].State))
	}
	assert.Equal(t, []string{"main ACTIVE", "old SUSPENDED"}, names)
}

func TestWhatIsInAParent(t *testing.T) {
	client := newClient(sandbox.Options{}, state)
	accounts, err := client.ListAccountsForParent(t.Context(), &organizations.ListAccountsForParentInput{ParentId: aws.String("ou-team")})
	require.NoError(t, err)
	require.Len(t, accounts.Accounts, 1)
	assert.Equal(t, "222222222222", *accounts.Accounts[0].Id)

	units, err := client.ListOrganizationalUnitsForParent(t.Context(), &organizations.ListOrganizationalUnitsForParentInput{ParentId: aws.String("r-root")})
	require.NoError(t, err)
	require.Len(t, units.OrganizationalUnits, 1)
	assert.Equal(t, "team", *units.OrganizationalUnits[0].Name)

	_, err = client.ListAccountsForParent(t.Context(), &organizations.ListAccountsForParentInput{ParentId: aws.String("ou-none")})
	var missing *types.ParentNotFoundException
	assert.ErrorAs(t, err, &missing)
}

func TestAnAccountByItself(t *testing.T) {
	_, err := newClient(sandbox.Options{}, sim.State{}).ListAccounts(t.Context(), &organizations.ListAccountsInput{})
	var alone *types.AWSOrganizationsNotInUseException
	assert.ErrorAs(t, err, &alone)
}
