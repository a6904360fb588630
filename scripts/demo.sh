#!/usr/bin/env bash
# Shows what kiso does, on a simulated account that lives on this machine: plan,
# apply, plan again, tamper, plan, repair, plan again. Ends with an error if
# anything is not as it says.
set -euo pipefail
cd "$(dirname "$0")/.."

kiso=$PWD/bin/kiso
spec=examples/startup-tokyo/kiso.yaml
home=ap-northeast-1
work=$(mktemp -d)
sandbox=

stop() {
	if [[ -n $sandbox ]]; then
		kill "$sandbox" 2>/dev/null || true
		wait "$sandbox" 2>/dev/null || true
	fi
	rm -rf "$work"
}
trap stop EXIT

bold= plain=
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then bold=$'\033[1m' plain=$'\033[0m'; fi
say() { printf '\n%s# %s%s\n' "$bold" "$*" "$plain"; }
wrong() {
	printf 'demo: not as claimed: %s\n' "$*" >&2
	exit 1
}

# run CODE COMMAND...: shows a command, runs it, and insists on its exit code.
run() {
	local want=$1 code=0
	shift
	printf '\n$ kiso %s\n' "$*"
	"$kiso" "$@" >"$work/out" 2>"$work/progress" || code=$?
	[[ ! -s $work/progress ]] || echo "($(wc -l <"$work/progress") lines of progress on stderr)"
	cat "$work/out"
	[[ $code == "$want" ]] || wrong "kiso $1 exited $code, not $want: $(cat "$work/progress")"
}
shows() { grep -qF -- "$1" "$work/out" || wrong "no \"$1\" above"; }

say "A simulated AWS account, on loopback: no call leaves this machine"
for variable in $(compgen -e AWS_ || true); do unset "$variable"; done
"$kiso" sandbox --listen 127.0.0.1:0 --state "$work/account.json" 2>"$work/sandbox" &
sandbox=$!
for _ in $(seq 100); do
	AWS_ENDPOINT_URL=$(sed -n 's/.* at \(http:[^ ]*\).*/\1/p' "$work/sandbox")
	[[ -z $AWS_ENDPOINT_URL ]] || break
	kill -0 "$sandbox" || wrong "the sandbox ended: $(cat "$work/sandbox")"
	sleep 0.1
done
[[ -n $AWS_ENDPOINT_URL ]] || wrong "the sandbox does not say where it is"
export AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID=demo AWS_SECRET_ACCESS_KEY=demo
cat "$work/sandbox"

say "What does the empty account lack? (exit code 2: there are changes)"
run 2 plan -f "$spec" --detailed-exitcode
shows "0 to change, 0 to destroy."

say "Make it so"
run 0 apply -f "$spec" --auto-approve
shows "Apply complete!"

say "Again: nothing is left to do (exit code 0)"
run 0 plan -f "$spec" --detailed-exitcode
shows "No changes."

say "Somebody stops the trail and switches GuardDuty off in Tokyo"
go run ./examples/tamper "$home"

say "kiso sees just that"
run 2 plan -f "$spec" --detailed-exitcode
shows "Plan: 0 to add, 2 to change, 0 to destroy."
shows "logging: false -> true"
shows 'status: "DISABLED" -> "ENABLED"'

say "and undoes it"
run 0 apply -f "$spec" --auto-approve
shows "Resources: 0 added, 2 changed, 0 destroyed."
run 0 plan -f "$spec" --detailed-exitcode
shows "No changes."

say "Done: everything was as claimed"
