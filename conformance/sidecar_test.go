// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"testing"
	"time"

	"github.com/egressbundle/egressbundle/conformance/trace"
)

// Without a gateway: the sidecar does it all, for the namespaces the objects are exported to.
func TestSidecar(t *testing.T) {
	manifests := read(t, "sidecar/cnn.yaml")
	direct := func(namespace string) []expectation {
		return []expectation{
			{namespace, "https://edition.cnn.com", trace.Result{
				Direct: true,
				Exit:   trace.Exit{Addresses: []string{"edition.cnn.com:443"}},
			}},
			{namespace, "http://edition.cnn.com", trace.Result{
				Direct:  true,
				Exit:    trace.Exit{Addresses: []string{"edition.cnn.com:443"}, Authority: "edition.cnn.com"},
				TLS:     simple("edition.cnn.com"),
				Retries: defaultRetries,
			}},
			{namespace, "http://edition.cnn.com:8080", trace.Result{
				Direct:  true,
				Exit:    trace.Exit{Addresses: []string{"edition.cnn.com:8080"}, Authority: "edition.cnn.com:8080"},
				Timeout: 3 * time.Second,
				Retries: trace.Retries{Attempts: 3, PerTryTimeout: time.Second, On: "5xx,reset"},
			}},
		}
	}
	t.Run("shared", func(t *testing.T) {
		expect(t, mesh(t, manifests), direct("payments"), direct("search"), []expectation{
			{"other", "https://edition.cnn.com", blackHole},
			{"other", "http://edition.cnn.com", blockAll},
		})
		expectProblems(t, manifests)
	})
	t.Run("private", func(t *testing.T) {
		private := replace(t, manifests, `exportTo: [".", search]`, `exportTo: ["."]`)
		expect(t, mesh(t, private), direct("payments"), []expectation{
			{"search", "https://edition.cnn.com", blackHole},
			{"search", "http://edition.cnn.com", blockAll},
		})
	})
}

// Origination on a port other than 80: the server sees the client's port in the Host header, unless a VirtualService
// rewrites it.
func TestSidecarOriginationOnOddPort(t *testing.T) {
	originated := func(authority string) []expectation {
		return []expectation{{"payments", "http://edition.cnn.com:8081", trace.Result{
			Direct:  true,
			Exit:    trace.Exit{Addresses: []string{"edition.cnn.com:443"}, Authority: authority},
			TLS:     simple("edition.cnn.com"),
			Retries: defaultRetries,
		}}}
	}
	manifests := replace(t, read(t, "sidecar/cnn.yaml"), "number: 80,", "number: 8081,")
	manifests = replace(t, manifests, "number: 80}", "number: 8081}")
	expect(t, mesh(t, manifests), originated("edition.cnn.com:8081"))
	expect(t, mesh(t, join(manifests, `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cnn-8081, namespace: payments}
spec:
  exportTo: ["."]
  gateways: [mesh]
  hosts: [edition.cnn.com]
  http:
  - match: [{port: 8081}]
    rewrite: {authority: edition.cnn.com}
    route: [{destination: {host: edition.cnn.com, port: {number: 8081}}}]
`)), originated("edition.cnn.com"))
}

// ServiceEntries of one host in one namespace unite if their labels, exportTo and resolution are equal. Else the oldest
// wins, and the ports that only the others declare have no cluster.
func TestServiceEntriesUnite(t *testing.T) {
	const http = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: http, namespace: payments, labels: {team: a}}
spec:
  exportTo: ["."]
  hosts: [edition.cnn.com]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{name: http-80, number: 80, protocol: HTTP}]
`
	const tls = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: tls, namespace: payments, labels: {team: a}}
spec:
  exportTo: ["."]
  hosts: [edition.cnn.com]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{name: tls-443, number: 443, protocol: TLS}]
`
	httpWorks := expectation{"payments", "http://edition.cnn.com", trace.Result{
		Direct:  true,
		Exit:    trace.Exit{Addresses: []string{"edition.cnn.com:80"}, Authority: "edition.cnn.com"},
		Retries: defaultRetries,
	}}
	tlsWorks := expectation{"payments", "https://edition.cnn.com", trace.Result{
		Direct: true,
		Exit:   trace.Exit{Addresses: []string{"edition.cnn.com:443"}},
	}}
	httpFails := expectation{"payments", "http://edition.cnn.com", trace.Result{
		Blocked: "503 NC: cluster outbound|80||edition.cnn.com does not exist",
	}}
	tlsFails := expectation{"payments", "https://edition.cnn.com", trace.Result{
		Blocked: "503 NC: cluster outbound|443||edition.cnn.com does not exist",
	}}
	t.Run("equal", func(t *testing.T) {
		expect(t, mesh(t, inOrder(t, http, tls)), []expectation{httpWorks, tlsWorks})
		expect(t, mesh(t, inOrder(t, tls, http)), []expectation{httpWorks, tlsWorks})
	})
	for name, other := range map[string]string{
		"labels":     replace(t, tls, "team: a", "team: b"),
		"exportTo":   replace(t, tls, `["."]`, `[".", search]`),
		"resolution": replace(t, tls, "DNS", "NONE"),
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, mesh(t, inOrder(t, http, other)), []expectation{httpWorks, tlsFails})
			expect(t, mesh(t, inOrder(t, other, http)), []expectation{httpFails})
		})
	}
}

// Services of Kubernetes that stand for the outside. An ExternalName is an alias: it needs a ServiceEntry of the real
// host, and whatever is said of the real host holds for it as well.
func TestServices(t *testing.T) {
	manifests := read(t, "sidecar/services.yaml")
	passthrough := trace.Result{Direct: true, Exit: trace.Exit{Addresses: []string{"91.198.174.192:443"}}}
	alias := trace.Result{
		Direct:  true,
		Exit:    trace.Exit{Addresses: []string{"httpbin.org:80"}, Authority: "httpbin.org"},
		Retries: defaultRetries,
	}
	expect(t, mesh(t, manifests), []expectation{
		{"payments", "https://wikipedia", passthrough},
		{"payments", "https://wikipedia.payments.svc", passthrough},
		{"payments", "http://httpbin.payments.svc", alias},
		{"payments", "http://httpbin.org", alias},
	})
	expectProblems(t, manifests)

	t.Run("without the VirtualService", func(t *testing.T) {
		named := alias
		named.Exit.Authority = "httpbin.payments.svc"
		expect(t, mesh(t, without(t, manifests, "VirtualService payments/httpbin")), []expectation{
			{"payments", "http://httpbin.payments.svc", named},
		})
	})
	t.Run("without the ServiceEntry", func(t *testing.T) {
		bare := without(t, without(t, manifests, "VirtualService payments/httpbin"), "ServiceEntry payments/httpbin")
		expect(t, mesh(t, bare), []expectation{{"payments", "http://httpbin.payments.svc", blockAll}})
	})
}
