#!/usr/bin/env bash
# The first step of action.yml: puts kiso on the PATH of the steps after it, from
# a release whose checksum is right, or from a binary that is there already.
set -euo pipefail

fail() {
	echo "::error title=kiso::$1"
	exit 1
}

use() { # use DIRECTORY: put it on the PATH
	echo "$1" >>"$GITHUB_PATH"
	"$1/kiso" version
	exit 0
}

if [ -n "$KISO_BINARY" ]; then
	[ -x "$KISO_BINARY" ] || fail "binary: there is no program at $KISO_BINARY"
	dir=$(mktemp -d "$RUNNER_TEMP/kiso.XXXXXX")
	cp "$KISO_BINARY" "$dir/kiso"
	use "$dir"
fi
if [ -z "$KISO_VERSION" ]; then
	command -v kiso >/dev/null || fail "no kiso is on the PATH: set version or binary"
	kiso version
	exit 0
fi

version=${KISO_VERSION#v}
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || fail "version: $KISO_VERSION is none; want one such as 1.2.3"
case "$RUNNER_OS" in
Linux) os=linux ;;
macOS) os=darwin ;;
*) fail "no release is installed on $RUNNER_OS: set binary" ;;
esac
case "$RUNNER_ARCH" in
X64) arch=amd64 ;;
ARM64) arch=arm64 ;;
*) fail "there is no release for $RUNNER_ARCH" ;;
esac

fetch() { # fetch FILE: into the working directory
	curl --proto '=https,file' --proto-redir '=https' --fail --silent --show-error --location --retry 3 \
		--output "$1" "$KISO_RELEASES/v$version/$1" || fail "$1 of release $version could not be fetched from $KISO_RELEASES"
}

sha256() {
	if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

dir=$(mktemp -d "$RUNNER_TEMP/kiso.XXXXXX")
cd "$dir"
archive="kiso_${version}_${os}_${arch}.tar.gz"
fetch "$archive"
want=$KISO_SHA256
if [ -z "$want" ]; then
	fetch checksums.txt
	want=$(awk -v file="$archive" '$2 == file { print $1 }' checksums.txt)
fi
[[ $want =~ ^[0-9a-f]{64}$ ]] || fail "there is no SHA-256 of $archive"
got=$(sha256 "$archive")
[ "$got" = "$want" ] || fail "$archive has the SHA-256 $got, and should have $want: it is not used"
tar -xzf "$archive" kiso
rm -f "$archive" checksums.txt
use "$dir"
