#!/usr/bin/env bash
# Runs the acceptance and the templates against moto: installs it into .venv,
# starts its server on loopback, and stops that by its process id whatever happens.
# Then holds what kiso sends against AWS's API models, which come with moto.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.venv
log=$(mktemp)
binary=$(mktemp -d)/kiso
server=

stop() {
	if [[ -n $server ]]; then
		kill "$server" 2>/dev/null || true
		wait "$server" 2>/dev/null || true
	fi
	rm -rf "$log" "${binary%/*}"
}
trap stop EXIT

scripts/venv.sh
port=$("$venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
endpoint=http://127.0.0.1:$port
"$venv/bin/moto_server" -H 127.0.0.1 -p "$port" >"$log" 2>&1 &
server=$!

answers() {
	"$venv/bin/python" - "$endpoint/moto-api/" <<'PY' 2>/dev/null
import sys, urllib.request
urllib.request.urlopen(sys.argv[1], timeout=2).read()
PY
}

for _ in $(seq 120); do
	answers && break
	if ! kill -0 "$server" 2>/dev/null; then
		echo "moto ended before it answered:" >&2
		cat "$log" >&2
		exit 1
	fi
	sleep 0.5
done
answers || { echo "moto does not answer at $endpoint" >&2; exit 1; }

echo "moto answers at $endpoint"
export KISO_TEST_MOTO_ENDPOINT=$endpoint
"${GO:-go}" test -count=1 -v -run '^TestOnMoto$' ./test/acceptance
"$venv/bin/python" test/deploy/on_moto.py -v
"${GO:-go}" build -o "$binary" ./cmd/kiso
KISO_TEST_BINARY=$binary "$venv/bin/python" -B test/models/on_models.py -v
