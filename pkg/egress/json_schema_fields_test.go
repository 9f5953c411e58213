// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"encoding/json"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
)

// TestSchemaFiles: the files of the repository are the schemas, and each stands where its
// identifier says. UPDATE_GOLDEN=1 rewrites them.
func TestSchemaFiles(t *testing.T) {
	for _, kind := range append(egress.SchemaKinds(), "") {
		text, err := egress.JSONSchema(kind)
		if err != nil {
			t.Fatal(err)
		}
		_, file, ok := strings.Cut(schemaOf(t, kind).ID, "/egressbundle/egressbundle/main/")
		if !ok {
			t.Fatalf("%q: the identifier is no file of the repository", kind)
		}
		compareGolden(t, filepath.Join("../..", filepath.FromSlash(file)), text)
	}
}

// TestEveryFieldIsDescribed: an editor says of each field what it is for, and shows a value that
// it takes: those to choose from, its default, or an example.
func TestEveryFieldIsDescribed(t *testing.T) {
	for _, kind := range api.Kinds() {
		root := schemaOf(t, kind)
		root.Definitions[kind] = root
		for name, definition := range root.Definitions {
			if definition.Description == "" {
				t.Errorf("%s has no comment", name)
			}
			checkDescribed(t, name, definition)
		}
	}
}

func checkDescribed(t *testing.T, name string, of node) {
	t.Helper()
	for field, is := range of.Properties {
		if is.Description == "" {
			t.Errorf("%s.%s has no comment", name, field)
		}
		isChoice := is.Type == "boolean" || is.Const != nil || is.Enum != nil
		if !isChoice && is.Default == nil && is.Examples == nil {
			t.Errorf("%s.%s needs a value that it takes, after \"Default: \" or \"such as \" in its comment or its @must", name, field)
		}
		checkDescribed(t, name+"."+field, is)
	}
	for _, alternative := range of.AnyOf {
		checkDescribed(t, name, alternative)
	}
	if of.Items != nil {
		checkDescribed(t, name+"[]", *of.Items)
	}
}

// ownDefaults are the definitions whose defaults are those of Istio and Kubernetes: what is written
// there becomes part of objects.
var ownDefaults = map[string]bool{"ConnectionPoolHTTP": true, "OutlierDetection": true, "Toleration": true, "TrafficPolicy": true}

// TestDefaultsAreTrue: a bundle that says every default says the same as one that says none.
func TestDefaultsAreTrue(t *testing.T) {
	filled := map[string]bool{}
	for _, in := range glob(t, "../../testdata/render/*/*/in.yaml") {
		text := withDefaults(t, readText(t, in), filled)
		output, err := parse(t, text).Render()
		if err != nil {
			t.Errorf("%s, with every default: %v", in, err)
			continue
		}
		if diff := cmp.Diff(readText(t, filepath.Join(filepath.Dir(in), "out.yaml")), string(encode(t, slices.Collect(output.Objects())))); diff != "" {
			t.Errorf("%s (-without defaults +with them):\n%s", in, diff)
		}
	}
	if len(filled) < 20 {
		t.Errorf("only the defaults of %v are tried", filled)
	}
}

// withDefaults returns a stream in which the documents of the API say every default, and notes
// which these are.
func withDefaults(t *testing.T, stream string, filled map[string]bool) string {
	t.Helper()
	var texts []string
	for text := range strings.SplitSeq("\n"+stream, "\n---\n") {
		var document map[string]any
		if err := yaml.Unmarshal([]byte(text), &document); err != nil {
			t.Fatal(err)
		}
		if kind, _ := document["kind"].(string); slices.Contains(api.Kinds(), kind) {
			root := schemaOf(t, kind)
			filler{root, filled}.fill("", root, document)
		}
		filledText, err := yaml.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(filledText))
	}
	return strings.Join(texts, "---\n")
}

type filler struct {
	root   node
	filled map[string]bool
}

// fill adds to a value the defaults of its fields, and theirs.
func (f filler) fill(name string, of node, value any) {
	if of.Ref != "" {
		name = path.Base(of.Ref)
		of = f.root.Definitions[name]
	}
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			f.fill(name, *of.Items, item)
		}
	case map[string]any:
		for _, choice := range of.AllOf {
			if choice.If.Properties["pattern"].Const == value["pattern"] {
				f.fill(name, *choice.Then, value)
			}
		}
		f.fields(name, of, value)
	}
}

func (f filler) fields(name string, of node, value map[string]any) {
	for field, is := range of.Properties {
		if value[field] == nil && is.Default != nil && !ownDefaults[name] {
			value[field] = is.Default
			f.filled[name+"."+field] = true
		}
		f.fill(name, is, value[field])
	}
	var entries node
	if json.Unmarshal(of.AdditionalProperties, &entries) != nil {
		return // There are none.
	}
	for key, entry := range value {
		if _, isField := of.Properties[key]; !isField {
			f.fill(name, entries, entry)
		}
	}
}
