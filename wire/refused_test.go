// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/conformance/golden"
	"github.com/egressbundle/egressbundle/wire/outside"
	"github.com/egressbundle/egressbundle/wire/rig"
)

// serviceAccounts is the golden where not all accounts may call.
const serviceAccounts = "testdata/render/tls_passthrough/service_accounts"

// TestRefused: an identity that may not use a TCP destination hears nothing of what the
// server says, not even if the server speaks first, and says nothing to it. The one that
// may does both. What Envoy does before anything else, it does for both: it connects.
func TestRefused(t *testing.T) {
	g, outcomes := database(t)
	set(t, g)
	for _, o := range outcomes {
		settle(t, o)
		for _, wait := range []bool{false, true} {
			checkRefused(t, o, wait)
		}
	}
}

// TestRefusedHalfWay: where a policy refuses alone, the server is heard, and a proxy is asked
// for it. Nothing is said to it.
func TestRefusedHalfWay(t *testing.T) {
	for name, c := range map[string]refusal{
		"no identities":   withoutIdentities(t),
		"a forward proxy": behindProxy(t),
		"of no bundle":    ofNoBundle(t),
	} {
		t.Run(name, func(t *testing.T) {
			set(t, c.golden)
			settle(t, c.call)
			got := call(t, c.call, rig.Request{Wait: true})
			if got.Body == "" {
				t.Error("the application hears nothing: what refuses it before does so by itself")
			}
			if diff := cmp.Diff(c.opens, opened(got)); diff != "" {
				t.Errorf("(-want +seen outside):\n%s", diff)
			}
		})
	}
}

// TestRefusedOpens: for who is refused the gateway opens a connection to the host and says
// nothing there, unless it is a request that is refused.
func TestRefusedOpens(t *testing.T) {
	g := named(t, serviceAccounts)
	set(t, g)
	for _, o := range g.Outcomes {
		if o.Blocked == "" || neverArrives(o) {
			continue
		}
		settle(t, o)
		got := call(t, o, rig.Request{})
		want := []string{"a connection"}
		if strings.HasPrefix(o.Call, "http://") {
			want = nil
		}
		if diff := cmp.Diff(want, opened(got)); diff != "" {
			t.Errorf("%s from %s (-want +seen outside):\n%s", o.Call, o.From, diff)
		}
	}
}

// opened says what the server outside saw of a call.
func opened(r rig.Result) []string {
	var all []string
	for _, seen := range r.Seen {
		switch {
		case seen.Line != "" || seen.Request != nil:
			all = append(all, "what the application says")
		case seen.Connect != "":
			all = append(all, "CONNECT "+seen.Connect)
		default:
			all = append(all, "a connection")
		}
	}
	return all
}

// A refusal is a call that a policy alone refuses, and what is opened for it.
type refusal struct {
	golden golden.Golden
	call   calls.Outcome
	opens  []string
}

// withoutIdentities is the database, open to every handshake.
func withoutIdentities(t *testing.T) refusal {
	t.Helper()
	g := named(t, serviceAccounts)
	g.Rendered = replaced(t, g.Rendered, "      subjectAltNames:\n      - spiffe://cluster.local/ns/payments/sa/ledger\n", "")
	return refusal{g, calls.Outcome{
		Call: "tcp://203.0.113.7:5432", From: "payments/checkout",
		Blocked: "403 RBAC: denied by ns[istio-system]-policy[payments--news--istio-egressgateway]-rule[2]",
	}, []string{"a connection"}}
}

// behindProxy is a database that a forward proxy leads to, for another account.
func behindProxy(t *testing.T) refusal {
	t.Helper()
	g := named(t, "testdata/render/tcp/forward_proxy")
	g.Rendered = replaced(t, g.Rendered, "cluster.local/ns/orders/sa/*", "cluster.local/ns/orders/sa/another")
	return refusal{g, calls.Outcome{
		Call: "tcp://203.0.113.7:5432", From: "orders",
		Blocked: "403 RBAC: denied by ns[istio-system]-policy[orders--data--istio-egressgateway]-rule[0]",
	}, []string{"a connection", "CONNECT db.example.com:5432"}}
}

// ofNoBundle is a server that somebody leads TCP to through a gateway with authorization.
func ofNoBundle(t *testing.T) refusal {
	t.Helper()
	g := named(t, "examples/closed-path")
	g.Rendered = cluster.Join(withoutNetworkPolicies(t, g.Rendered), tcpByHand)
	call := calls.Outcome{Call: "tcp://198.51.100.9:4444", From: "payments/checkout", Blocked: deniedByDefault}
	return refusal{g, call, []string{"a connection"}}
}

// tcpByHand leads an address through a gateway without a bundle.
const tcpByHand = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: by-hand, namespace: egress}
spec:
  hosts: [by-hand.example.com]
  addresses: [198.51.100.9]
  resolution: DNS
  ports: [{number: 4444, name: tcp, protocol: TCP}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: by-hand, namespace: egress}
spec:
  selector: {istio: partners-gateway}
  servers: [{port: {number: 80, name: tcp, protocol: TCP}, hosts: ["*"]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: by-hand, namespace: egress}
spec:
  hosts: [by-hand.example.com]
  gateways: [mesh, by-hand]
  tcp:
  - match: [{gateways: [mesh], port: 4444}]
    route: [{destination: {host: partners-gateway.egress.svc.cluster.local, port: {number: 80}}}]
  - match: [{gateways: [by-hand], port: 80}]
    route: [{destination: {host: by-hand.example.com, port: {number: 4444}}}]
`

// replaced replaces what must be there.
func replaced(t *testing.T, text, old, by string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("there is no %q", old)
	}
	return strings.ReplaceAll(text, old, by)
}

// database returns a golden with a TCP destination for one account, and its calls.
func database(t *testing.T) (golden.Golden, []calls.Outcome) {
	t.Helper()
	g := named(t, serviceAccounts)
	others := func(o calls.Outcome) bool { return o.Call != "tcp://203.0.113.7:5432" }
	return g, slices.DeleteFunc(g.Outcomes, others)
}

func checkRefused(t *testing.T, o calls.Outcome, wait bool) {
	t.Helper()
	got := call(t, o, rig.Request{Wait: wait})
	refused := o.Blocked != ""
	if heard := got.Body != ""; heard == refused {
		t.Errorf("from %s, the server speaks first: %v: the application hears %q", o.From, wait, got.Body)
	}
	said := slices.ContainsFunc(got.Seen, func(s outside.Seen) bool { return s.Line != "" })
	if said == refused {
		t.Errorf("from %s, the server speaks first: %v: outside saw %v", o.From, wait, got.Seen)
	}
}
