// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package ir

import "strings"

var escapedDots = strings.NewReplacer("%2e", ".", "%2E", ".")

// NormalizedPath returns a path as proxies read it before they compare it with anything: without the
// segments . and .., however they are written.
// https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig-ProxyPathNormalization-NormalizationType
func NormalizedPath(path string) string {
	var kept []string
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, segment := range segments {
		isLast := i == len(segments)-1
		switch escapedDots.Replace(segment) {
		case ".":
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		default:
			kept = append(kept, segment)
			isLast = false
		}
		if isLast {
			kept = append(kept, "") // What it stands for is a folder.
		}
	}
	return "/" + strings.Join(kept, "/")
}
