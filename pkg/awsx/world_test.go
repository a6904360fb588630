package awsx_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	accountsim "github.com/kiso-cli/kiso/pkg/sandbox/account"
	ec2sim "github.com/kiso-cli/kiso/pkg/sandbox/ec2"
	guarddutysim "github.com/kiso-cli/kiso/pkg/sandbox/guardduty"
	iamsim "github.com/kiso-cli/kiso/pkg/sandbox/iam"
	s3sim "github.com/kiso-cli/kiso/pkg/sandbox/s3"
	stssim "github.com/kiso-cli/kiso/pkg/sandbox/sts"
)

const (
	region    = "eu-west-1"
	principal = "arn:aws:iam::123456789012:user/kiso"
)

func newAccount(o sandbox.Options) *sandbox.Account {
	return sandbox.New(o, stssim.New(), accountsim.New(), ec2sim.New(), iamsim.New(), guarddutysim.New(), s3sim.New())
}

// open signs in to an account in process.
func open(t *testing.T, acct *sandbox.Account, o awsx.Options) *awsx.Session {
	t.Helper()
	at := region
	if _, ok := sandbox.DefaultRegions(acct.Partition())[at]; !ok {
		at = map[string]string{"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1", "aws-eusc": "eusc-de-east-1"}[acct.Partition()]
	}
	cfg := acct.Config(at)
	o.Base = &cfg
	s, err := awsx.Open(t.Context(), o)
	require.NoError(t, err)
	return s
}

// list is a call to lose.
func list(ctx context.Context, s *awsx.Session, at string) error {
	_, err := awsx.Client(s, at, guardduty.NewFromConfig).ListDetectors(ctx, &guardduty.ListDetectorsInput{})
	return err
}
