// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package conformance proves with Istio's own control plane that what egressbundle renders carries the calls that bundles
// promise, and no others, and why it has to be laid out the way it is. The manifests in testdata are written by hand; each
// file says which bundle it stands for.
//
//   - realhost: one ServiceEntry of the real host for clients and gateway alike.
//   - lane: the clients' ServiceEntry has the real host and no endpoints; the gateway's has a made-up host of the bundle's
//     own, whose endpoint is the real one.
//   - plain: the same with the hop's mTLS off.
//   - documented: what Istio's documentation shows.
package conformance

import (
	"testing"

	"github.com/egressbundle/egressbundle/conformance/trace"
)

// One bundle alone keeps its promises in both layouts: HTTP and TLS over mTLS share gateway port 443, the Host header
// outside is the real host, and other namespaces are kept out.
func TestBundleAlone(t *testing.T) {
	for _, layout := range []string{"realhost", "lane"} {
		t.Run(layout, func(t *testing.T) {
			manifests := read(t, layout+"/news.yaml")
			expect(t, mesh(t, manifests), newsCalls)
			expectProblems(t, manifests)
		})
	}
}

// Two bundles claim one host, rendered apart. Only with lanes it does not matter which was there first.
func TestTwoBundlesOneHost(t *testing.T) {
	news, web := read(t, "lane/news.yaml"), read(t, "lane/web.yaml")
	t.Run("news first", func(t *testing.T) { expect(t, mesh(t, inOrder(t, news, web)), newsCalls, webCalls) })
	t.Run("web first", func(t *testing.T) { expect(t, mesh(t, inOrder(t, web, news)), newsCalls, webCalls) })
	t.Run("admission", func(t *testing.T) { expectProblems(t, join(news, web)) })
}

// Without lanes the gateway has clusters for the ports of the oldest ServiceEntry only, because the lists of client
// namespaces in exportTo differ. See TestServiceEntriesUnite.
func TestTwoBundlesOneHostWithoutLanes(t *testing.T) {
	news, web := read(t, "realhost/news.yaml"), read(t, "realhost/web.yaml")
	t.Run("web first", func(t *testing.T) { expect(t, mesh(t, inOrder(t, web, news)), newsCalls, webCalls) })
	t.Run("news first", func(t *testing.T) {
		expect(t, mesh(t, inOrder(t, news, web)), newsCalls, []expectation{
			{"search", "tls://edition.cnn.com:8443", trace.Result{
				Blocked: "503 NC: cluster outbound|8443||edition.cnn.com does not exist",
			}},
		})
	})
}

// A bundle that originates TLS opens no way to the port where that TLS leaves.
func TestOriginationOnly(t *testing.T) {
	manifests := read(t, "lane/stripe.yaml")
	originated := expectation{"payments", "http://api.stripe.com", trace.Result{
		Gateway: gateway,
		Hop:     mutual("payments", "mesh.http.card.payments.egress"),
		Exit:    trace.Exit{Addresses: []string{"api.stripe.com:443"}, Authority: "api.stripe.com"},
		TLS:     simple("api.stripe.com"),
		Retries: defaultRetries,
	}}
	expect(t, mesh(t, manifests), []expectation{originated, {"payments", "https://api.stripe.com", blackHole}})
	expectProblems(t, manifests)

	open := trace.NewMesh(t, trace.Options{Manifests: manifests, OutboundTrafficPolicy: "ALLOW_ANY"})
	expect(t, open, []expectation{originated, {"payments", "https://api.stripe.com", trace.Result{
		Direct:       true,
		Unregistered: true,
		Exit:         trace.Exit{Addresses: []string{"203.0.113.254:443"}},
	}}})
}

var (
	alphaCalls = []expectation{{"payments", "https://edition.cnn.com", trace.Result{
		Gateway: gateway,
		Hop:     mutual("payments", "edition.cnn.com.443.cnn.tls.alpha.payments.egress"),
		Exit:    trace.Exit{Addresses: []string{"edition.cnn.com:443"}},
	}}}
	betaCalls = []expectation{{"payments", "http://edition.cnn.com", trace.Result{
		Gateway: gateway,
		Hop:     mutual("payments", "mesh.http.beta.payments.egress"),
		Exit:    trace.Exit{Addresses: []string{"edition.cnn.com:80"}, Authority: "edition.cnn.com"},
		Retries: defaultRetries,
	}}}
	gammaCalls = []expectation{{"payments", "http://edition.cnn.com:8080", trace.Result{
		Gateway: gateway,
		Hop:     mutual("payments", "mesh.http.gamma.payments.egress"),
		Exit:    trace.Exit{Addresses: []string{"edition.cnn.com:8080"}, Authority: "edition.cnn.com:8080"},
		Retries: defaultRetries,
	}}}
)

// Several VirtualServices for one host in one namespace get on as long as each route matches its port. istioctl analyze
// looks at the hosts alone and reports IST0109, which admission knows for a false alarm.
func TestTwoBundlesOneHostOneNamespace(t *testing.T) {
	alpha, beta, gamma := read(t, "lane/alpha-443.yaml"), read(t, "lane/beta-80.yaml"), read(t, "lane/gamma-8080.yaml")
	for _, test := range []struct {
		name  string
		files []string
		calls [][]expectation
	}{
		{"TLS and HTTP", []string{alpha, beta}, [][]expectation{alphaCalls, betaCalls}},
		{"HTTP and TLS", []string{beta, alpha}, [][]expectation{alphaCalls, betaCalls}},
		{"HTTP and HTTP", []string{beta, gamma}, [][]expectation{betaCalls, gammaCalls}},
		{"HTTP and HTTP swapped", []string{gamma, beta}, [][]expectation{betaCalls, gammaCalls}},
		{"all", []string{gamma, alpha, beta}, [][]expectation{alphaCalls, betaCalls, gammaCalls}},
	} {
		t.Run(test.name, func(t *testing.T) {
			expect(t, mesh(t, inOrder(t, test.files...)), test.calls...)
			expectProblems(t, join(test.files...))
		})
	}
	t.Run("same port", func(t *testing.T) {
		contradiction := replace(t, gamma, "port: 8080}", "port: 80}")
		expectProblems(t, join(beta, contradiction),
			"IST0109 VirtualService istio-system/payments--beta--cnn--mesh",
			"IST0109 VirtualService istio-system/payments--gamma--cnn--mesh")
	})
}

// Without mTLS the gateway tells TLS destinations apart by the real SNI, so that two bundles with one host meet there:
// istiod drops the younger one's server, and its calls travel on the older one's.
func TestPlainHop(t *testing.T) {
	news, web := read(t, "plain/news.yaml"), read(t, "plain/web.yaml")
	t.Run("alone", func(t *testing.T) {
		expect(t, mesh(t, news), plainNewsCalls)
		expectProblems(t, news)
	})
	t.Run("news first", func(t *testing.T) { expect(t, mesh(t, inOrder(t, news, web)), plainNewsCalls, plainWebCalls) })
	t.Run("web first", func(t *testing.T) { expect(t, mesh(t, inOrder(t, web, news)), plainNewsCalls, plainWebCalls) })
	t.Run("admission", func(t *testing.T) {
		expectProblems(t, join(news, web),
			"IST0145 Gateway istio-system/payments--news", "IST0145 Gateway istio-system/search--web")
	})
}

// Without mTLS two ports of one host cannot be told apart: the call to 8443 arrives at 443, and nothing warns.
func TestPlainHopConfusesPorts(t *testing.T) {
	expect(t, mesh(t, read(t, "plain/ports.yaml")), []expectation{{"payments", "tls://edition.cnn.com:8443", trace.Result{
		Gateway: gateway,
		Hop:     trace.Hop{SNI: "edition.cnn.com"},
		Exit:    trace.Exit{Addresses: []string{"edition.cnn.com:443"}},
	}}})
}

// TCP is routed by its address and takes a lane as well, next to everything else on gateway port 443.
func TestTCP(t *testing.T) {
	store, news := read(t, "lane/store.yaml"), read(t, "lane/news.yaml")
	arrives := trace.Result{
		Gateway: gateway,
		Hop:     mutual("payments", "db.partner.example.5432.db.tcp.store.payments.egress"),
		Exit:    trace.Exit{Addresses: []string{"198.51.100.7:5432"}},
	}
	expect(t, mesh(t, join(store, news)), newsCalls[:6], []expectation{
		{"payments", "tcp://198.51.100.7:5432", arrives},
		{"payments", "tcp://198.51.100.5:5432", arrives},
		{"payments", "tls://198.51.100.5:5432", arrives},
		{"payments", "tcp://198.51.100.70:5432", blackHole},
		{"payments", "tcp://198.51.100.7:5433", blackHole},
		{"other", "tcp://198.51.100.7:5432", blackHole},
	})
	expectProblems(t, join(store, news))
}

// A Sidecar object that narrows what its namespace sees must let the gateway's namespace in. If it does not, the calls
// are refused and do not leave another way.
func TestSidecarScope(t *testing.T) {
	news := read(t, "lane/news.yaml")
	const scope = `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: payments}
spec:
  outboundTrafficPolicy: {mode: REGISTRY_ONLY}
  egress: [{hosts: [./*, istio-system/*]}]
`
	open := trace.NewMesh(t, trace.Options{Manifests: join(news, scope), OutboundTrafficPolicy: "ALLOW_ANY"})
	expect(t, open, newsCalls[:7])
	expectProblems(t, join(news, scope))

	narrow := replace(t, scope, "./*, istio-system/*", "./*")
	expect(t, mesh(t, join(news, narrow)), []expectation{
		{"payments", "https://edition.cnn.com", trace.Result{
			Blocked: "503 UH: cluster outbound|443||edition.cnn.com has no endpoints",
		}},
		{"payments", "http://edition.cnn.com", trace.Result{
			Blocked: "503 UH: cluster outbound|80||edition.cnn.com has no endpoints",
		}},
	})
}
