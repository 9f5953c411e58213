// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/trace"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// policy is an AuthorizationPolicy at the gateway.
func policy(rules string) string {
	return `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: payments--news, namespace: istio-system}
spec:
  selector: {matchLabels: {istio: egressgateway}}
` + rules
}

// Which rules keep all but service account checkout from one destination, and from nothing else: not from the bundle's
// other destinations, and not the documented passthrough of somebody else on the same port of the gateway.
func TestAuthorization(t *testing.T) {
	const denied = "403 RBAC: denied by ns[istio-system]-policy[payments--news]-rule[0]"
	const (
		tls      = "payments https://edition.cnn.com"
		http     = "payments http://edition.cnn.com"
		other    = "payments http://httpbin.org"
		stranger = "default https://edition.cnn.com"
	)
	manifests := join(read(t, "lane/news.yaml"), read(t, "documented/plaintext-hop.yaml"))
	for _, test := range []struct {
		name   string
		rules  string
		denied []string // to service accounts other than checkout
	}{
		{
			name: "TLS by SNI",
			rules: `
  action: DENY
  rules:
  - from: [{source: {notPrincipals: [cluster.local/ns/payments/sa/checkout]}}]
    when: [{key: connection.sni, values: [edition.cnn.com.443.cnn.tls.news.payments.egress]}]
`,
			denied: []string{tls},
		},
		{
			name: "HTTP by host, SNI and container port",
			rules: `
  action: DENY
  rules:
  - from: [{source: {notPrincipals: [cluster.local/ns/payments/sa/checkout]}}]
    to: [{operation: {hosts: [edition.cnn.com.80.cnn.http.news.payments.egress], ports: ["8443"]}}]
    when: [{key: connection.sni, values: [mesh.http.news.payments.egress]}]
`,
			denied: []string{http},
		},
		{
			name: "HTTP by host and container port denies all TLS",
			rules: `
  action: DENY
  rules:
  - from: [{source: {notPrincipals: [cluster.local/ns/payments/sa/checkout]}}]
    to: [{operation: {hosts: [edition.cnn.com.80.cnn.http.news.payments.egress], ports: ["8443"]}}]
`,
			denied: []string{tls, http, stranger},
		},
		{
			name: "HTTP by host and Service port denies nothing",
			rules: `
  action: DENY
  rules:
  - from: [{source: {notPrincipals: [cluster.local/ns/payments/sa/checkout]}}]
    to: [{operation: {hosts: [edition.cnn.com.80.cnn.http.news.payments.egress], ports: ["443"]}}]
`,
		},
		{
			name: "HTTP by shared SNI denies all HTTP of the bundle",
			rules: `
  action: DENY
  rules:
  - from: [{source: {notPrincipals: [cluster.local/ns/payments/sa/checkout]}}]
    when: [{key: connection.sni, values: [mesh.http.news.payments.egress]}]
`,
			denied: []string{http, other},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := mesh(t, join(manifests, policy(test.rules)))
			for _, c := range []trace.Call{
				{Namespace: "payments", URL: "https://edition.cnn.com"},
				{Namespace: "payments", URL: "http://edition.cnn.com"},
				{Namespace: "payments", URL: "http://httpbin.org"},
				{Namespace: "default", URL: "https://edition.cnn.com"},
			} {
				name := c.Namespace + " " + c.URL
				want := ""
				if slices.Contains(test.denied, name) {
					want = denied
				}
				if diff := cmp.Diff(want, m.Trace(c).Blocked); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
				if c.Namespace != "payments" {
					continue
				}
				c.ServiceAccount = "checkout"
				if blocked := m.Trace(c).Blocked; blocked != "" {
					t.Errorf("%s by checkout: %s", name, blocked)
				}
			}
		})
	}
}

// The first ALLOW policy at a gateway shuts it for everything that no policy names.
func TestAllowPolicyShutsTheGateway(t *testing.T) {
	m := mesh(t, join(read(t, "lane/news.yaml"), policy(`
  action: ALLOW
  rules:
  - from: [{source: {principals: [cluster.local/ns/payments/sa/default]}}]
    when: [{key: connection.sni, values: [edition.cnn.com.443.cnn.tls.news.payments.egress]}]
`)))
	expect(t, m, newsCalls[:1], []expectation{
		{"payments", "http://httpbin.org", trace.Result{Blocked: "403 RBAC: no policy allows it"}},
	})
}

// Rules of identity leave alone what somebody wrote by hand for the same gateway. Only a gateway that is closed by
// enforce.authorization refuses it, HTTP as well as TLS, and rendering says so.
func TestAuthorizationBesideOthers(t *testing.T) {
	const bundle = `
apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: cards, namespace: payments}
spec:
  clients: [{namespace: payments, serviceAccounts: [checkout]}]
  destinations:
    stripe: {hosts: [api.stripe.com], ports: [{port: 443, pattern: TLSPassthrough}, {port: 80, pattern: TLSOrigination}]}
`
	for _, c := range []struct {
		name, enforce, blocked string
	}{
		{"identity", "", ""},
		{"authorization", "  enforce: {authorization: true}\n", "403 RBAC: denied by ns[istio-system]-policy[payments--cards--istio-egressgateway--default-deny]-rule[0]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rendered, warnings := renderText(t, bundle+c.enforce)
			for _, beside := range []handwritten{plaintextHop, mutualHop} {
				m := mesh(t, join(rendered, read(t, beside.file)))
				for _, o := range beside.promised {
					want := o
					if c.blocked != "" {
						want = calls.Outcome{Call: o.Call, From: o.From, Blocked: c.blocked}
					}
					if diff := cmp.Diff(want, o.Observe(m.Trace(o.TraceCall()))); diff != "" {
						t.Errorf("%s: %s (-want +got):\n%s", beside.file, o.Call, diff)
					}
				}
				for _, account := range []string{"checkout", "reports"} {
					got := m.Trace(trace.Call{Namespace: "payments", ServiceAccount: account, URL: "https://api.stripe.com"}).Blocked
					if (got == "") != (account == "checkout") {
						t.Errorf("%s: %s of the bundle: blocked by %q", beside.file, account, got)
					}
				}
			}
			warned := slices.ContainsFunc(warnings, func(d diag.Diagnostic) bool { return d.Code == diag.ClosesGateway })
			if warned != (c.blocked != "") {
				t.Errorf("warnings: %v", warnings)
			}
		})
	}
}

func renderText(t *testing.T, bundle string) (manifests string, warnings []diag.Diagnostic) {
	t.Helper()
	found, err := egress.Parse("team.yaml", []byte(bundle))
	if err != nil {
		t.Fatal(err)
	}
	output, err := found.Render()
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := object.Encode(&text, output.Objects()); err != nil {
		t.Fatal(err)
	}
	return text.String(), output.Warnings
}

// A gateway that is closed knows what is of a bundle by the end of its name. So a server for every host that ends Istio
// mutual TLS is reached by who sends such a name, and by nobody else: the limit that the documentation states.
func TestDefaultDenyAndServersForEveryHost(t *testing.T) {
	const bundle = `
apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: cards, namespace: payments}
spec:
  destinations: {stripe: {hosts: [api.stripe.com]}}
  enforce: {authorization: true}
`
	rendered, _ := renderText(t, bundle)
	for sni, want := range map[string]string{
		"by-hand.example.com":  "403 RBAC: denied by ns[istio-system]-policy[payments--cards--istio-egressgateway--default-deny]-rule[0]",
		"made-up.by-me.egress": "",
	} {
		m := mesh(t, join(rendered, everyHost(sni)))
		if got := m.Trace(trace.Call{Namespace: "payments", URL: "http://by-hand.example.com"}).Blocked; got != want {
			t.Errorf("SNI %s: got %q, want %q", sni, got, want)
		}
	}
}

// everyHost is a server for every host, and a way to it for by-hand.example.com under a name of the caller's choice.
func everyHost(sni string) string {
	return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: by-hand, namespace: payments}
spec: {hosts: [by-hand.example.com], location: MESH_EXTERNAL, resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: every-host, namespace: istio-system}
spec:
  selector: {istio: egressgateway}
  servers: [{port: {number: 443, name: every-host, protocol: HTTPS}, hosts: ["*"], tls: {mode: ISTIO_MUTUAL}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: by-hand, namespace: payments}
spec:
  host: istio-egressgateway.istio-system.svc.cluster.local
  subsets: [{name: by-hand, trafficPolicy: {tls: {mode: ISTIO_MUTUAL, sni: ` + sni + `}}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: by-hand, namespace: payments}
spec:
  hosts: [by-hand.example.com]
  gateways: [mesh, istio-system/every-host]
  http:
  - match: [{gateways: [mesh], port: 80}]
    route: [{destination: {host: istio-egressgateway.istio-system.svc.cluster.local, port: {number: 443}, subset: by-hand}}]
  - match: [{gateways: [istio-system/every-host], port: 443}]
    route: [{destination: {host: by-hand.example.com, port: {number: 80}}}]
`
}
