package realaccounts

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// anyARN is an ARN of a partition.
var anyARN = regexp.MustCompile(`arn:(aws[a-z-]*):`)

// TestPartitions plans, applies and plans again where nothing is called aws.
func TestPartitions(t *testing.T) {
	for partition, about := range map[string]string{
		"aws-cn":     "the partition aws-cn has no root user",
		"aws-us-gov": "the root user cannot sign in to the console in the partition aws-us-gov, so there is no login alarm; set root_api_usage: true to hear of its API calls",
		"aws-eusc":   "none of the managed regions can record IAM's users",
	} {
		t.Run(partition, func(t *testing.T) {
			w := newWorld(t, sandbox.Options{Partition: partition})
			r := w.plan()
			assert.Equal(t, 2, r.code, r.err)
			says(t, r.out, about)
			r = w.apply()
			require.Equal(t, 0, r.code, "%s\n%s", r.out, r.err)
			w.settled()
			seen := 0
			for _, call := range w.Calls() {
				for _, arn := range anyARN.FindAllStringSubmatch(string(call.Params), -1) {
					seen++
					assert.Equal(t, partition, arn[1], "%s %s", call.Operation, call.Params)
				}
			}
			assert.NotZero(t, seen)
		})
	}
}
