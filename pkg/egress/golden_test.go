// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/pkg/egress"
)

// TestGoldens renders every case of testdata/render. UPDATE_GOLDEN=1 rewrites
// what comes out.
func TestGoldens(t *testing.T) {
	for _, in := range glob(t, "../../testdata/render/*/*/in.yaml") {
		dir := filepath.Dir(in)
		t.Run(filepath.ToSlash(dir), func(t *testing.T) {
			compareGolden(t, filepath.Join(dir, "out.yaml"), renderFile(t, in))
		})
	}
}

// glob returns the files that match, and fails if there are none: a test over
// no files proves nothing.
func glob(t testing.TB, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no files match %s (%v)", pattern, err)
	}
	return files
}

// renderFile returns the YAML of what a file holds.
func renderFile(t testing.TB, path string) []byte {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found, err := egress.Parse(filepath.Base(path), src)
	if err != nil {
		t.Fatal(err)
	}
	mesh, err := found.Mesh()
	if err != nil {
		t.Fatal(err)
	}
	return encode(t, render(t, mesh, found.Bundles...))
}

func render(t testing.TB, mesh *egress.Mesh, bundles ...egress.Bundle) []egress.Object {
	t.Helper()
	output, err := egress.Render(mesh, bundles...)
	if err != nil {
		t.Fatal(err)
	}
	return output.Objects
}

func encode(t testing.TB, objects []egress.Object) []byte {
	t.Helper()
	var text bytes.Buffer
	if err := egress.Encode(&text, objects); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

func compareGolden(t *testing.T, path string, got []byte) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got), refresh with UPDATE_GOLDEN=1:\n%s", path, diff)
	}
}
