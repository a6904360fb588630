#!/usr/bin/env bash
# The second step of action.yml: plans once, and leaves the plan in every form
# that the steps after it may want.
set -euo pipefail

dir=$(mktemp -d "$RUNNER_TEMP/kiso-plan.XXXXXX")
args=()
while IFS= read -r line; do
	if [ -n "$line" ]; then args+=("$line"); fi
done <<<"$KISO_ARGS"

# A plan shows names and messages of the account: nothing in it is a command to
# the runner. The token is what ends that, so it cannot be guessed.
token="kiso-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
echo "::stop-commands::$token"
code=0
kiso ${args[@]+"${args[@]}"} plan -f "$KISO_SPEC" --detailed-exitcode --step-summary --out "$dir/plan.json" \
	--output "markdown=$dir/plan.md" --output "sarif=$dir/plan.sarif" --output "github=$dir/annotations" || code=$?
echo "::$token::"

if [ -f "$dir/annotations" ]; then cat "$dir/annotations"; fi
changes=false
if [ "$code" -eq 2 ]; then changes=true; fi
{
	echo "exit-code=$code"
	echo "changes=$changes"
	if [ -f "$dir/plan.json" ]; then echo "plan=$dir/plan.json"; fi
	if [ -f "$dir/plan.md" ]; then echo "markdown=$dir/plan.md"; fi
	if [ -f "$dir/plan.sarif" ]; then echo "sarif=$dir/plan.sarif"; fi
} >>"$GITHUB_OUTPUT"

if [ "$code" -eq 2 ] && [ "$KISO_FAIL_ON_CHANGES" != true ]; then exit 0; fi
exit "$code"
