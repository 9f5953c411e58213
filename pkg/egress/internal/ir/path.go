// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package ir

import (
	"net/url"
	"regexp"
	"strings"
)

// escapedUnreserved are the characters that mean the same escaped: letters, digits, and -._~.
// https://www.rfc-editor.org/rfc/rfc3986#section-2.3
var escapedUnreserved = regexp.MustCompile(`(?i)%(2[de]|3[0-9]|[46][1-9a-f]|[57][0-9a]|5f|7e)`)

// NormalizedPath returns a path as proxies read it before they compare it with anything: unreserved
// characters as they are, and without the segments . and .. then.
// https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig-ProxyPathNormalization-NormalizationType
func NormalizedPath(path string) string {
	path = escapedUnreserved.ReplaceAllStringFunc(path, func(escape string) string {
		character, _ := url.PathUnescape(escape) // It is one that can be.
		return character
	})
	var kept []string
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, segment := range segments {
		switch segment {
		case ".":
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		default:
			kept = append(kept, segment)
			continue
		}
		if i == len(segments)-1 {
			kept = append(kept, "") // What it stands for is a folder.
		}
	}
	return "/" + strings.Join(kept, "/")
}
