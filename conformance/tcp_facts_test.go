// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/trace"
)

// The facts about Istio that TCP, forward proxies and client certificates build on, and the tests that prove them.
//
//	a range among destinationSubnets breaks the port        TestFactSubnets; TestTwins (addresses in the route as well)
//	plain TCP has nothing but the port of the gateway       TestFactOnePort; TestTwins (two destinations on one port)
//	an address belongs to TCP before any name is looked at  TestFactAddressBeforeName
//	only connections are tunneled, and no requests          TestFactTunnelOfRequests
//	sidecars fetch a Secret for a selector's workloads only TestFactSecretAtSidecar; TestTwins (Secret at the sidecar)

// database is known by addresses, and a route leads all of them to another host.
const database = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: database, namespace: orders}
spec:
  hosts: [db.example.com]
  addresses: [198.51.100.0/24, 203.0.113.7, 203.0.113.8]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{number: 5432, name: tcp, protocol: TCP}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: replica, namespace: orders}
spec:
  hosts: [replica.example.com]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{number: 6432, name: tls, protocol: TLS}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: database, namespace: orders}
spec:
  hosts: [db.example.com]
  tcp:
  - match: [{port: 5432}]
    route: [{destination: {host: replica.example.com, port: {number: 6432}}}]
`

// TestFactSubnets: addresses belong in the ServiceEntry. In the route, a range beside another address makes two filter
// chains that match alike, and Envoy rejects the listener that takes all ranges of the port. Nothing warns.
func TestFactSubnets(t *testing.T) {
	const arrives = "replica.example.com:6432"
	unrouted := noEndpoints("outbound|5432||db.example.com")
	for _, test := range []struct {
		subnets                 string
		address, other, inRange string // what becomes of calls to them
	}{
		{"", arrives, arrives, arrives},
		{"203.0.113.7, 203.0.113.8", arrives, arrives, unrouted},
		{"198.51.100.0/24", unrouted, unrouted, arrives},
		{"198.51.100.0/24, 203.0.113.7", arrives, unrouted, rejected},
	} {
		t.Run(test.subnets, func(t *testing.T) {
			manifests := replace(t, database, "{port: 5432}", "{port: 5432, destinationSubnets: ["+test.subnets+"]}")
			expectProblems(t, manifests)
			expectFates(t, manifests, map[string]string{
				"orders tcp://203.0.113.7:5432":  test.address,
				"orders tcp://203.0.113.8:5432":  test.other,
				"orders tcp://198.51.100.9:5432": test.inRange,
			})
		})
	}
}

// plainTCPHosts are two hosts that share a port of the gateway, in plain text.
const plainTCPHosts = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: HOST, namespace: orders}
spec:
  hosts: [HOST.example.com]
  addresses: [ADDRESS]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{number: 5432, name: tcp, protocol: TCP}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: HOST, namespace: istio-system}
spec:
  selector: {istio: egressgateway}
  servers: [{port: {number: 443, name: HOST, protocol: TCP}, hosts: [HOST.example.com]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: HOST, namespace: orders}
spec:
  hosts: [HOST.example.com]
  gateways: [mesh, istio-system/HOST]
  tcp:
  - match: [{gateways: [mesh], port: 5432}]
    route: [{destination: {host: istio-egressgateway.istio-system.svc.cluster.local, port: {number: 443}}}]
  - match: [{gateways: [istio-system/HOST], port: 443}]
    route: [{destination: {host: HOST.example.com, port: {number: 5432}}}]
`

// TestFactOnePort: two hosts share a port of the gateway in plain text, and all connections end at the older one.
func TestFactOnePort(t *testing.T) {
	db := strings.NewReplacer("HOST", "db", "ADDRESS", "203.0.113.7").Replace(plainTCPHosts)
	queue := strings.NewReplacer("HOST", "queue", "ADDRESS", "203.0.113.8").Replace(plainTCPHosts)
	for first, manifests := range map[string]string{
		"db.example.com:5432":    inOrder(t, db, queue),
		"queue.example.com:5432": inOrder(t, queue, db),
	} {
		expectFates(t, manifests, map[string]string{
			"orders tcp://203.0.113.7:5432": first,
			"orders tcp://203.0.113.8:5432": first,
		})
	}
}

// TestFactAddressBeforeName: a range of TCP takes the TLS of a host that has an address within it, on the same port. A
// port for TLS has no address to tell it by, and filter chains are told by address before they are told by server name.
func TestFactAddressBeforeName(t *testing.T) {
	const web = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: web, namespace: orders}
spec:
  hosts: [www.example.com]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{number: 5432, name: tls, protocol: TLS}]
`
	m := mesh(t, join(database, web))
	for address, want := range map[string]string{
		"192.0.2.1":    "www.example.com:5432",
		"203.0.113.7":  "replica.example.com:6432",
		"198.51.100.9": "replica.example.com:6432",
	} {
		o := calls.Outcome{From: "orders", Call: "https://www.example.com:5432", Address: address}
		if got := fate(o.Observe(m.Trace(o.TraceCall()))); got != want {
			t.Errorf("to %s: got %s, want %s", address, got, want)
		}
	}
}

// TestFactTunnelOfRequests: a tunnel concerns connections. A route for requests ignores it, so that the proxy gets the
// request as it is, as if it were the host.
func TestFactTunnelOfRequests(t *testing.T) {
	const host = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: docs, namespace: payments}
spec:
  hosts: [docs.example.com]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{number: 8000, name: port, protocol: PROTOCOL}]
  endpoints: [{address: proxy.corp.example, ports: {port: 3128}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: docs, namespace: payments}
spec:
  host: docs.example.com
  subsets:
  - name: tunnel
    trafficPolicy:
      tunnel: {protocol: CONNECT, targetHost: docs.example.com, targetPort: 8000}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: docs, namespace: payments}
spec:
  hosts: [docs.example.com]
  KIND:
  - match: [MATCH]
    route: [{destination: {host: docs.example.com, subset: tunnel, port: {number: 8000}}}]
`
	for _, test := range []struct{ protocol, kind, match, call, connect string }{
		{"TLS", "tls", "{port: 8000, sniHosts: [docs.example.com]}", "https://docs.example.com:8000", "docs.example.com:8000"},
		{"TCP", "tcp", "{port: 8000}", "tcp://203.0.113.9:8000", "docs.example.com:8000"},
		{"HTTP", "http", "{port: 8000}", "http://docs.example.com:8000", ""},
	} {
		t.Run(test.protocol, func(t *testing.T) {
			manifests := strings.NewReplacer("PROTOCOL", test.protocol, "KIND", test.kind, "MATCH", test.match).Replace(host)
			got := mesh(t, manifests).Trace(trace.Call{Namespace: "payments", URL: test.call})
			want := trace.Exit{Addresses: []string{"proxy.corp.example:3128"}, Connect: test.connect}
			if test.kind == "http" {
				want.Authority = "docs.example.com:8000"
			}
			if diff := cmp.Diff(want, got.Exit); diff != "" {
				t.Errorf("(-want +got):\n%s%s", diff, strings.Join(got.Steps, "\n"))
			}
		})
	}
}

// TestFactSecretAtSidecar: a sidecar fetches a Secret for the workloads that a selector names. For all others the TLS
// that asks for it is left out, and the request leaves in plain text. Nothing warns.
func TestFactSecretAtSidecar(t *testing.T) {
	const bank = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: bank, namespace: payments}
spec:
  hosts: [api.bank.example.com]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: bank, namespace: payments}
spec:
  host: api.bank.example.com
  trafficPolicy:
    tls: {mode: MODE, credentialName: bank, sni: api.bank.example.com, subjectAltNames: [api.bank.example.com]}
`
	const selector = "  workloadSelector: {matchLabels: {app: checkout}}\n"
	for _, test := range []struct {
		name, mode, manifests string
		want                  trace.TLS
	}{
		{"MUTUAL", "MUTUAL", bank, trace.TLS{}},
		{"SIMPLE", "SIMPLE", bank, trace.TLS{}},
		{"MUTUAL with a selector", "MUTUAL", bank + selector, trace.TLS{
			Mode: "MUTUAL", SNI: "api.bank.example.com", SANs: []string{"api.bank.example.com"},
			CA: "kubernetes://bank-cacert", Credential: "kubernetes://bank",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			manifests := replace(t, test.manifests, "MODE", test.mode)
			expectProblems(t, manifests)
			got := mesh(t, manifests).Trace(trace.Call{
				Namespace: "payments", URL: "http://api.bank.example.com", Labels: map[string]string{"app": "checkout"},
			})
			got.TLS.ALPN = nil
			if diff := cmp.Diff(test.want, got.TLS); diff != "" || got.Blocked != "" {
				t.Errorf("blocked %q (-want +got):\n%s", got.Blocked, diff)
			}
		})
	}
}
