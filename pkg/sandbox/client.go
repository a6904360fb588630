package sandbox

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Config returns an SDK configuration whose clients reach the account in process
// under AWS's own host names, for tests.
func (a *Account) Config(region string) aws.Config {
	return aws.Config{
		Region:     region,
		HTTPClient: a.HTTPClient(),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: defaultKey, SecretAccessKey: "sandbox", Source: "sandbox"}, nil
		}),
	}
}
