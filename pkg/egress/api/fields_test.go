// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

// TestFieldsAgree: Go and CUE have the same fields.
func TestFieldsAgree(t *testing.T) {
	definitions := definitionsOf(t, KindBundle)
	types := map[string]any{
		"AllowedRequest":     AllowedRequest{},
		"Bypass":             Bypass{},
		"CACRL":              CACRL{},
		"Client":             Client{},
		"ClientTLS":          ClientTLS{},
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
		"InsecureSkipVerify": InsecureSkipVerify{},
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
	for _, info := range Patterns() {
		fields := jsonFields(reflect.TypeOf(info.New()).Elem())
		compareFields(t, definitions, info.Name, slices.Sorted(slices.Values(append(fields, "pattern", "port"))))
	}
}

// A definition is one of a JSON Schema.
type definition struct {
	Properties map[string]any `json:"properties"`
}

// definitionsOf returns the definitions of a kind by name.
func definitionsOf(t *testing.T, kind string) map[string]definition {
	t.Helper()
	text, err := schema.JSON("https://example.com/schema.json", kind)
	if err != nil {
		t.Fatal(err)
	}
	var found struct {
		Definitions map[string]definition `json:"definitions"`
	}
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatal(err)
	}
	return found.Definitions
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
	for _, field := range reflect.VisibleFields(of) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
