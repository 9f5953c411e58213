// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
)

// A pattern is a Go file that holds its data, one that plans it, one CUE file, one folder of
// goldens and one line in the list. These tests fail when one of them is missing, or has no owner.

const repository = "../.."

// TestPatternFiles: each pattern has its files, and nothing else lies beside
// them.
func TestPatternFiles(t *testing.T) {
	var names []string
	for _, info := range api.Patterns() {
		name := snakeCase(info.Name)
		names = append(names, name)
		for _, path := range []string{
			"pkg/egress/api/" + name + ".go",
			"pkg/egress/internal/plan/" + name + ".go",
			"schemas/" + name + ".cue",
			"testdata/render/" + name + "/basic/in.yaml",
		} {
			if _, err := os.Stat(filepath.Join(repository, path)); err != nil {
				t.Errorf("pattern %s lacks %s", info.Name, path)
			}
		}
	}
	shared := []string{
		"bundle", "bypass", "deploy", "destination", "diagnostics", "enforce", "explanation", "mesh", "options", "report", "service",
		"traffic_policy", "types", "words",
	}
	if diff := cmp.Diff(sorted(names, shared), stems(t, "schemas/*.cue")); diff != "" {
		t.Errorf("files in schemas (-patterns and shared +found):\n%s", diff)
	}
	if diff := cmp.Diff(sorted(names), stems(t, "testdata/render/*")); diff != "" {
		t.Errorf("folders in testdata/render (-patterns +found):\n%s", diff)
	}
}

// TestPatternList: the list is sorted, and says everything that documentation
// needs.
func TestPatternList(t *testing.T) {
	if !slices.IsSortedFunc(api.Patterns(), func(a, b api.PatternInfo) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the list of patterns is not sorted by name")
	}
	for _, info := range api.Patterns() {
		if info.Application == "" || info.Mesh == "" {
			t.Errorf("pattern %s does not say what the application and the mesh do", info.Name)
		}
		if got := reflect.TypeOf(info.New()).Elem().Name(); got != info.Name {
			t.Errorf("pattern %s makes a %s", info.Name, got)
		}
	}
}

// TestEveryFieldHasAGolden: each field of the API is set in some case of testdata/render, so
// that whoever adds one sees what becomes of it.
func TestEveryFieldHasAGolden(t *testing.T) {
	set := map[string]bool{}
	for _, in := range glob(t, "../../testdata/render/*/*/in.yaml") {
		found := parse(t, readText(t, in))
		mesh, err := found.Mesh()
		if err != nil {
			t.Fatal(err)
		}
		noteFields(set, reflect.ValueOf(mesh))
		noteFields(set, reflect.ValueOf(found.Bundles()))
	}
	known := map[string]bool{}
	listFields(known, reflect.TypeFor[api.Bundle]())
	for _, info := range api.Patterns() {
		listFields(known, reflect.TypeOf(info.New()))
	}
	for _, field := range slices.Sorted(maps.Keys(known)) {
		if !set[field] && withoutGolden[field] == "" {
			t.Errorf("no case of testdata/render sets %s", field)
		}
	}
}

// withoutGolden are the fields that no golden sets, and why. The control plane of the proof,
// which follows every golden, knows one cluster.
var withoutGolden = map[string]string{
	"Bundle.Annotations": "objects do not inherit them",
	"Bundle.Labels":      "objects do not inherit them",
	"Deploy.Installer":   "its output is in fn/testdata/patch",
	"Mesh.Annotations":   "objects do not inherit them",
	"Mesh.ClusterDomain": "is another cluster; TestAnotherCluster has it",
	"Mesh.RootNamespace": "is another cluster; TestAnotherCluster has it",
	"Mesh.TrustDomain":   "is another cluster; TestAnotherCluster has it",
}

// noteFields notes the fields of the API that a value sets.
func noteFields(set map[string]bool, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			noteFields(set, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			noteFields(set, v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			noteFields(set, v.MapIndex(key))
		}
	case reflect.Struct:
		for _, field := range apiFields(v.Type()) {
			if value := v.FieldByIndex(field.Index); !value.IsZero() {
				set[v.Type().Name()+"."+field.Name] = true
				noteFields(set, value)
			}
		}
	default: // has no fields
	}
}

// listFields lists the fields of the API below a type.
func listFields(known map[string]bool, of reflect.Type) {
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		listFields(known, of.Elem())
	case reflect.Struct:
		for _, field := range apiFields(of) {
			known[of.Name()+"."+field.Name] = true
			listFields(known, field.Type)
		}
	default: // has no fields
	}
}

// apiFields returns the fields of a type. What it embeds is its own: each pattern has its options.
func apiFields(of reflect.Type) []reflect.StructField {
	return slices.DeleteFunc(reflect.VisibleFields(of), func(f reflect.StructField) bool { return f.Anonymous })
}

// snakeCase returns the name of a pattern as the name of its files.
func snakeCase(name string) string {
	word := regexp.MustCompile(`([A-Z]+)([A-Z][a-z])|([a-z])([A-Z])`)
	return strings.ToLower(word.ReplaceAllString(name, "${1}${3}_${2}${4}"))
}

// stems returns the names of the files that match, without extension, sorted.
func stems(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(repository, pattern))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, path := range paths {
		names = append(names, strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)))
	}
	return sorted(names)
}

func sorted(lists ...[]string) []string { return slices.Sorted(slices.Values(slices.Concat(lists...))) }
