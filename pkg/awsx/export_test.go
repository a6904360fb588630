package awsx

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/config"
)

// ExplainConfig is explainConfig, for errors that only time would bring about.
var ExplainConfig = explainConfig

// EC2Endpoint is where a session of a partition asks EC2, by the environment.
func EC2Endpoint(ctx context.Context, partition, region string) (string, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(region))
	return (&Session{Identity: Identity{Partition: partition}, cfg: cfg}).ec2Endpoint(ctx), err
}
