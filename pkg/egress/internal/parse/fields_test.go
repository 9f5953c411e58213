// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

// TestFieldsAgree: Go and CUE have the same fields.
func TestFieldsAgree(t *testing.T) {
	definitions := definitionsOf(t, api.KindBundle)
	types := map[string]any{
		"AllowedRequest":     api.AllowedRequest{},
		"Bypass":             api.Bypass{},
		"Client":             api.Client{},
		"ConnectionPool":     api.ConnectionPool{},
		"ConnectionPoolHTTP": api.ConnectionPoolHTTP{},
		"ConnectionPoolTCP":  api.ConnectionPoolTCP{},
		"DNS":                api.DNS{},
		"Deploy":             api.Deploy{},
		"Destination":        api.Destination{},
		"EgressBundleSpec":   bundleSpec{},
		"Endpoint":           api.Endpoint{},
		"Enforce":            api.Enforce{},
		"Failover":           api.Failover{},
		"ForwardProxy":       api.ForwardProxy{},
		"Gateway":            api.Gateway{},
		"GatewayPorts":       api.GatewayPorts{},
		"MeshSpec":           api.Mesh{},
		"OutlierDetection":   api.OutlierDetection{},
		"Replicas":           api.Replicas{},
		"ResourceList":       api.ResourceList{},
		"Resources":          api.Resources{},
		"Retries":            api.Retries{},
		"Service":            api.Service{},
		"TCPKeepalive":       api.TCPKeepalive{},
		"Toleration":         api.Toleration{},
		"TrafficPolicy":      api.TrafficPolicy{},
	}
	for name, value := range types {
		compareFields(t, definitions, name, jsonFields(reflect.TypeOf(value)))
	}
	for _, info := range api.Patterns() {
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
	for field := range of.Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
