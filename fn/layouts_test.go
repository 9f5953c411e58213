// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// copyLayout copies an example of a layout, for a form of the function.
func copyLayout(t *testing.T, name string, f form) string {
	t.Helper()
	dir := t.TempDir()
	from := filepath.Join("../examples/layouts", name)
	for _, file := range files(t, from) {
		text := readText(t, filepath.Join(from, file))
		text = strings.ReplaceAll(text, `"`+execFunction+`"`, `"`+f.function+`"`)
		text = strings.ReplaceAll(text, "- exec: egressbundle", "- "+f.kptFunction())
		writeText(t, filepath.Join(dir, file), text)
	}
	return dir
}

// TestFleetLayout: kustomize builds of the layout what render makes of its files.
func TestFleetLayout(t *testing.T) {
	for _, f := range forms(t) {
		dir := copyLayout(t, "fleet", f)
		got := kustomizeBuild(t, dir, f.flags...)
		want := succeed(t, "", "", binary, "render", dir)
		if diff := cmp.Diff(documents(want), documents(got.Stdout)); diff != "" || got.Stderr != "" {
			t.Errorf("%s (-render +kustomize):\n%s\n%s", f.name, diff, got.Stderr)
		}
	}
}

// TestKptLayout: kpt writes into the layout what render makes of its files.
func TestKptLayout(t *testing.T) {
	for _, f := range forms(t) {
		dir := copyLayout(t, "kpt", f)
		want := documents(succeed(t, "", "", binary, "render", dir))
		before := names(contents(t, dir))
		after := kptRender(t, dir)
		var got []string
		for name, text := range after {
			if !slices.Contains(before, name) {
				got = append(got, text)
			}
		}
		if diff := cmp.Diff(want, got, sorted); diff != "" {
			t.Errorf("%s (-render +kpt):\n%s", f.name, diff)
		}
		if diff := cmp.Diff(after, kptRender(t, dir)); diff != "" {
			t.Errorf("%s: a second run (-first +second):\n%s", f.name, diff)
		}
	}
}
