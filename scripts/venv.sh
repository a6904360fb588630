#!/usr/bin/env bash
# Makes .venv with the pinned Python tools, unless it holds them already.
set -euo pipefail
cd "$(dirname "$0")/.."

requirements=test/acceptance/moto/requirements.txt
venv=.venv

if ! cmp -s "$requirements" "$venv/installed"; then
	rm -rf "$venv"
	"${PYTHON:-python3}" -m venv "$venv"
	"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements"
	cp "$requirements" "$venv/installed"
fi
