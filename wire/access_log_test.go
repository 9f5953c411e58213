// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"slices"
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/wire/rig"
)

// deniedByDefault is what closed-path does to what is of no bundle.
const deniedByDefault = "403 RBAC: denied by ns[egress]-policy[payments--cards--partners--default-deny]-rule[0]"

// byHand leads a host through a gateway without a bundle.
const byHand = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: by-hand, namespace: egress}
spec: {hosts: [by-hand.example.com], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: by-hand, namespace: egress}
spec:
  selector: {istio: partners-gateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [by-hand.example.com]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: by-hand, namespace: egress}
spec:
  hosts: [by-hand.example.com]
  gateways: [mesh, by-hand]
  http:
  - match: [{gateways: [mesh], port: 80}]
    route: [{destination: {host: partners-gateway.egress.svc.cluster.local, port: {number: 80}}}]
  - match: [{gateways: [by-hand], port: 80}]
    route: [{destination: {host: by-hand.example.com, port: {number: 80}}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: by-hand, namespace: egress}
spec:
  host: by-hand.example.com
  trafficPolicy: {connectionPool: {http: {h2UpgradePolicy: DO_NOT_UPGRADE}}}
`

// TestAccessLog: a gateway with accessLog logs each call of a bundle, be it let out or
// refused. Of others it logs what a policy refuses.
func TestAccessLog(t *testing.T) {
	g := named(t, "examples/closed-path")
	other := calls.Outcome{Call: "http://by-hand.example.com", From: "payments/checkout", Blocked: deniedByDefault}
	g.Rendered = cluster.Join(withoutNetworkPolicies(t, g.Rendered), byHand)
	g.Outcomes = append(slices.DeleteFunc(g.Outcomes, neverArrives), other)
	set(t, g)
	for _, o := range g.Outcomes {
		settle(t, o)
		checkLogged(t, o, true)
	}
	g.Rendered = without(t, g, "AuthorizationPolicy egress/payments--cards--partners--default-deny")
	set(t, g)
	other.Blocked = ""
	other.Through, other.Leaves, other.Host = "egress/partners-gateway", "by-hand.example.com:80", "by-hand.example.com"
	settle(t, other)
	checkLogged(t, other, false)
}

// neverArrives reports whether a call does not get to a gateway.
func neverArrives(o calls.Outcome) bool {
	return o.NoSidecar || o.Blocked == "BlackHoleCluster"
}

func checkLogged(t *testing.T, o calls.Outcome, want bool) {
	t.Helper()
	got := call(t, o, rig.Request{})
	if got.Logged != want {
		t.Errorf("%s from %s, %s: the gateway logs it: %v\n%s", o.Call, o.From, o.Blocked, got.Logged, strings.Join(got.Steps, "\n"))
	}
}

// withoutNetworkPolicies lets packets pass, so that the gateway has something to refuse.
func withoutNetworkPolicies(t *testing.T, manifests string) string {
	t.Helper()
	rest, err := cluster.Edit(manifests, func(m cluster.Manifest) bool { return m.Object.GetKind() != "NetworkPolicy" })
	if err != nil {
		t.Fatal(err)
	}
	return rest
}
