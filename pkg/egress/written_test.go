// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
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

// TestYAMLLibraryReads: go.yaml.in/yaml reads what it writes, and what people write, as Parse does.
func TestYAMLLibraryReads(t *testing.T) {
	texts := map[string]string{"plain": `apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: news, namespace: payments, labels: {day: 2027-03-31}}
spec:
  destinations:
    db:
      hosts: &hosts [db.example.com]
      expires: 2027-03-31
      ports: [{port: 5432, pattern: TCP}]
      addresses: [203.0.113.7]
      endpoints: [{address: 198.51.100.20, ports: {5432: 15432}}]
    cnn: {hosts: *hosts}
`}
	for _, in := range append(glob(t, "../../testdata/render/*/*/in.yaml"), glob(t, "../../examples/*/bundle.yaml")...) {
		texts[in] = readText(t, in)
	}
	for name, text := range texts {
		found := parse(t, text)
		mesh, err := found.Mesh()
		if err != nil {
			t.Fatal(err)
		}
		bundles, meshes := unmarshaled(t, text)
		if diff := cmp.Diff(found.Bundles(), bundles, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("bundles of %s (-Parse +go.yaml.in/yaml):\n%s", name, diff)
		}
		if mesh != nil {
			if diff := cmp.Diff([]api.Mesh{*mesh}, meshes, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("mesh of %s (-Parse +go.yaml.in/yaml):\n%s", name, diff)
			}
		}
	}
}

// unmarshaled returns the bundles and meshes of a stream, as go.yaml.in/yaml reads them, twice.
func unmarshaled(t *testing.T, stream string) (bundles []api.Bundle, meshes []api.Mesh) {
	t.Helper()
	decoder := goyaml.NewDecoder(strings.NewReader(stream))
	for {
		var document goyaml.Node
		var head struct{ Kind string }
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return bundles, meshes
		}
		if err == nil {
			err = document.Decode(&head)
		}
		switch {
		case err != nil:
			t.Fatal(err)
		case head.Kind == api.KindBundle:
			bundles = append(bundles, rewritten[api.Bundle](t, &document))
		case head.Kind == api.KindMesh:
			meshes = append(meshes, rewritten[api.Mesh](t, &document))
		}
	}
}

// rewritten reads a document, writes it and reads it again.
func rewritten[T any](t *testing.T, document *goyaml.Node) (again T) {
	t.Helper()
	var value T
	if err := document.Decode(&value); err != nil {
		t.Fatal(err)
	}
	text, err := goyaml.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	if err := goyaml.Unmarshal(text, &again); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return again
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
