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
	"github.com/egressbundle/egressbundle/pkg/egress/api"
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

// TestWrittenForEveryReader: words that the first version of YAML takes for truth values and numbers
// are text to sigs.k8s.io/yaml, which reads that version, as Kubernetes does.
func TestWrittenForEveryReader(t *testing.T) {
	words := []string{"on", "Off", "yes", "N", "y", "1:30", "-1:30:59.5", "0x1f", "0o17", "017", "1_000", "1e3", ".5", "~", "null", "", "2027-03-31"}
	for _, word := range words {
		bundle := api.Bundle{Name: "news", Namespace: "payments", Labels: map[string]string{"a": word, word: "a"}}
		for library, marshal := range libraries {
			text, err := marshal(bundle)
			if err != nil {
				t.Fatal(err)
			}
			var again api.Bundle
			err = yaml.Unmarshal(text, &again)
			if diff := cmp.Diff(bundle, again); diff != "" || err != nil {
				t.Errorf("%q by %s: %v (-built +read):\n%s%s", word, library, err, diff, text)
			}
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
