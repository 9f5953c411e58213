// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"testing"

	"github.com/egressbundle/egressbundle/conformance/trace"
)

// Sidecars that somebody else wrote.
const (
	wholeNamespace = `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: payments}
spec: {egress: [{hosts: ["*/*"]}], outboundTrafficPolicy: {mode: ALLOW_ANY}}
`
	someWorkloads = `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: reports, namespace: payments}
spec: {workloadSelector: {labels: {app: reports}}, egress: [{hosts: ["*/*"]}], outboundTrafficPolicy: {mode: ALLOW_ANY}}
`
	wholeMesh = `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: istio-system}
spec: {egress: [{hosts: ["./*"]}]}
`
)

// TestOtherSidecars: what happens to workloads that a Sidecar of somebody else selects, which is why rendering beside it
// says so: of two for a namespace the older counts, one for some workloads keeps them, one for the mesh loses them.
func TestOtherSidecars(t *testing.T) {
	ours := goldensByName(t)["tls_passthrough/enforce_sidecar"].Rendered
	unlisted := trace.Call{Namespace: "payments", URL: "https://www.example.com"}
	reports := unlisted
	reports.Labels = map[string]string{"app": "reports"}
	for _, c := range []struct {
		name      string
		manifests string
		call      trace.Call
		blocked   string
	}{
		{"ours alone", ours, unlisted, blackHole.Blocked},
		{"ours is older", inOrder(t, ours, wholeNamespace), unlisted, blackHole.Blocked},
		{"ours is younger", inOrder(t, wholeNamespace, ours), unlisted, ""},
		{"a Sidecar for other workloads", inOrder(t, someWorkloads, ours), unlisted, blackHole.Blocked},
		{"a Sidecar for these workloads", inOrder(t, ours, someWorkloads), reports, ""},
		{"a Sidecar for the mesh", inOrder(t, wholeMesh, ours), unlisted, blackHole.Blocked},
	} {
		t.Run(c.name, func(t *testing.T) {
			manifests := edit(t, c.manifests, isNot("NetworkPolicy"))
			m := trace.NewMesh(t, trace.Options{Manifests: manifests, OutboundTrafficPolicy: "ALLOW_ANY"})
			if got := m.Trace(c.call).Blocked; got != c.blocked {
				t.Errorf("got %q, want %q", got, c.blocked)
			}
		})
	}
}

// TestImports: with clusterTraffic Allow, the Sidecar leaves the Services of other namespaces as they are; with Deny it
// does not. Neither knows what other namespaces declare of the outside.
func TestImports(t *testing.T) {
	const others = `
apiVersion: v1
kind: Service
metadata: {name: orders, namespace: shop}
spec: {clusterIP: 10.96.9.9, ports: [{name: http, port: 8080, protocol: TCP}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: public, namespace: shop}
spec: {hosts: [public.example.com], location: MESH_EXTERNAL, resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}
`
	all := goldensByName(t)
	for name, want := range map[string]string{
		"tls_passthrough/enforce_sidecar": "503 UH: cluster outbound|8080||orders.shop.svc.cluster.local has no endpoints",
		"tls_passthrough/enforce":         blackHole.Blocked,
	} {
		m := trace.NewMesh(t, all[name].Options(join(all[name].Rendered, others)))
		if got := m.Trace(trace.Call{Namespace: "payments", URL: "http://orders.shop:8080"}).Blocked; got != want {
			t.Errorf("%s: orders.shop: got %q, want %q", name, got, want)
		}
		if got := m.Trace(trace.Call{Namespace: "payments", URL: "https://public.example.com"}).Blocked; got != blackHole.Blocked {
			t.Errorf("%s: public.example.com: got %q", name, got)
		}
	}
}
