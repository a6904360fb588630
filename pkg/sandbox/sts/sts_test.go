package sts_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	sim "github.com/kiso-cli/kiso/pkg/sandbox/sts"
)

func TestCallers(t *testing.T) {
	for principal, id := range map[string]string{
		"arn:aws:iam::123456789012:user/alice":               "AIDASANDBOXUSER000000",
		"arn:aws:iam::123456789012:root":                     "123456789012",
		"arn:aws:sts::123456789012:assumed-role/admin/alice": "AROASANDBOXROLE000000:alice",
	} {
		acct := sandbox.New(sandbox.Options{Principal: principal}, sim.New())
		out, err := sts.NewFromConfig(acct.Config("eu-west-1")).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		require.NoError(t, err)
		assert.Equal(t, principal, aws.ToString(out.Arn))
		assert.Equal(t, id, aws.ToString(out.UserId))
	}
}

func TestSessionsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := sts.NewFromConfig(sandbox.New(sandbox.Options{}, sim.New()).Config("eu-west-1"))
		assume := func(arn string, seconds int32) (*sts.AssumeRoleOutput, error) {
			return client.AssumeRole(t.Context(), &sts.AssumeRoleInput{
				RoleArn: &arn, RoleSessionName: aws.String("test"), DurationSeconds: &seconds,
			})
		}
		out, err := assume("arn:aws:iam::123456789012:role/kiso", 900)
		require.NoError(t, err)
		assert.Equal(t, time.Now().Add(15*time.Minute).UTC(), out.Credentials.Expiration.UTC())

		_, err = assume("arn:aws:iam::123456789012:role/kiso", 899)
		assert.ErrorContains(t, err, "ValidationError: 1 validation error detected: Value '899' at 'DurationSeconds'")
		_, err = assume("arn:aws:iam::123456789012:user/kiso", 900)
		assert.ErrorContains(t, err, "ValidationError: arn:aws:iam::123456789012:user/kiso is invalid")
		_, err = assume("arn:aws-cn:iam::123456789012:role/kiso", 900)
		assert.ErrorContains(t, err, "AccessDenied")
	})
}
