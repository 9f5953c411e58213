// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace_test

import (
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/conformance/trace"
)

// wildcard lets every name below wikipedia.org out, which the sidecar resolves.
const wildcard = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: wikipedia, namespace: client}
spec:
  hosts: ["*.wikipedia.org"]
  location: MESH_EXTERNAL
  resolution: DYNAMIC_DNS
  ports:
  - {name: http, number: 80, protocol: HTTP}
  - {name: http-alt, number: 8080, protocol: HTTP}
  - {name: tls, number: 443, protocol: TLS}
  - {name: tls-alt, number: 8443, protocol: TLS}
`

func rule(policy string) string {
	return `
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: wikipedia, namespace: client}
spec:
  host: "*.wikipedia.org"
  trafficPolicy: {` + policy + `}
`
}

func TestDynamicDNS(t *testing.T) {
	for _, test := range []traced{
		{
			name: "TLS goes to the server name",
			opts: trace.Options{Manifests: wildcard},
			call: trace.Call{URL: "https://en.wikipedia.org"},
			want: trace.Result{Direct: true, Exit: trace.Exit{Addresses: []string{"en.wikipedia.org:443"}}},
		},
		{
			name: "on the port of the entry",
			opts: trace.Options{Manifests: wildcard},
			call: trace.Call{URL: "tls://de.wikipedia.org:8443"},
			want: trace.Result{Direct: true, Exit: trace.Exit{Addresses: []string{"de.wikipedia.org:8443"}}},
		},
		{
			name: "HTTP goes to the Host header",
			opts: trace.Options{Manifests: wildcard},
			call: trace.Call{URL: "http://en.wikipedia.org"},
			want: trace.Result{
				Direct: true,
				Exit:   trace.Exit{Addresses: []string{"en.wikipedia.org:80"}, Authority: "en.wikipedia.org"},
			},
		},
		{
			name: "and to its port",
			opts: trace.Options{Manifests: wildcard},
			call: trace.Call{URL: "http://en.wikipedia.org:8080"},
			want: trace.Result{
				Direct: true,
				Exit:   trace.Exit{Addresses: []string{"en.wikipedia.org:8080"}, Authority: "en.wikipedia.org:8080"},
			},
		},
		{
			name: "TLS origination",
			opts: trace.Options{Manifests: wildcard + rule("tls: {mode: SIMPLE}")},
			call: trace.Call{URL: "http://en.wikipedia.org"},
			want: trace.Result{
				Direct: true,
				Exit:   trace.Exit{Addresses: []string{"en.wikipedia.org:443"}, Authority: "en.wikipedia.org"},
				TLS: trace.TLS{
					Mode: "SIMPLE",
					SNI:  "en.wikipedia.org",
					SANs: []string{"en.wikipedia.org"},
					CA:   "file-root:system",
				},
			},
		},
		{
			name: "a name that the wildcard does not cover",
			opts: trace.Options{Manifests: wildcard},
			call: trace.Call{URL: "https://www.wikimedia.org"},
			want: trace.Result{Blocked: "BlackHoleCluster"},
		},
		{
			name: "HTTP to a name that the wildcard does not cover",
			opts: trace.Options{Manifests: wildcard},
			call: trace.Call{URL: "http://www.wikimedia.org"},
			want: trace.Result{Blocked: "502 block_all"},
		},
		{
			name: "Envoy wants auto_sni next to other HTTP options",
			opts: trace.Options{Manifests: wildcard + rule("connectionPool: {http: {idleTimeout: 5s}}")},
			call: trace.Call{URL: "http://en.wikipedia.org"},
			want: trace.Result{Blocked: "503 NC: cluster outbound|80||*.wikipedia.org is rejected: " +
				"it has HTTP options without auto_sni and auto_san_validation"},
		},
		{
			name: "every name is let out",
			opts: trace.Options{OutboundTrafficPolicy: "ALLOW_ANY_DYNAMIC_DNS", Manifests: wildcard},
			call: trace.Call{URL: "http://www.wikimedia.org"},
			want: trace.Result{
				Direct:       true,
				Unregistered: true,
				Exit:         trace.Exit{Addresses: []string{"www.wikimedia.org:80"}, Authority: "www.wikimedia.org"},
			},
		},
		{
			name: "a gateway does not resolve the server name",
			opts: trace.Options{Manifests: strings.Replace(wildcard, "namespace: client", "namespace: istio-system", 1) + `
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: egress, namespace: istio-system}
spec:
  selector: {istio: egressgateway}
  servers:
  - {port: {number: 443, name: tls, protocol: TLS}, tls: {mode: PASSTHROUGH}, hosts: ["*.wikipedia.org"]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: egress, namespace: istio-system}
spec:
  hosts: ["*.wikipedia.org"]
  gateways: [mesh, egress]
  tls:
  - match: [{gateways: [mesh], port: 443, sniHosts: ["*.wikipedia.org"]}]
    route: [{destination: {host: istio-egressgateway.istio-system.svc.cluster.local, port: {number: 443}}}]
  - match: [{gateways: [egress], port: 443, sniHosts: ["*.wikipedia.org"]}]
    route: [{destination: {host: "*.wikipedia.org", port: {number: 443}}}]
`},
			call: trace.Call{URL: "https://en.wikipedia.org"},
			want: trace.Result{Blocked: "503 UH: cluster outbound|443||*.wikipedia.org does not know the name that is called"},
		},
	} {
		t.Run(test.name, test.run)
	}
}
