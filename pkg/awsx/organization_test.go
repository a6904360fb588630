package awsx_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/organizations"
	"github.com/kiso-cli/kiso/pkg/sandbox/sts"
)

// firm is the session of an account that manages an organization of two teams,
// one of which has a team below it.
func firm(t *testing.T, state organizations.State) *awsx.Session {
	t.Helper()
	acct := sandbox.New(sandbox.Options{PageSize: 1}, sts.New(), organizations.New())
	organizations.Edit(acct, func(s *organizations.State) { *s = state })
	cfg := acct.Config("eu-west-1")
	session, err := awsx.Open(t.Context(), awsx.Options{Base: &cfg})
	require.NoError(t, err)
	return session
}

var twoTeams = organizations.State{
	Accounts: []organizations.Account{
		{ID: "111111111111", Name: "main", Status: "ACTIVE", Parent: "r-root"},
		{ID: "222222222222", Name: "a", Status: "ACTIVE", Parent: "ou-a"},
		{ID: "333333333333", Name: "gone", Status: "SUSPENDED", Parent: "ou-a"},
		{ID: "444444444444", Name: "below a", Status: "ACTIVE", Parent: "ou-below"},
		{ID: "555555555555", Name: "b", Status: "ACTIVE", Parent: "ou-b"},
	},
	Units: []organizations.Unit{
		{ID: "ou-a", Name: "a", Parent: "r-root"}, {ID: "ou-b", Name: "b", Parent: "r-root"}, {ID: "ou-below", Name: "below", Parent: "ou-a"},
	},
}

func TestActiveAccountsOfAnOrganization(t *testing.T) {
	for _, c := range []struct{ units, want []string }{
		{nil, []string{"main", "a", "below a", "b"}},
		{[]string{"r-root"}, []string{"main", "a", "b", "below a"}},
		{[]string{"ou-a"}, []string{"a", "below a"}},
		{[]string{"ou-b", "ou-below"}, []string{"b", "below a"}},
		{[]string{"ou-a", "ou-below", "ou-a"}, []string{"a", "below a"}},
	} {
		accounts, err := firm(t, twoTeams).Accounts(t.Context(), c.units)
		require.NoError(t, err)
		var names []string
		for _, a := range accounts {
			assert.Len(t, a.ID, 12)
			names = append(names, a.Name)
		}
		assert.Equal(t, c.want, names, "%v", c.units)
	}
}

func TestAccountsThatCannotBeListed(t *testing.T) {
	_, err := firm(t, twoTeams).Accounts(t.Context(), []string{"ou-none"})
	assert.ErrorContains(t, err, "ParentNotFoundException")
	_, err = firm(t, organizations.State{}).Accounts(t.Context(), nil)
	assert.ErrorContains(t, err, "AWSOrganizationsNotInUseException")
}
