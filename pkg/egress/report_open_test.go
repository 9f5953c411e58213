// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// besideOthers has two clients, of which one has a Sidecar and a bypass of a bundle of another
// namespace, and what others wrote by hand.
const besideOthers = headOfBundle + `shop}
spec:
  destinations: {stripe: {hosts: [api.stripe.com]}}
  enforce: {registryOnly: true}
---
apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: x, namespace: evil}
spec:
  clients: [{namespace: payments}, {namespace: search}]
  destinations: {p: {hosts: [z.example.com]}}
  bypass: {cidrs: [203.0.113.0/24], ports: [9000]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: own, namespace: payments}
spec: {hosts: [own.example.com], addresses: [192.0.2.7], ports: [{number: 443, name: tls, protocol: TLS}], exportTo: ["."]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: elsewhere, namespace: other}
spec: {hosts: [elsewhere.example.com], ports: [{number: 443, name: tls, protocol: TLS}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: gateway, namespace: istio-system}
spec: {hosts: [gateway.example.com], ports: [{number: 80, name: http, protocol: HTTP}]}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: some, namespace: payments}
spec: {workloadSelector: {labels: {app: a}}, outboundTrafficPolicy: {mode: ALLOW_ANY}}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: by-hand, namespace: search}
spec:
  selector: {istio: egressgateway}
  servers: [{port: {number: 8443, name: tls, protocol: TLS}, hosts: ["search/by-hand.example.com"], tls: {mode: PASSTHROUGH}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: more, namespace: payments}
spec: {podSelector: {}, egress: [{}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: more, namespace: istio-system}
spec: {podSelector: {}, ingress: [{}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: more, namespace: istio-system}
spec: {selector: {matchLabels: {istio: egressgateway}}, rules: [{}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: less, namespace: istio-system}
spec: {selector: {matchLabels: {istio: egressgateway}}, action: DENY, rules: [{when: [{key: connection.sni, values: [other.example.com]}]}]}
`

// TestOpenings: what is open beside the destinations is there with its name, and to whom it is:
// a Sidecar knows its own namespace and those of gateways, and nobody else's ServiceEntries.
func TestOpenings(t *testing.T) {
	for enforced, want := range map[string][]string{
		"": {
			"ConfigMap istio-system/istio [search]  [] [] []",
			"EgressBundle evil/x [] spec.bypass.cidrs [] [203.0.113.0/24] []",
			"EgressBundle evil/x [] spec.bypass.ports [] [] [9000]",
			"AuthorizationPolicy istio-system/more [] istio-system/istio-egressgateway [] [] []",
			"Gateway search/by-hand [] istio-system/istio-egressgateway [by-hand.example.com] [] []",
			"ServiceEntry istio-system/gateway []  [gateway.example.com] [] [80]",
			"ServiceEntry other/elsewhere [search]  [elsewhere.example.com] [] [443]",
			"ServiceEntry payments/own [payments]  [own.example.com] [192.0.2.7] [443]",
			"Sidecar payments/some [payments]  [] [] []",
		},
		"  enforce: {networkPolicy: true}\n": {
			"ConfigMap istio-system/istio [search]  [] [] []",
			"EgressBundle evil/x [] spec.bypass.cidrs [] [203.0.113.0/24] []",
			"EgressBundle evil/x [] spec.bypass.ports [] [] [9000]",
			"AuthorizationPolicy istio-system/more [] istio-system/istio-egressgateway [] [] []",
			"Gateway search/by-hand [] istio-system/istio-egressgateway [by-hand.example.com] [] []",
			"NetworkPolicy istio-system/more [] istio-system/istio-egressgateway [] [] []",
			"NetworkPolicy payments/more [payments]  [] [] []",
			"ServiceEntry istio-system/gateway []  [gateway.example.com] [] [80]",
			"ServiceEntry other/elsewhere [search]  [elsewhere.example.com] [] [443]",
			"ServiceEntry payments/own [payments]  [own.example.com] [192.0.2.7] [443]",
			"Sidecar payments/some [payments]  [] [] []",
		},
	} {
		var got []string
		for _, o := range reportOf(t, enforcing(enforced)).Openings {
			got = append(got, fmt.Sprint(o.By, " ", o.Namespaces, " ", o.Field, o.Gateway, " ", o.Hosts, " ", o.Addresses, " ", o.Ports))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("with %q (-want +got):\n%s", enforced, diff)
		}
	}
}

// TestOpeningsAreCounted: the row of a namespace says what its Sidecar does not stop, also where
// a bundle of another namespace opens it. NetworkPolicies stop all but what they open.
func TestOpeningsAreCounted(t *testing.T) {
	type row struct {
		StoppedBy string
		Openings  int
		Note      string
	}
	for enforced, want := range map[string]map[string]row{
		"": {
			"DirectIP payments":  {"[Sidecar payments/egressbundle]", 5, "But opened by 5 openings, which are listed."},
			"DirectIP search":    {"[]", 5, "Opened by 5 openings, which are listed."},
			"NoSidecar payments": {"[]", 0, ""},
			"NoSidecar search":   {"[]", 0, ""},

			"UnlistedRoute istio-system/istio-egressgateway": {"[]", 2, ""},
		},
		"  enforce: {networkPolicy: true}\n": {
			"DirectIP payments": {
				"[Sidecar payments/egressbundle NetworkPolicy payments/evil--x NetworkPolicy payments/payments--shop]", 2,
				"But opened by EgressBundle evil/x, NetworkPolicy payments/more, as far as is listed.",
			},
			"OtherNamespace istio-system/istio-egressgateway": {
				"[NetworkPolicy istio-system/evil--x--istio-egressgateway NetworkPolicy istio-system/payments--shop--istio-egressgateway]", 1,
				"Clients of any bundle at the gateway get past it, and others do not.",
			},
			"UnlistedRoute istio-system/istio-egressgateway": {"[]", 2, ""},
			"DirectIP search": {"[NetworkPolicy search/evil--x]", 1, "But opened by EgressBundle evil/x, as far as is listed."},
		},
	} {
		got := map[string]row{}
		for _, w := range reportOf(t, enforcing(enforced)).WaysAround {
			if w.Bundle == "" && (w.Attempt != object.NoSidecar || enforced == "") {
				got[fmt.Sprint(w.Attempt, " ", strings.Join(w.From, "")+w.Gateway)] = row{fmt.Sprint(w.StoppedBy), w.Openings, w.Note}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("with %q (-want +got):\n%s", enforced, diff)
		}
	}
}

// enforcing lets both bundles of besideOthers enforce the same.
func enforcing(enforced string) string {
	if enforced == "" {
		return besideOthers
	}
	text := strings.Replace(besideOthers, "{registryOnly: true}", "{registryOnly: true, networkPolicy: true}", 1)
	return strings.Replace(text, "  bypass:", enforced+"  bypass:", 1)
}

// TestReportIsSorted: the order of files does not matter.
func TestReportIsSorted(t *testing.T) {
	documents := strings.Split(besideOthers, "---\n")
	want := markdown(t, besideOthers)
	slices.Reverse(documents)
	if diff := cmp.Diff(want, markdown(t, strings.Join(documents, "---\n"))); diff != "" {
		t.Errorf("(-want +reversed):\n%s", diff)
	}
}
