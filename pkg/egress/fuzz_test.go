// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
)

// FuzzRender feeds any bytes to Parse, Render, Encode and Report. Nothing panics, every
// error is the user's and says where it is, and what renders does so again, in
// any order, as YAML that a cluster takes, of which no two objects have one name. Bundles and
// meshes are the same after they were written and read.
func FuzzRender(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		found, err := egress.Parse("team.yaml", src)
		checkError(t, src, err)
		output, err := found.Render()
		checkError(t, src, err)
		again, errAgain := found.Reversed().Render()
		if err != nil {
			if errAgain == nil || err.Error() != errAgain.Error() {
				t.Fatalf("the order of bundles matters:\n%v\n\n%v", err, errAgain)
			}
			return
		}
		checkWritten(t, found, "EncodeYAML", "encoding/json")
		objects := slices.Collect(output.Objects())
		text := encode(t, objects)
		if errAgain != nil || !bytes.Equal(text, encode(t, slices.Collect(again.Objects()))) {
			t.Fatalf("the order of bundles matters: %v", errAgain)
		}
		if diff := cmp.Diff(markdownOf(t, output.Report()), markdownOf(t, again.Report())); diff != "" {
			t.Fatalf("the order of bundles matters to the report:\n%s", diff)
		}
		checkEncoded(t, text, len(objects))
	})
}

// seeds returns every input of the other tests.
func seeds(f *testing.F) [][]byte {
	f.Helper()
	inputFiles := [][]byte{[]byte(fleetFile), []byte(changedFile + "---\n" + meshFile)}
	for _, path := range glob(f, invalidArchives) {
		var joined [][]byte
		for _, file := range inputs(readArchive(f, path)) {
			joined = append(joined, file.Data)
		}
		inputFiles = append(inputFiles, bytes.Join(joined, []byte("---\n")))
	}
	paths, err := filepath.Glob("../../testdata/render/*/*/in.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		inputFiles = append(inputFiles, src)
	}
	return inputFiles
}

// checkError fails for an error that does not say what is wrong and where.
func checkError(t *testing.T, src []byte, err error) {
	t.Helper()
	var invalid *diag.InvalidError
	if err == nil {
		return
	}
	if !errors.As(err, &invalid) || len(invalid.Diagnostics) == 0 {
		t.Fatalf("want an *InvalidError with diagnostics, got %T: %v", err, err)
	}
	for _, d := range invalid.Diagnostics {
		checkDiagnostic(t, d, src)
	}
}

// checkEncoded fails for a stream that is no list of Kubernetes objects.
func checkEncoded(t *testing.T, text []byte, want int) {
	t.Helper()
	documents, err := readYAML12(text)
	if err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	if len(documents) != want {
		t.Fatalf("read %d documents, want %d:\n%s", len(documents), want, text)
	}
	seen := map[string]bool{}
	for _, document := range documents {
		var o struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
			Metadata   struct {
				Name      string `json:"name"`
				Namespace string `json:"namespace"`
			} `json:"metadata"`
		}
		if err := json.Unmarshal(document, &o); err != nil {
			t.Fatal(err)
		}
		for _, field := range []string{o.APIVersion, o.Kind, o.Metadata.Name, o.Metadata.Namespace} {
			if field == "" {
				t.Errorf("must have apiVersion, kind, name and namespace: %s", document)
			}
		}
		group, _, _ := strings.Cut(o.APIVersion, "/")
		key := strings.Join([]string{group, o.Kind, o.Metadata.Namespace, o.Metadata.Name}, " ")
		if seen[key] {
			t.Errorf("two objects are %s", key)
		}
		seen[key] = true
	}
}
