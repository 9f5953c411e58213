// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package prove

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
)

// TestProof keeps the proof true that docs/proof.md shows.
func TestProof(t *testing.T) {
	proof := proveFiles(t, "../../examples/http-and-https/bundle.yaml")
	if n := proof.Failures(); n != 0 {
		t.Errorf("%d failures", n)
	}
	compareGolden(t, "testdata/http-and-https.txt", proof)
}

// TestBrokenPromise: an object of somebody else takes the traffic past the
// gateway. The proof says what happens, and which object to look at.
func TestBrokenPromise(t *testing.T) {
	proof := proveFiles(t, "../../examples/two-lines/bundle.yaml", "testdata/private-route.yaml")
	if proof.Calls[0].Kept() {
		t.Error("a call past the gateway is said to keep the promise")
	}
	compareGolden(t, "testdata/private-route.txt", proof)
}

// TestOtherMesh: gateways, ports and domains that are not those of a standard
// installation, and a mesh that holds nothing to prove.
func TestOtherMesh(t *testing.T) {
	proof := proveFiles(t, "testdata/other-mesh.yaml")
	if n := proof.Failures(); n != 0 || len(proof.Calls) != 3 {
		t.Errorf("%d failures, %d calls: %v", n, len(proof.Calls), proof.Problems)
	}
	if _, err := Read([]string{"../../examples/mesh/mesh.yaml"}); err == nil {
		t.Error("a mesh without a bundle is proved")
	}
}

// TestFolder: a folder is read as render reads it, also with what was rendered from it, and says what render says.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := root.Close(); err != nil {
			t.Error(err)
		}
	})
	for from, to := range map[string]string{
		"../../testdata/render/tls_passthrough/enforce_unknown_ports/in.yaml":  "bundles/news.yaml",
		"../../testdata/render/tls_passthrough/enforce_unknown_ports/out.yaml": "rendered/news.yaml",
		"../../examples/two-lines/kustomization.yaml":                          "kustomization.yaml",
		"../../examples/layouts/kpt/Kptfile":                                   "kpt.yaml",
		"testdata/private-route.yaml":                                          ".hidden/route.yaml",
	} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := root.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := root.WriteFile(to, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Read([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(c.Diagnostics, func(d diag.Diagnostic) bool { return d.Code == diag.AssumedPorts }) {
		t.Errorf("got the diagnostics %v, want one of %s", c.Diagnostics, diag.AssumedPorts)
	}
	if proof := proveFiles(t, dir); proof.Failures() != 0 || len(proof.Calls) != 1 {
		t.Errorf("%d failures, %d calls: %v", proof.Failures(), len(proof.Calls), proof.Problems)
	}
}

func proveFiles(t *testing.T, paths ...string) *Proof {
	t.Helper()
	c, err := Read(paths)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := c.Prove(t)
	if err != nil {
		t.Fatal(err)
	}
	return proof
}

// compareGolden compares the text of a proof with a file. UPDATE_GOLDEN=1
// rewrites the file.
func compareGolden(t *testing.T, path string, proof *Proof) {
	t.Helper()
	var text strings.Builder
	if _, err := proof.WriteTo(&text); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(filepath.FromSlash(path), []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text.String()); diff != "" {
		t.Errorf("%s (-want +got), refresh with UPDATE_GOLDEN=1:\n%s", path, diff)
	}
}
