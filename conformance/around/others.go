// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package around

import (
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/egressbundle/egressbundle/conformance/cluster"
)

// intruder is a namespace that copies what the sidecars of a client have. Anybody who may
// write objects of Istio can do that, and no visibility of objects stops it: only the gateway
// does.
const intruder = "intruder"

// copyClient adds a copy of what stands in the namespace of a client, and shows the intruder
// what the client is shown. He does not copy what restricts himself.
func copyClient(manifests, client string) (string, error) {
	var copies []string
	var failed error
	shown, err := cluster.Edit(manifests, func(m cluster.Manifest) bool {
		show(m, client)
		kind := m.Object.GetKind()
		if m.Object.GetNamespace() != client || kind == "NetworkPolicy" || kind == "Sidecar" {
			return true
		}
		object := m.Object.DeepCopy()
		object.SetNamespace(intruder)
		text, err := yaml.Marshal(object.Object)
		if err != nil {
			failed = err
		}
		copies = append(copies, string(text))
		return true
	})
	if err != nil {
		return "", err
	}
	return cluster.Join(append([]string{shown}, copies...)...), failed
}

// show exports to the intruder what is exported to a client.
func show(m cluster.Manifest, client string) {
	spec, ok := m.Object.Object["spec"].(map[string]any)
	if !ok {
		return
	}
	if visible, ok := spec["exportTo"].([]any); ok && slices.Contains(visible, any(client)) {
		spec["exportTo"] = append(visible, intruder)
	}
}

// ByHand leads by-hand.example.com from a namespace through the standard gateway, as Istio's
// documentation does.
func ByHand(client string) string {
	return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: by-hand, namespace: ` + client + `}
spec: {hosts: [by-hand.example.com], location: MESH_EXTERNAL, resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: by-hand, namespace: ` + client + `}
spec:
  selector: {istio: egressgateway}
  servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: [by-hand.example.com], tls: {mode: PASSTHROUGH}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: by-hand, namespace: ` + client + `}
spec:
  hosts: [by-hand.example.com]
  gateways: [mesh, by-hand]
  tls:
  - match: [{gateways: [mesh], port: 443, sniHosts: [by-hand.example.com]}]
    route: [{destination: {host: istio-egressgateway.istio-system.svc.cluster.local, port: {number: 443}}}]
  - match: [{gateways: [by-hand], port: 443, sniHosts: [by-hand.example.com]}]
    route: [{destination: {host: by-hand.example.com, port: {number: 443}}}]
`
}

// A Lane is a lane of a gateway that somebody calls by himself, on a hop of his choice: he
// names the SNI of the subset, and asks for the host of the lane.
type Lane struct {
	Name         string
	Subset, Host string
	// Blocked says what the gateway answers, and nothing if the lane is the caller's own.
	Blocked string
}

// Lanes are those of the golden tls_passthrough/service_accounts, for payments/checkout: who
// may use one gets no further with its SNI and the host of another, and none with the SNI of
// the other.
func Lanes() []Lane {
	const bank = "api.bank.example.com.80.bank.closed.news.payments.egress"
	return []Lane{
		{"its own lane", "payments--news--http", "edition.cnn.com.80.cnn.http.news.payments.egress", ""},
		{"its own SNI, the host of another", "payments--news--http", bank, "404 no virtual host for " + bank},
		{"the same with a port", "payments--news--http", bank + ":443", "404 no virtual host for " + bank + ":443"},
		{"the SNI of another", "payments--news--bank--http", bank,
			"403 RBAC: denied by ns[istio-system]-policy[payments--news--istio-egressgateway]-rule[2]"},
	}
}

// LaneCall leads http://spoof.example.com to a lane.
const LaneCall = "http://spoof.example.com"

// Manifests lead LaneCall from payments to the lane.
func (l Lane) Manifests() string {
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
  - rewrite: {authority: ` + l.Host + `}
    route: [{destination: {host: istio-egressgateway.istio-system.svc.cluster.local, port: {number: 443}, subset: ` + l.Subset + `}}]
`
}
