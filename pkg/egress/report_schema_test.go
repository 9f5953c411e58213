// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"bytes"
	"encoding/json"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/explain"
	"github.com/egressbundle/egressbundle/pkg/egress/report"
)

// TestReportSchema: every report is what its schema says, also where a program writes it with
// json.Marshal.
func TestReportSchema(t *testing.T) {
	schema := compileSchema(t, report.Kind)
	files := append(glob(t, "../../testdata/render/*/*/in.yaml"), glob(t, "../../examples/*/bundle.yaml")...)
	texts := []string{besideOthers}
	for _, file := range files {
		texts = append(texts, readText(t, file))
	}
	for _, text := range texts {
		output, err := parse(t, text).Render()
		if err != nil {
			t.Fatal(err)
		}
		var encoded bytes.Buffer
		marshaled, err := json.Marshal(output.Report())
		if err != nil || output.Report().EncodeJSON(&encoded) != nil {
			t.Fatal("the report is not written:", err)
		}
		for _, written := range [][]byte{marshaled, encoded.Bytes()} {
			document, err := jsonschema.UnmarshalJSON(bytes.NewReader(written))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(document); err != nil {
				t.Errorf("%v:\n%s", err, written)
			}
		}
	}
}

// TestDiagnosticsSchema: what is said of every invalid file is what its schema says.
func TestDiagnosticsSchema(t *testing.T) {
	schema := compileSchema(t, diag.Kind)
	for _, path := range glob(t, invalidArchives) {
		archive := readArchive(t, path)
		var encoded bytes.Buffer
		if err := (diag.Diagnostics{Diagnostics: diagnose(t, asOf(t, archive), inputs(archive))}).EncodeJSON(&encoded); err != nil {
			t.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(&encoded)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(document); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestSchemasAgree: the schemas of what is written for machines have the fields that it has, and no
// others.
func TestSchemasAgree(t *testing.T) {
	for kind, typ := range map[string]reflect.Type{
		report.Kind: reflect.TypeFor[report.Report](), explain.Kind: reflect.TypeFor[explain.Explanation](),
		diag.Kind: reflect.TypeFor[diag.Diagnostics](),
	} {
		root := schemaOf(t, kind)
		compareFields(t, root, root, typ, "apiVersion", "kind")
	}
}

// A node is a part of a JSON Schema.
type node struct {
	ID                   string          `json:"$id"`
	Ref                  string          `json:"$ref"`
	Definitions          map[string]node `json:"definitions"`
	Type                 string          `json:"type"`
	Description          string          `json:"description"`
	Default              any             `json:"default"`
	Examples             []any           `json:"examples"`
	Const                any             `json:"const"`
	Enum                 []any           `json:"enum"`
	Properties           map[string]node `json:"properties"`
	AdditionalProperties json.RawMessage `json:"additionalProperties"` // a node, or false
	Items                *node           `json:"items"`
	AnyOf                []node          `json:"anyOf"`
	AllOf                []node          `json:"allOf"`
	If                   *node           `json:"if"`
	Then                 *node           `json:"then"`
}

// schemaOf returns the JSON Schema of a kind.
func schemaOf(t *testing.T, kind string) node {
	t.Helper()
	text, err := egress.JSONSchema(kind)
	if err != nil {
		t.Fatal(err)
	}
	var root node
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	return root
}

// compareFields compares the fields of a type with those of a part of a schema.
func compareFields(t *testing.T, root, of node, typ reflect.Type, more ...string) {
	t.Helper()
	if of.Ref != "" {
		of = root.Definitions[path.Base(of.Ref)]
	}
	switch typ.Kind() {
	case reflect.Pointer:
		compareFields(t, root, of, typ.Elem())
	case reflect.Slice:
		compareFields(t, root, *of.Items, typ.Elem())
	case reflect.Struct:
		names := slices.Clone(more)
		for field := range typ.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			names = append(names, name)
			compareFields(t, root, of.Properties[name], field.Type)
		}
		var known []string
		for name := range of.Properties {
			known = append(known, name)
		}
		if diff := cmp.Diff(sorted(names), sorted(known)); diff != "" {
			t.Errorf("%s (-type +schema):\n%s", typ, diff)
		}
	default: // has no fields
	}
}
