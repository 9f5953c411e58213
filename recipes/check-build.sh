#!/bin/sh
# SPDX-FileCopyrightText: The EgressBundle Authors
# SPDX-License-Identifier: Apache-2.0

# Fails if a bundle came out of "kustomize build" unrendered, or not at all. Without
# --enable-exec, kustomize leaves functions out and succeeds, and whoever applies the
# rest with pruning deletes the egress of the cluster.
#
#   check-build.sh BUILD PATH...
#
# BUILD is a file with the output of kustomize, PATH a file or folder with bundles as the
# build sees them.
set -eu
build=$1
shift
status=0
if grep -E '^kind: Egress(Bundle|Mesh)$' "$build" >&2; then
  echo "$build: has bundles that nothing rendered; does kustomize run with --enable-exec?" >&2
  status=1
fi
rendered=$(egressbundle render "$@")
for bundle in $(printf '%s\n' "$rendered" | sed -n 's|^    egressbundle.io/bundle: ||p' | sort -u); do
  if ! grep -qxF "    egressbundle.io/bundle: $bundle" "$build"; then
    echo "$build: has no object of the bundle $bundle; does kustomize run with --enable-exec?" >&2
    status=1
  fi
done
exit $status
