// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRead(t *testing.T) {
	manifests, err := Read(`
# nothing
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: b}
---
---
apiVersion: v1
kind: Namespace
metadata: {name: c}
`)
	if err != nil {
		t.Fatal(err)
	}
	type object struct {
		Name  string
		Istio bool
	}
	var got []object
	for _, m := range manifests {
		got = append(got, object{m.String(), m.Schema != nil})
	}
	want := []object{{"VirtualService b/a", true}, {"Namespace c", false}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What the gateway says of itself is what the checks read again.
func TestGatewayObjects(t *testing.T) {
	stream, err := YAML(DefaultGateway().Objects("10.0.0.1", "10.0.0.2"))
	if err != nil {
		t.Fatal(err)
	}
	manifests, err := Read(stream)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range manifests {
		got = append(got, m.String())
	}
	want := []string{
		"Service istio-system/istio-egressgateway",
		"Pod istio-system/istio-egressgateway-0",
		"EndpointSlice istio-system/istio-egressgateway-0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
