// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package ir

import (
	"net/url"
	"strings"
	"testing"
)

// TestNormalizedPath: a path is read as the Go library resolves it against another, and what needs no
// escapes as if it had none.
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
	for path, want := range map[string]string{
		"/a//b/../c":                            "/a//c",
		"/%61%5A%30%39%7e%2d%5f%2e":             "/aZ09~-_.",
		"/%21%24%2f%2F%25%20%5b%60%7b%7F%C3%a9": "/%21%24%2f%2F%25%20%5b%60%7b%7F%C3%a9",
	} {
		if got := NormalizedPath(path); got != want {
			t.Errorf("%s becomes %s, want %s", path, got, want)
		}
	}
}
