// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"slices"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
)

// intruder is a namespace that copies what the sidecars of a client have. Anybody who may write objects of Istio can do
// that, and no visibility of objects stops it: only the gateway does.
const intruder = "intruder"

// spoofed leads http://spoof.example.com over a hop of the bundle to a lane, as a caller does who names one SNI and asks
// for another host.
func spoofed(subset, lane string) string {
	return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: spoof, namespace: payments}
spec: {hosts: [spoof.example.com], exportTo: ["."], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: spoof, namespace: payments}
spec:
  hosts: [spoof.example.com]
  exportTo: ["."]
  http:
  - rewrite: {authority: ` + lane + `}
    route: [{destination: {host: istio-egressgateway.istio-system.svc.cluster.local, port: {number: 443}, subset: ` + subset + `}}]
`
}

// TestSpoofing: a caller who may use one destination gets no further with its SNI and the host of another, and none with
// the SNI of the other.
func TestSpoofing(t *testing.T) {
	g := goldensByName(t)["tls_passthrough/service_accounts"]
	const bank = "api.bank.example.com.80.bank.closed.news.payments.egress"
	for _, c := range []struct{ name, subset, lane, blocked string }{
		{"its own lane", "payments--news--http", "edition.cnn.com.80.cnn.http.news.payments.egress", ""},
		{"its own SNI, the host of another", "payments--news--http", bank, "404 no virtual host for " + bank},
		{"the same with a port", "payments--news--http", bank + ":443", "404 no virtual host for " + bank + ":443"},
		{"the SNI of another", "payments--news--bank--http", bank, "403 RBAC: denied by ns[istio-system]-policy[payments--news--istio-egressgateway]-rule[2]"},
	} {
		spoof := golden{gateways: g.gateways, outbound: g.outbound, outcomes: []calls.Outcome{{Call: "http://spoof.example.com", From: "payments/checkout"}}}
		for _, got := range observe(t, spoof, join(g.rendered, spoofed(c.subset, c.lane))) {
			if got.Blocked != c.blocked {
				t.Errorf("%s: got %+v, want %q", c.name, got, c.blocked)
			}
		}
	}
}

// copyClient adds a copy of what stands in the namespace of a client, and shows the intruder what the client is shown.
func copyClient(t *testing.T, manifests, client string) string {
	t.Helper()
	all, err := cluster.Read(manifests)
	if err != nil {
		t.Fatal(err)
	}
	var documents []string
	for _, m := range all {
		object := m.Object.DeepCopy()
		if spec, ok := object.Object["spec"].(map[string]any); ok {
			if visible, ok := spec["exportTo"].([]any); ok && slices.Contains(visible, any(client)) {
				spec["exportTo"] = append(visible, intruder)
			}
		}
		documents = append(documents, toYAML(t, object.Object))
		if object.GetNamespace() == client {
			object.SetNamespace(intruder)
			documents = append(documents, toYAML(t, object.Object))
		}
	}
	return join(documents...)
}

func toYAML(t *testing.T, object any) string {
	t.Helper()
	text, err := yaml.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
