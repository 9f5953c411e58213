// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	goyaml "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"

	"github.com/egressbundle/egressbundle/pkg/egress"
)

// TestBundlesWriteThemselves: a bundle and a mesh are the same after they were written and read,
// whatever library writes them.
func TestBundlesWriteThemselves(t *testing.T) {
	for _, in := range append(glob(t, "../../testdata/render/*/*/in.yaml"), glob(t, "../../examples/*/bundle.yaml")...) {
		checkWritten(t, parse(t, readText(t, in)), slices.Collect(maps.Keys(libraries))...)
	}
}

// TestWrittenTextIsData: nasty text is the same after it was written and read. sigs.k8s.io/yaml
// writes no control characters, and says so.
func TestWrittenTextIsData(t *testing.T) {
	bundle := described(nasty...)
	bundle.Labels = map[string]string{"a": "on", "b": "2027-03-31", "c": "1e3", "d": "\ta\nb"}
	for library, marshal := range libraries {
		text, err := marshal(bundle)
		if library == "sigs.k8s.io/yaml" && err != nil {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(bundle, parse(t, string(text)).Bundles()[0]); diff != "" {
			t.Errorf("by %s (-built +read):\n%s", library, diff)
		}
	}
}

// checkWritten fails if what was read is not the same after it was written.
func checkWritten(t *testing.T, found egress.Documents, by ...string) {
	t.Helper()
	mesh, err := found.Mesh()
	if err != nil {
		t.Fatal(err)
	}
	if mesh != nil {
		for library, text := range writtenBy(t, mesh, by) {
			again, err := parse(t, text).Mesh()
			if diff := cmp.Diff(mesh, again, cmpopts.EquateEmpty()); diff != "" || err != nil {
				t.Errorf("mesh %s by %s (-read +read again): %v\n%s\n%s", mesh.Name, library, err, diff, text)
			}
		}
	}
	for _, bundle := range found.Bundles() {
		for library, text := range writtenBy(t, bundle, by) {
			if diff := cmp.Diff(bundle, parse(t, text).Bundles()[0], cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("bundle %s by %s (-read +read again):\n%s\n%s", bundle.Name, library, diff, text)
			}
		}
	}
}

type encoder interface{ EncodeYAML(w io.Writer) error }

// libraries are those that write bundles and meshes.
var libraries = map[string]func(encoder) ([]byte, error){
	"EncodeYAML": func(e encoder) ([]byte, error) {
		var text bytes.Buffer
		err := e.EncodeYAML(&text)
		return text.Bytes(), err
	},
	"encoding/json":    func(e encoder) ([]byte, error) { return json.Marshal(e) },
	"go.yaml.in/yaml":  func(e encoder) ([]byte, error) { return goyaml.Marshal(e) },
	"sigs.k8s.io/yaml": func(e encoder) ([]byte, error) { return yaml.Marshal(e) },
}

// writtenBy returns what libraries write of a bundle or a mesh.
func writtenBy(t *testing.T, e encoder, names []string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, library := range names {
		text, err := libraries[library](e)
		if err != nil {
			t.Fatalf("%s: %v", library, err)
		}
		texts[library] = string(text)
	}
	return texts
}
