// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/yaml"

	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
)

// TestJSONSchema: the schemas are valid by another implementation, which accepts
// every document that the library accepts.
func TestJSONSchema(t *testing.T) {
	schemas := map[string]*jsonschema.Schema{}
	for _, kind := range api.Kinds() {
		schemas[kind] = compileSchema(t, kind)
	}
	ofAny := compileSchema(t, "")
	files := append(glob(t, "../../testdata/render/*/*/in.yaml"), glob(t, "../../examples/*/bundle.yaml")...)
	for _, file := range append(files, "../../examples/mesh/mesh.yaml") {
		for kind, document := range documents(t, readText(t, file)) {
			if err := schemas[kind].Validate(document); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			if err := ofAny.Validate(document); err != nil {
				t.Errorf("%s, without a kind: %v", file, err)
			}
		}
	}
}

// TestJSONSchemaRefuses: an editor marks the mistakes that need no knowledge of
// other fields.
func TestJSONSchemaRefuses(t *testing.T) {
	for _, kind := range []string{"", api.KindBundle} {
		t.Run(kind, func(t *testing.T) { testJSONSchemaRefuses(t, compileSchema(t, kind)) })
	}
}

func testJSONSchemaRefuses(t *testing.T, schema *jsonschema.Schema) {
	t.Helper()
	valid := readText(t, "../../examples/http-and-https/bundle.yaml")
	for _, c := range []struct{ name, old, replacement string }{
		{"unknown field", "owner:", "owners:"},
		{"option of another pattern", "pattern: TLSPassthrough", "pattern: TLSPassthrough, timeout: 3s"},
		{"unknown pattern", "TLSOrigination", "TLSTermination"},
		{"port out of range", "port: 80", "port: 80000"},
		{"address for a host", "api.stripe.com", "10.0.0.1"},
		{"name of a destination", "stripe:", "Stripe:"},
		{"wrong type", "card payments", "7"},
		{"other version", "v1alpha1", "v1"},
	} {
		if !strings.Contains(valid, c.old) {
			t.Fatalf("%s: the example has no %q", c.name, c.old)
		}
		for _, document := range documents(t, strings.Replace(valid, c.old, c.replacement, 1)) {
			if schema.Validate(document) == nil {
				t.Errorf("%s is accepted", c.name)
			}
		}
	}
}

func compileSchema(t *testing.T, kind string) *jsonschema.Schema {
	t.Helper()
	text, err := egress.JSONSchema(kind)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(kind, document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile(kind)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// documents returns the documents of a stream as JSON has them, by kind.
func documents(t *testing.T, text string) map[string]any {
	t.Helper()
	nodes, err := (&kio.ByteReader{Reader: strings.NewReader(text), OmitReaderAnnotations: true}).Read()
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	found := map[string]any{}
	for _, node := range nodes {
		data, err := yaml.YAMLToJSON([]byte(node.MustString())) // Kubernetes reads numbers as keys, too.
		if err != nil {
			t.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		found[node.GetKind()] = document
	}
	return found
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
