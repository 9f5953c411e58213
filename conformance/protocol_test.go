// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/conformance/admission"
	"github.com/egressbundle/egressbundle/conformance/trace"
)

// Where HTTP/2 is spoken. Gateway port 443 is named https, so that over mTLS only h2UpgradePolicy brings HTTP/2 to the
// hop. The exit follows the protocol of the ServiceEntry's port, or h2UpgradePolicy.
func TestHTTP2(t *testing.T) {
	base := read(t, "lane/stripe.yaml")
	upgradeHop := func(s string) string {
		return replace(t, s, "sni: mesh.http.card.payments.egress}}",
			"sni: mesh.http.card.payments.egress}, connectionPool: {http: {h2UpgradePolicy: UPGRADE}}}")
	}
	upgradeExit := func(s string) string {
		return replace(t, s, "caCertificates: system}}",
			"caCertificates: system}, connectionPool: {http: {h2UpgradePolicy: UPGRADE}}}")
	}
	protocol := func(s, name string) string { return replace(t, s, "protocol: HTTP,", "protocol: "+name+",") }

	type http2 struct {
		Hop, Exit bool
		ALPN      string // offered at the exit
	}
	for _, test := range []struct {
		name      string
		manifests string
		want      http2
	}{
		{"HTTP", base, http2{}},
		{"HTTP, hop upgraded", upgradeHop(base), http2{Hop: true}},
		{"HTTP, both upgraded", upgradeExit(upgradeHop(base)), http2{Hop: true, Exit: true, ALPN: "h2"}},
		{"HTTP2", protocol(base, "HTTP2"), http2{Exit: true, ALPN: "h2"}},
		{"GRPC", protocol(base, "GRPC"), http2{Exit: true, ALPN: "h2"}},
		{"GRPC, hop upgraded", upgradeHop(protocol(base, "GRPC")), http2{Hop: true, Exit: true, ALPN: "h2"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := mesh(t, test.manifests)
			for _, caller := range []bool{false, true} {
				r := m.Trace(trace.Call{Namespace: "payments", URL: "http://api.stripe.com", HTTP2: caller})
				got := http2{Hop: r.Hop.HTTP2, Exit: r.Exit.HTTP2}
				for _, p := range r.TLS.ALPN {
					got.ALPN += p
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("caller speaks HTTP/2: %v (-want +got):\n%s", caller, diff)
				}
			}
			expectProblems(t, test.manifests)
		})
	}
	t.Run("GRPC without TLS", func(t *testing.T) {
		grpc := replace(t, read(t, "lane/beta-80.yaml"), "protocol: HTTP}", "protocol: GRPC}")
		r := mesh(t, grpc).Trace(trace.Call{Namespace: "payments", URL: "http://edition.cnn.com", HTTP2: true})
		if r.Hop.HTTP2 || !r.Exit.HTTP2 {
			t.Errorf("HTTP/2 on hop: %v, on exit: %v, want it on the exit alone", r.Hop.HTTP2, r.Exit.HTTP2)
		}
	})
}

// Which secrets the gateway asks for when it opens TLS.
func TestCredentials(t *testing.T) {
	base := read(t, "lane/stripe.yaml")
	for _, test := range []struct {
		settings string // instead of caCertificates: system
		want     trace.TLS
	}{
		{"mode: SIMPLE, caCertificates: system", trace.TLS{Mode: "SIMPLE", CA: "file-root:system"}},
		{"mode: SIMPLE", trace.TLS{Mode: "SIMPLE", CA: "file-root:system"}},
		{"mode: SIMPLE, caCertificates: /etc/ca.pem", trace.TLS{Mode: "SIMPLE", CA: "file-root:/etc/ca.pem"}},
		{"mode: SIMPLE, credentialName: my-ca", trace.TLS{Mode: "SIMPLE", CA: "kubernetes://my-ca-cacert"}},
		{
			"mode: SIMPLE, credentialName: 'configmap://istio-system/ca'",
			trace.TLS{Mode: "SIMPLE", CA: "configmap://istio-system/ca-cacert"},
		},
		{
			"mode: MUTUAL, credentialName: my-cert",
			trace.TLS{Mode: "MUTUAL", CA: "kubernetes://my-cert-cacert", Credential: "kubernetes://my-cert"},
		},
		{
			"mode: MUTUAL, clientCertificate: /etc/c.pem, privateKey: /etc/k.pem, caCertificates: system",
			trace.TLS{Mode: "MUTUAL", CA: "file-root:system", Credential: "file-cert:/etc/c.pem~/etc/k.pem"},
		},
	} {
		t.Run(test.settings, func(t *testing.T) {
			manifests := withTLS(t, base, test.settings)
			test.want.SNI, test.want.SANs = "api.stripe.com", []string{"api.stripe.com"}
			got := mesh(t, manifests).Trace(trace.Call{Namespace: "payments", URL: "http://api.stripe.com"})
			if diff := cmp.Diff(test.want, got.TLS); diff != "" {
				t.Errorf("TLS (-want +got):\n%s", diff)
			}
			expectProblems(t, manifests)
		})
	}
}

// What Istio's webhook refuses.
func TestRefusedCredentials(t *testing.T) {
	base := read(t, "lane/stripe.yaml")
	for settings, want := range map[string]string{
		"mode: SIMPLE, credentialName: 'configmap://ca'": "invalid configmap:// credentialName: " +
			`invalid resource name "configmap://ca". Expected namespace and name`,
		"mode: MUTUAL, credentialName: my-cert, caCertificates: system": "cannot specify client certificates or " +
			"CA certificate or CA CRL If credentialName is set",
	} {
		problems, err := admission.Check(withTLS(t, base, settings), admission.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(problems) == 0 || problems[0].Check != "webhook" || problems[0].Message != want {
			t.Errorf("%s: got %v, want %q", settings, problems, want)
		}
	}
}

func withTLS(t *testing.T, manifests, settings string) string {
	t.Helper()
	const original = "mode: SIMPLE, sni: api.stripe.com, subjectAltNames: [api.stripe.com], caCertificates: system"
	return replace(t, manifests, original, settings+", sni: api.stripe.com, subjectAltNames: [api.stripe.com]")
}
