// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/conformance/trace"
)

// What Istio's documentation promises to its client namespace, with plain text to the gateway and with mTLS.
var (
	documentedPlain = []expectation{
		{"default", "http://edition.cnn.com", trace.Result{
			Gateway: gateway,
			Hop:     trace.Hop{HTTP2: true},
			Exit:    trace.Exit{Addresses: []string{"edition.cnn.com:80"}, Authority: "edition.cnn.com"},
			Retries: defaultRetries,
		}},
		{"default", "https://edition.cnn.com", trace.Result{
			Gateway: gateway,
			Hop:     trace.Hop{SNI: "edition.cnn.com"},
			Exit:    trace.Exit{Addresses: []string{"edition.cnn.com:443"}},
		}},
	}
	documentedMutual = []expectation{
		{"default", "http://edition.cnn.com", trace.Result{
			Gateway: gateway,
			Hop: trace.Hop{
				TLS:      "ISTIO_MUTUAL",
				SNI:      "edition.cnn.com",
				Identity: "spiffe://cluster.local/ns/default/sa/default",
				HTTP2:    true,
			},
			Exit:    trace.Exit{Addresses: []string{"edition.cnn.com:443"}, Authority: "edition.cnn.com"},
			TLS:     simple("edition.cnn.com"),
			Retries: defaultRetries,
		}},
	}
)

// Bundles with mTLS on and off share a gateway with each other and with what Istio's documentation shows, all for one
// host, whoever came first.
func TestCoexistence(t *testing.T) {
	news, web := read(t, "lane/news.yaml"), read(t, "plain/web.yaml")
	plain, mutual := read(t, "documented/plaintext-hop.yaml"), read(t, "documented/mutual-hop.yaml")
	for _, test := range []struct {
		name  string
		files []string
		calls [][]expectation
	}{
		{"mTLS on and off", []string{news, web}, [][]expectation{newsCalls, plainWebCalls}},
		{"mTLS off and on", []string{web, news}, [][]expectation{newsCalls, plainWebCalls}},
		{"documented plain first", []string{plain, news, web}, [][]expectation{documentedPlain, newsCalls[:6], plainWebCalls}},
		{"documented plain last", []string{news, web, plain}, [][]expectation{documentedPlain, newsCalls[:6], plainWebCalls}},
		{"documented mutual first", []string{mutual, news, web}, [][]expectation{documentedMutual, newsCalls[:6], plainWebCalls}},
		{"documented mutual last", []string{news, mutual}, [][]expectation{documentedMutual, newsCalls[:6]}},
	} {
		t.Run(test.name, func(t *testing.T) {
			expect(t, mesh(t, inOrder(t, test.files...)), test.calls...)
		})
	}
}

// Plain HTTP and TLS do not share a port of the gateway if the plain server is older: istiod drops the TLS server. Only
// bundles with mTLS off can do that to others.
func TestPlainServerBeforeTLSServer(t *testing.T) {
	web, mutual := read(t, "plain/web.yaml"), read(t, "documented/mutual-hop.yaml")
	expect(t, mesh(t, inOrder(t, web, mutual)), plainWebCalls, []expectation{
		{"default", "http://edition.cnn.com", trace.Result{Blocked: "the listener expects HTTP, the call is none"}},
	})
}

// The documented configuration in a client namespace of a bundle, for a host of its own: the DestinationRules for the
// gateway merge.
func TestCoexistenceInOneNamespace(t *testing.T) {
	news := read(t, "lane/news.yaml")
	documented := replace(t, read(t, "documented/plaintext-hop.yaml"), "namespace: default", "namespace: payments")
	documented = replace(t, documented, "edition.cnn.com", "www.wikipedia.org")
	calls := []expectation{
		{"payments", "http://www.wikipedia.org", trace.Result{
			Gateway: gateway,
			Hop:     trace.Hop{HTTP2: true},
			Exit:    trace.Exit{Addresses: []string{"www.wikipedia.org:80"}, Authority: "www.wikipedia.org"},
			Retries: defaultRetries,
		}},
		{"payments", "https://www.wikipedia.org", trace.Result{
			Gateway: gateway,
			Hop:     trace.Hop{SNI: "www.wikipedia.org"},
			Exit:    trace.Exit{Addresses: []string{"www.wikipedia.org:443"}},
		}},
	}
	t.Run("documented first", func(t *testing.T) { expect(t, mesh(t, inOrder(t, documented, news)), newsCalls, calls) })
	t.Run("documented last", func(t *testing.T) { expect(t, mesh(t, inOrder(t, news, documented)), newsCalls, calls) })
	t.Run("admission", func(t *testing.T) { expectProblems(t, join(documented, news)) })
}

// A bundle and hand-written configuration for one host in one namespace contradict each other. The bundle wins whatever
// the order, since its VirtualService is exported to that namespace by name. istioctl analyze says so.
func TestContradiction(t *testing.T) {
	news := read(t, "lane/news.yaml")
	plain := replace(t, read(t, "documented/plaintext-hop.yaml"), "namespace: default", "namespace: payments")
	expect(t, mesh(t, inOrder(t, plain, news)), newsCalls[:6])
	expect(t, mesh(t, inOrder(t, news, plain)), newsCalls[:6])
	expectProblems(t, join(news, plain),
		"IST0109 VirtualService istio-system/payments--news--cnn--mesh",
		"IST0109 VirtualService payments/direct-cnn-through-egress-gateway")
}

// A known limit: a ServiceEntry of a bundle hides the ports of one that others wrote for the same host, in the client
// namespaces of the bundle. What the bundle does not declare is refused there.
func TestHiddenPorts(t *testing.T) {
	alpha := read(t, "lane/alpha-443.yaml")
	const byHand = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: cnn, namespace: default}
spec:
  hosts: [edition.cnn.com]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{name: http-80, number: 80, protocol: HTTP}, {name: tls-443, number: 443, protocol: TLS}]
`
	direct := trace.Result{
		Direct:  true,
		Exit:    trace.Exit{Addresses: []string{"edition.cnn.com:80"}, Authority: "edition.cnn.com"},
		Retries: defaultRetries,
	}
	expect(t, mesh(t, byHand), []expectation{{"payments", "http://edition.cnn.com", direct}})
	expect(t, mesh(t, inOrder(t, byHand, alpha)), alphaCalls, []expectation{
		{"other", "http://edition.cnn.com", direct},
		{"payments", "http://edition.cnn.com", blockAll},
	})
}

// TestBystanders: a workload in the namespace of the gateway that is no client calls the hosts of a bundle as if there were
// none. What leads clients to the gateway stands there too, and must not be for it.
func TestBystanders(t *testing.T) {
	all := goldensByName(t)
	for _, p := range throughGateway {
		t.Run(p.golden, func(t *testing.T) {
			opts := all[p.golden].Options(all[p.golden].Rendered)
			opts.OutboundTrafficPolicy = "ALLOW_ANY"
			got := trace.NewMesh(t, opts).Trace(trace.Call{Namespace: "istio-system", URL: p.call, Address: p.address})
			if got.Gateway != "" || got.Blocked != "" {
				t.Errorf("%s is led to gateway %q, blocked by %q:\n%s", p.call, got.Gateway, got.Blocked, strings.Join(got.Steps, "\n"))
			}
		})
	}
}
