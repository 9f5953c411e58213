#!/bin/sh
# SPDX-FileCopyrightText: The EgressBundle Authors
# SPDX-License-Identifier: Apache-2.0

# Checks with Mermaid itself the pictures in the reports of all examples and goldens.
#
#   tools/mermaid/check.sh PROGRAM
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --no-package-lock --prefix "$dir" mermaid@11.17.2 jsdom@26.1.0
for bundle in examples/*/bundle.yaml testdata/render/*/*/in.yaml; do
  "$1" render --report "$bundle" >"$dir/$(echo "$bundle" | tr / -).md" 2>/dev/null
done
NODE_MODULES=$dir/node_modules node tools/mermaid/check.mjs "$dir"/*.md
