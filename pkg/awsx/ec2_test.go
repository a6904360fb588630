package awsx_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/awsx"
)

// The expected addresses are those of the AWS CLI with the same environment.
func TestWhereEC2IsAsked(t *testing.T) {
	fips, dualStack := "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"
	for _, c := range []struct {
		partition, region, want string
		env                     map[string]string
	}{
		{"aws", "eu-west-1", "https://ec2.eu-west-1.amazonaws.com/", nil},
		{"aws-cn", "cn-north-1", "https://ec2.cn-north-1.amazonaws.com.cn/", nil},
		{"aws", "us-east-1", "https://ec2-fips.us-east-1.amazonaws.com/", map[string]string{fips: "true"}},
		{"aws-us-gov", "us-gov-west-1", "https://ec2.us-gov-west-1.amazonaws.com/", map[string]string{fips: "true"}},
		{"aws", "us-east-1", "https://ec2.us-east-1.api.aws/", map[string]string{dualStack: "true"}},
		{"aws", "us-east-1", "https://ec2-fips.us-east-1.api.aws/", map[string]string{dualStack: "true", fips: "true"}},
		{"aws", "us-east-1", "http://127.0.0.1:1", map[string]string{"AWS_ENDPOINT_URL_EC2": "http://127.0.0.1:1"}},
		{"aws", "us-east-1", "https://ec2.us-east-1.amazonaws.com/", map[string]string{"AWS_ENDPOINT_URL_EC2": "http://127.0.0.1:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}},
	} {
		t.Run(c.want, func(t *testing.T) {
			machine(t, "", "")
			for k, v := range c.env {
				t.Setenv(k, v)
			}
			endpoint, err := awsx.EC2Endpoint(t.Context(), c.partition, c.region)
			require.NoError(t, err)
			assert.Equal(t, c.want, endpoint)
		})
	}
}
