// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package ir

import (
	"net/url"
	"strings"
	"testing"
)

// TestNormalizedPath: a path is read as the Go library resolves it against another, and dots that are
// escaped as those that are not.
func TestNormalizedPath(t *testing.T) {
	for _, path := range []string{
		"/", "/a", "/a/", "/a/b", "/a/../b", "/a/./b", "/a/..", "/a/.", "/..", "/../../a", "/a/b/../../c/", "/a/.../b", "/.well-known/x", "/a..b/..c",
	} {
		reference, err := url.Parse("http://host" + path)
		if err != nil {
			t.Fatal(err)
		}
		want := reference.ResolveReference(reference).Path
		for _, written := range []string{path, strings.ReplaceAll(path, "/../", "/%2e%2E/")} {
			if got := NormalizedPath(written); got != want {
				t.Errorf("%s becomes %s, want %s", written, got, want)
			}
		}
	}
	if got, want := NormalizedPath("/a//b/../c"), "/a//c"; got != want {
		t.Errorf("two slashes stay: got %s, want %s", got, want)
	}
}
