package sandbox_test

import (
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsaccount "github.com/aws/aws-sdk-go-v2/service/account"
	accounttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	awsguardduty "github.com/aws/aws-sdk-go-v2/service/guardduty"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/account"
	"github.com/kiso-cli/kiso/pkg/sandbox/ec2"
	"github.com/kiso-cli/kiso/pkg/sandbox/guardduty"
	"github.com/kiso-cli/kiso/pkg/sandbox/iam"
	"github.com/kiso-cli/kiso/pkg/sandbox/sts"
)

func newAccount(options sandbox.Options) *sandbox.Account {
	return sandbox.New(options, account.New(), ec2.New(), guardduty.New(), iam.New(), sts.New())
}

func TestCallerIdentity(t *testing.T) {
	acct := newAccount(sandbox.Options{Partition: "aws-cn", AccountID: "111122223333"})
	out, err := awssts.NewFromConfig(acct.Config("cn-north-1")).GetCallerIdentity(t.Context(), &awssts.GetCallerIdentityInput{})
	require.NoError(t, err)
	assert.Equal(t, "111122223333", aws.ToString(out.Account))
	assert.Equal(t, "arn:aws-cn:iam::111122223333:user/kiso", aws.ToString(out.Arn))
}

func TestOnLoopback(t *testing.T) {
	acct := newAccount(sandbox.Options{PageSize: 10})
	server := httptest.NewServer(acct)
	defer server.Close()
	cfg := acct.Config("eu-west-1")
	cfg.HTTPClient, cfg.BaseEndpoint = server.Client(), aws.String(server.URL)

	pages := awsaccount.NewListRegionsPaginator(awsaccount.NewFromConfig(cfg), &awsaccount.ListRegionsInput{
		RegionOptStatusContains: []accounttypes.RegionOptStatus{accounttypes.RegionOptStatusEnabledByDefault},
	})
	var names []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		for _, r := range page.Regions {
			names = append(names, aws.ToString(r.RegionName))
		}
	}
	assert.Len(t, names, 17)
	assert.Len(t, acct.Calls(), 2)
}

func TestRegionThatIsOff(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	_, err := awsguardduty.NewFromConfig(acct.Config("ap-east-1")).ListDetectors(t.Context(), &awsguardduty.ListDetectorsInput{})
	assert.ErrorContains(t, err, "UnrecognizedClientException: The security token included in the request is invalid.")
	_, err = awssts.NewFromConfig(acct.Config("ap-east-1")).GetCallerIdentity(t.Context(), &awssts.GetCallerIdentityInput{})
	assert.ErrorContains(t, err, "InvalidClientTokenId")
}
