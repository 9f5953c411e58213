// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	goyaml "go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// TestObjectsArePlain: whatever library writes an object, a cluster reads it, and the packages
// of Kubernetes can copy it.
func TestObjectsArePlain(t *testing.T) {
	for _, in := range append(glob(t, "../../testdata/render/*/*/in.yaml"), glob(t, "../../examples/*/bundle.yaml")...) {
		output, err := parse(t, readText(t, in)).Render()
		if err != nil {
			t.Fatal(err)
		}
		for o := range output.Objects() {
			tree, err := o.Map()
			if err != nil {
				t.Fatal(err)
			}
			copied := (&unstructured.Unstructured{Object: tree}).DeepCopy()
			if copied.GetKind() != o.Kind || copied.GetName() != o.Name || copied.GetNamespace() != o.Namespace {
				t.Errorf("%s: %s is copied as %s %s/%s", in, o.Ref(), copied.GetKind(), copied.GetNamespace(), copied.GetName())
			}
			encoded := encode(t, []object.Object{o})
			checkSame(t, encoded, o)
			if diff := cmp.Diff(byLibrary(t, o), string(encoded)); diff != "" {
				t.Errorf("%s: %s (-go.yaml.in/yaml +Encode):\n%s", in, o.Ref(), diff)
			}
		}
	}
}

// byLibrary returns an object as the YAML library writes it.
func byLibrary(t *testing.T, o object.Object) string {
	t.Helper()
	var text bytes.Buffer
	encoder := goyaml.NewEncoder(&text)
	encoder.SetIndent(2)
	encoder.CompactSeqIndent()
	if err := encoder.Encode(o); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// checkSame fails if other libraries write something else than Encode.
func checkSame(t *testing.T, encoded []byte, o object.Object) {
	t.Helper()
	want, err := yaml.YAMLToJSON(encoded)
	if err != nil {
		t.Fatal(err)
	}
	byJSON, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	byYAML, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][]byte{"encoding/json": byJSON, "sigs.k8s.io/yaml": byYAML} {
		if diff := cmp.Diff(decoded(t, want), decoded(t, got)); diff != "" {
			t.Errorf("%s by %s (-Encode +got):\n%s", o.Ref(), name, diff)
		}
	}
}

func decoded(t *testing.T, text []byte) any {
	t.Helper()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	return value
}
