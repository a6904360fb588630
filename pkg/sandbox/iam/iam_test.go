package iam_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	sim "github.com/kiso-cli/kiso/pkg/sandbox/iam"
)

func TestServiceLinkedRoleIsCreatedOnce(t *testing.T) {
	acct := sandbox.New(sandbox.Options{Partition: "aws-us-gov"}, sim.New())
	client := iam.NewFromConfig(acct.Config("us-gov-west-1"))
	in := &iam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("config.amazonaws.com")}

	created, err := client.CreateServiceLinkedRole(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, "arn:aws-us-gov:iam::123456789012:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig", aws.ToString(created.Role.Arn))

	_, err = client.CreateServiceLinkedRole(t.Context(), in)
	var taken *types.InvalidInputException
	require.ErrorAs(t, err, &taken)
	assert.Equal(t, "Service role name AWSServiceRoleForConfig has been taken in this account, please try a different suffix.", taken.ErrorMessage())

	got, err := client.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("AWSServiceRoleForConfig")})
	require.NoError(t, err)
	assert.Equal(t, created.Role.RoleId, got.Role.RoleId)
	assert.WithinDuration(t, time.Now(), aws.ToTime(got.Role.CreateDate), time.Minute)
	policy, err := url.QueryUnescape(aws.ToString(got.Role.AssumeRolePolicyDocument))
	require.NoError(t, err)
	assert.Contains(t, policy, `"Service":"config.amazonaws.com"`)
}

func TestRolesThatAreNotThere(t *testing.T) {
	acct := sandbox.New(sandbox.Options{}, sim.New())
	client := iam.NewFromConfig(acct.Config("eu-west-1"))

	_, err := client.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("nobody")})
	var absent *types.NoSuchEntityException
	require.ErrorAs(t, err, &absent)

	_, err = client.CreateServiceLinkedRole(t.Context(), &iam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("nothing.amazonaws.com")})
	assert.ErrorContains(t, err, "Service linked roles for nothing.amazonaws.com are not supported.")
}

func TestRolesAreListedByPath(t *testing.T) {
	acct := sandbox.New(sandbox.Options{PageSize: 1}, sim.New())
	sim.Edit(acct, func(s *sim.State) {
		s.Roles = map[string]*sim.Role{"admin": {}, "a": {Path: "/aws-service-role/a.amazonaws.com/"}, "b": {Path: "/aws-service-role/b.amazonaws.com/"}}
	})
	for prefix, want := range map[string][]string{
		"/": {"a", "admin", "b"}, "/aws-service-role/": {"a", "b"}, "/aws-service-role/b.amazonaws.com/": {"b"}, "/nowhere/": nil,
	} {
		pages := iam.NewListRolesPaginator(iam.NewFromConfig(acct.Config("us-east-1")), &iam.ListRolesInput{PathPrefix: aws.String(prefix)})
		var names []string
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			require.NoError(t, err)
			for _, r := range page.Roles {
				names = append(names, aws.ToString(r.RoleName))
			}
		}
		assert.Equal(t, want, names, prefix)
	}
}

func TestAliases(t *testing.T) {
	acct := sandbox.New(sandbox.Options{PageSize: 1}, sim.New())
	sim.Edit(acct, func(s *sim.State) { s.Aliases = []string{"startup", "old-name"} })
	pages := iam.NewListAccountAliasesPaginator(iam.NewFromConfig(acct.Config("us-east-1")), &iam.ListAccountAliasesInput{})
	var aliases []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		aliases = append(aliases, page.AccountAliases...)
	}
	assert.Equal(t, []string{"old-name", "startup"}, aliases)
}
