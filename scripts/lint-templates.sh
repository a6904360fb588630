#!/usr/bin/env bash
# Checks the CloudFormation templates, and the state machine within one, with
# cfn-lint, for regions of three partitions.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/venv.sh

linted=$(mktemp -d)
trap 'rm -rf "$linted"' EXIT
for template in deploy/*.yaml; do
	# cfn-lint knows the resources of a state machine by their ARNs alone, and
	# a variable in one it does not fill in.
	sed 's/arn:${Partition}:states:/arn:aws:states:/' "$template" >"$linted/${template##*/}"
done
.venv/bin/cfn-lint --regions ap-northeast-1 us-east-1 us-gov-west-1 cn-north-1 -- "$linted"/*.yaml
echo "$(ls "$linted" | wc -l) templates are as CloudFormation wants them"
