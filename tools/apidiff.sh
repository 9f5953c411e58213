#!/usr/bin/env bash
# SPDX-FileCopyrightText: The EgressBundle Authors
# SPDX-License-Identifier: Apache-2.0

# Says what of the Go API differs from an older revision, by default the newest version. From v1
# on, it fails if a program that uses that version may not compile.
#
#   tools/apidiff.sh [REVISION]
set -euo pipefail
cd "$(dirname "$0")/.."

base=${1:-$(git tag --list 'v*' --sort=-version:refname | head -n 1)}
if [ -z "$base" ]; then
  echo 'There is no version yet to compare the Go API with; name a revision: make apidiff BASE=main'
  exit
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
go build -modfile=tools/apidiff.mod -o "$dir/apidiff" golang.org/x/exp/cmd/apidiff
mkdir "$dir/base"
git archive "$base" | tar --extract --directory "$dir/base"
module=$(go list -m)
(cd "$dir/base" && "$dir/apidiff" -m -w "$dir/old" "$module")
"$dir/apidiff" -m -w "$dir/new" "$module"

echo "The Go API since $base:"
"$dir/apidiff" -m "$dir/old" "$dir/new" 2> >(sed '/^Ignoring internal package/d' >&2)
case $base in
  v0.* | [!v]*) ;;
  *) test -z "$("$dir/apidiff" -m -incompatible "$dir/old" "$dir/new" 2>/dev/null)" ;;
esac
