// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A pattern is one Go file, one CUE file, one folder of goldens and one line in
// the list. These tests fail when one of them is missing, or has no owner.

const repository = "../.."

// TestPatternFiles: each pattern has its files, and nothing else lies beside
// them.
func TestPatternFiles(t *testing.T) {
	var names []string
	for _, info := range patterns {
		name := snakeCase(info.Name)
		names = append(names, name)
		for _, path := range []string{
			"pkg/egress/" + name + ".go",
			"schemas/" + name + ".cue",
			"testdata/render/" + name + "/basic/in.yaml",
		} {
			if _, err := os.Stat(filepath.Join(repository, path)); err != nil {
				t.Errorf("pattern %s lacks %s", info.Name, path)
			}
		}
	}
	shared := []string{"bundle", "bypass", "deploy", "destination", "enforce", "mesh", "options", "service", "traffic_policy", "types"}
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
	if !slices.IsSortedFunc(patterns, func(a, b PatternInfo) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the list of patterns is not sorted by name")
	}
	for _, info := range patterns {
		if info.Application == "" || info.Mesh == "" {
			t.Errorf("pattern %s does not say what the application and the mesh do", info.Name)
		}
		if got := reflect.TypeOf(info.empty()).Elem().Name(); got != info.Name {
			t.Errorf("pattern %s makes a %s", info.Name, got)
		}
	}
}

// TestFieldsAgree: Go and CUE have the same fields.
func TestFieldsAgree(t *testing.T) {
	definitions := definitionsOf(t, kindBundle)
	types := map[string]any{
		"AllowedRequest":     AllowedRequest{},
		"Bypass":             Bypass{},
		"Client":             Client{},
		"ConnectionPool":     ConnectionPool{},
		"ConnectionPoolHTTP": ConnectionPoolHTTP{},
		"ConnectionPoolTCP":  ConnectionPoolTCP{},
		"DNS":                DNS{},
		"Deploy":             Deploy{},
		"Destination":        Destination{},
		"EgressBundleSpec":   bundleSpec{},
		"Endpoint":           Endpoint{},
		"Enforce":            Enforce{},
		"Failover":           Failover{},
		"ForwardProxy":       ForwardProxy{},
		"Gateway":            Gateway{},
		"GatewayPorts":       GatewayPorts{},
		"MeshSpec":           Mesh{},
		"OutlierDetection":   OutlierDetection{},
		"Replicas":           Replicas{},
		"ResourceList":       ResourceList{},
		"Resources":          Resources{},
		"Retries":            Retries{},
		"Service":            Service{},
		"TCPKeepalive":       TCPKeepalive{},
		"Toleration":         Toleration{},
		"TrafficPolicy":      TrafficPolicy{},
	}
	for name, value := range types {
		compareFields(t, definitions, name, jsonFields(reflect.TypeOf(value)))
	}
	for _, info := range patterns {
		fields := jsonFields(reflect.TypeOf(info.empty()).Elem())
		compareFields(t, definitions, info.Name, sorted(fields, []string{"pattern", "port"}))
	}
}

// A definition is an entry of $defs in a JSON Schema. That of a port is a choice
// between patterns.
type definition struct {
	Properties map[string]struct {
		Const string `json:"const"`
	} `json:"properties"`
	AnyOf []definition `json:"anyOf"`
}

// definitionsOf returns the definitions of a kind and those of the patterns, by
// name.
func definitionsOf(t *testing.T, kind string) map[string]definition {
	t.Helper()
	text, err := JSONSchema(kind)
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Definitions map[string]json.RawMessage `json:"$defs"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	definitions := map[string]definition{}
	for name, text := range schema.Definitions {
		if string(text) == "true" {
			continue // What JSON Schema has no words for.
		}
		var d definition
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		definitions[name] = d
	}
	for _, pattern := range definitions["Port"].AnyOf {
		definitions[pattern.Properties["pattern"].Const] = pattern
	}
	return definitions
}

func compareFields(t *testing.T, definitions map[string]definition, name string, fields []string) {
	t.Helper()
	properties := slices.Sorted(maps.Keys(definitions[name].Properties))
	if diff := cmp.Diff(properties, fields); diff != "" {
		t.Errorf("%s (-CUE +Go):\n%s", name, diff)
	}
}

// jsonFields returns the names of the fields of a struct in JSON, sorted.
func jsonFields(of reflect.Type) []string {
	var names []string
	for field := range of.Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			names = append(names, name)
		}
	}
	return sorted(names)
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
