// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/conformance/trace"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// The bundles that objects of others stand beside.
const (
	viaGateway     = "{hosts: [edition.cnn.com], ports: [{port: 443, pattern: TLSPassthrough}, {port: 80, pattern: HTTP}]}"
	viaPlainHop    = "{hosts: [edition.cnn.com], mutualTLS: false, ports: [{port: 443, pattern: TLSPassthrough}, {port: 80, pattern: HTTP}]}"
	viaSidecar     = "{hosts: [edition.cnn.com], via: Sidecar}"
	viaSidecarHTTP = "{hosts: [edition.cnn.com], via: Sidecar, ports: [{port: 443, pattern: TLSPassthrough}, {port: 80, pattern: HTTP, timeout: 3s}]}"
	viaSidecarTLS  = "{hosts: [edition.cnn.com], via: Sidecar, ports: [{port: 443, pattern: TLSPassthrough}, {port: 80, pattern: TLSOrigination}]}"
)

const gatewayHost = "istio-egressgateway.istio-system.svc.cluster.local"

// TestBeside holds what is reported of objects of others against what Istio's control
// plane makes of them beside a bundle, once applied before it and once after it: with
// an error reported, a call of the bundle fails or leaves in another way in one of the
// two; otherwise none does. What a bundle breaks of others stands elsewhere:
// TestHiddenPorts and TestPlainServerBeforeTLSServer.
func TestBeside(t *testing.T) {
	for _, c := range []struct{ name, destination, other, want string }{
		{"ServiceEntry of the client", viaGateway, otherEntry("payments", "443"), ""},
		{"ServiceEntry of the client with more ports", viaGateway, otherEntry("payments", "8443"), "warning ServiceEntryConflict"},
		{"ServiceEntry from elsewhere", viaGateway, otherEntry("legacy", "8443"), "warning ServiceEntryConflict"},
		{"ServiceEntry of the client, at the sidecar", viaSidecar, otherEntry("payments", "443"), ""},
		{"VirtualService of the client", viaGateway, otherRoute("payments", "edition.cnn.com", ""), "warning VirtualServiceConflict"},
		{"VirtualService from elsewhere", viaGateway, otherRoute("legacy", "edition.cnn.com", ""), "warning VirtualServiceConflict"},
		{"VirtualService shown to the client", viaGateway, otherRoute("legacy", "edition.cnn.com", "exportTo: [payments], "), "error VirtualServiceConflict"},
		{"VirtualService not shown to the client", viaGateway, otherRoute("legacy", "edition.cnn.com", "exportTo: ['.'], "), ""},
		{"VirtualService for a wildcard", viaGateway, otherRoute("legacy", "*.com", ""), ""},
		{"VirtualService of the client, at the sidecar", viaSidecar, otherRoute("payments", "edition.cnn.com", ""), "error VirtualServiceConflict"},
		{"VirtualService for a wildcard, at the sidecar", viaSidecar, otherRoute("legacy", "*.com", ""), "error VirtualServiceConflict"},
		{"VirtualService for a wildcard, beside a route", viaSidecarHTTP, otherRoute("legacy", "*.com", ""), "error VirtualServiceConflict"},
		{"rule for the gateway", viaGateway, otherRule("payments", gatewayHost, "subsets: [{name: a}]"), ""},
		{"rule for the gateway with exportTo", viaGateway, otherRule("payments", gatewayHost, "exportTo: ['.'], subsets: [{name: a}]"), "error DestinationRuleConflict"},
		{"rule for the gateway from its namespace", viaGateway, otherRule("istio-system", "istio-egressgateway", "trafficPolicy: {tls: {mode: SIMPLE}}"), "warning DestinationRuleConflict"},
		{"rule for all Services", viaGateway, otherRule("istio-system", "*.local", "trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}"), ""},
		{"rule for every host", viaGateway, otherRule("istio-system", "*", "trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}"), "error DestinationRuleConflict"},
		{"rule for every host without TLS", viaGateway, otherRule("istio-system", "*", "trafficPolicy: {connectionPool: {tcp: {maxConnections: 5}}}"), ""},
		{"rule for the host, which the gateway does not follow", viaGateway, otherRule("payments", "edition.cnn.com", "trafficPolicy: {tls: {mode: SIMPLE}}"), ""},
		{"rule for the host, at the sidecar", viaSidecar, otherRule("payments", "edition.cnn.com", "trafficPolicy: {tls: {mode: SIMPLE}}"), "error DestinationRuleConflict"},
		{"rule for the host in the root namespace, at the sidecar", viaSidecar, otherRule("istio-system", "*.com", "trafficPolicy: {tls: {mode: SIMPLE}}"), "error DestinationRuleConflict"},
		{"rule for the host from elsewhere, at the sidecar", viaSidecar, otherRule("legacy", "edition.cnn.com", "trafficPolicy: {tls: {mode: SIMPLE}}"), ""},
		{"rule for the host, beside one of ours that keeps HTTP/1.1", viaSidecarHTTP, otherRule("payments", "edition.cnn.com", "trafficPolicy: {connectionPool: {tcp: {maxConnections: 5}}}"), "warning DestinationRuleConflict"},
		{"rule for the host that opens TLS, beside one of ours that keeps HTTP/1.1", viaSidecarHTTP, otherRule("payments", "edition.cnn.com", "trafficPolicy: {tls: {mode: SIMPLE}}"), "error DestinationRuleConflict"},
		{"rule for every host, beside one of ours that keeps HTTP/1.1", viaSidecarHTTP, otherRule("istio-system", "*", "trafficPolicy: {tls: {mode: SIMPLE}}"), ""},
		{"rule for the host, beside one of ours", viaSidecarTLS, otherRule("payments", "edition.cnn.com", "trafficPolicy: {tls: {mode: DISABLE}}"), "error DestinationRuleConflict"},
		{"rule for the host from elsewhere, beside one of ours", viaSidecarTLS, otherRule("legacy", "edition.cnn.com", "trafficPolicy: {tls: {mode: DISABLE}}"), ""},
		{"server for the host", viaPlainHop, otherServer("443", "TLS", "edition.cnn.com", "PASSTHROUGH"), "error GatewayConflict"},
		{"server for a wildcard", viaPlainHop, otherServer("443", "TLS", "*.cnn.com", "PASSTHROUGH"), ""},
		{"server for the host, beside a lane", viaGateway, otherServer("443", "TLS", "edition.cnn.com", "PASSTHROUGH"), ""},
		{"server for every host, beside a lane", viaGateway, otherServer("443", "TLS", "*", "PASSTHROUGH"), ""},
		{"plain HTTP on the port for TLS", viaGateway, otherServer("443", "HTTP", "*", ""), "error GatewayConflict"},
		{"plain TCP on the port for TLS", viaGateway, otherServer("443", "TCP", "*", ""), "error GatewayConflict"},
		{"TCP on the port for HTTP", viaPlainHop, otherServer("80", "TCP", "*", ""), "error GatewayConflict"},
		{"HTTP on the port for HTTP", viaPlainHop, otherServer("80", "HTTP", "*", ""), ""},
		{"policy that allows nothing", viaGateway, otherPolicy("spec: {selector: {matchLabels: {istio: egressgateway}}}"), "error AuthorizationPolicyConflict"},
		{"policy that allows ours", viaGateway, otherPolicy("spec: {selector: {matchLabels: {istio: egressgateway}}, rules: [{when: [{key: connection.sni, values: ['*.news.payments.egress']}]}]}"), "warning AuthorizationPolicyConflict"},
		{"policy for other Pods", viaGateway, otherPolicy("spec: {selector: {matchLabels: {istio: ingressgateway}}}"), ""},
		{"policy that denies", viaGateway, otherPolicy("spec: {action: DENY, rules: [{from: [{source: {namespaces: [other]}}]}]}"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			bundle := "apiVersion: egressbundle.io/v1alpha1\nkind: EgressBundle\nmetadata: {name: news, namespace: payments}\n" +
				"spec: {mesh: {outboundTrafficPolicy: REGISTRY_ONLY, proxyHeaders: Disabled}, destinations: {cnn: " + c.destination + "}}\n"
			ours, _ := renderBeside(t, bundle, "")
			_, reported := renderBeside(t, bundle, c.other)
			if diff := cmp.Diff(c.want, strings.Join(reported, ", ")); diff != "" {
				t.Errorf("reported (-want +got):\n%s", diff)
			}
			alone := outcomesOf(t, ours)
			before, after := outcomesOf(t, inOrder(t, c.other, ours)), outcomesOf(t, inOrder(t, ours, c.other))
			broken := !slices.Equal(alone, before) || !slices.Equal(alone, after)
			if isError := strings.HasPrefix(c.want, "error"); broken != isError {
				t.Errorf("error: %v, and calls\nalone:  %q\nbefore: %q\nafter:  %q", isError, alone, before, after)
			}
		})
	}
}

// renderBeside renders a bundle beside another object, and returns what is reported:
// the severities and codes.
func renderBeside(t *testing.T, bundle, other string) (manifests string, reported []string) {
	t.Helper()
	found, err := egress.Parse("in.yaml", []byte(join(bundle, other)))
	if err != nil {
		t.Fatal(err)
	}
	output, err := found.Render()
	var diagnostics []diag.Diagnostic
	if invalid, ok := errors.AsType[*diag.InvalidError](err); ok {
		diagnostics = invalid.Diagnostics
	} else if err != nil {
		t.Fatal(err)
	} else {
		diagnostics = output.Warnings
		var text strings.Builder
		if err := object.Encode(&text, output.Objects); err != nil {
			t.Fatal(err)
		}
		manifests = text.String()
	}
	for _, d := range diagnostics {
		reported = append(reported, fmt.Sprintf("%s %s", d.Severity, d.Code))
	}
	return manifests, slices.Compact(reported)
}

// outcomesOf returns what becomes of the calls of a bundle.
func outcomesOf(t *testing.T, manifests string) []string {
	t.Helper()
	m := mesh(t, manifests)
	var outcomes []string
	for _, url := range []string{"https://edition.cnn.com", "http://edition.cnn.com"} {
		r := m.Trace(trace.Call{Namespace: "payments", URL: url})
		outcomes = append(outcomes, fmt.Sprint(r.Blocked, r.Gateway, r.Exit.Addresses, r.TLS.Mode, r.DoubleTLS))
	}
	return outcomes
}

func otherEntry(namespace, port string) string {
	return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: other, namespace: ` + namespace + `}
spec: {hosts: [edition.cnn.com], resolution: DNS, location: MESH_EXTERNAL, ports: [{name: tls, number: ` + port + `, protocol: TLS}]}
`
}

func otherRoute(namespace, host, exportTo string) string {
	return `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: other, namespace: ` + namespace + `}
spec:
  ` + strings.TrimSuffix(exportTo, ", ") + `
  hosts: ["` + host + `"]
  http: [{route: [{destination: {host: other.payments.svc.cluster.local}}]}]
  tls: [{match: [{port: 443, sniHosts: ["` + host + `"]}], route: [{destination: {host: other.payments.svc.cluster.local, port: {number: 443}}}]}]
---
apiVersion: v1
kind: Service
metadata: {name: other, namespace: payments}
spec: {ports: [{name: http, port: 80, protocol: TCP}, {name: tls, port: 443, protocol: TCP}]}
`
}

func otherRule(namespace, host, spec string) string {
	return `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: other, namespace: ` + namespace + `}
spec: {host: "` + host + `", ` + spec + `}
`
}

func otherServer(port, protocol, host, mode string) string {
	tls := ""
	if mode != "" {
		tls = ", tls: {mode: " + mode + "}"
	}
	return `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: other, namespace: legacy}
spec: {selector: {istio: egressgateway}, servers: [{port: {number: ` + port + `, name: other, protocol: ` + protocol + `}, hosts: ["` + host + `"]` + tls + `}]}
`
}

func otherPolicy(spec string) string {
	return "\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: other, namespace: istio-system}\n" + spec + "\n"
}
