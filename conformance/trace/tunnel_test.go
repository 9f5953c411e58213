// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace_test

import (
	"strings"
	"testing"

	istio "istio.io/istio/pkg/test"

	"github.com/egressbundle/egressbundle/conformance/trace"
)

// proxied is a host and a proxy that leads to it.
const proxied = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: docs, namespace: client}
spec:
  hosts: [docs.example.com]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{name: tls, number: 443, protocol: TLS}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: proxy, namespace: client}
spec:
  hosts: [proxy.corp.example]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{name: tcp, number: 3128, protocol: TCP}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: proxy, namespace: client}
spec:
  host: proxy.corp.example
  subsets:
  - name: docs
    trafficPolicy:
      tunnel: {protocol: CONNECT, targetHost: docs.example.com, targetPort: 443}
`

// tunneled sends TLS for the host to the proxy, which the sidecar asks for it.
const tunneled = proxied + `
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: docs, namespace: client}
spec:
  hosts: [docs.example.com]
  tls:
  - match: [{port: 443, sniHosts: [docs.example.com]}]
    route: [{destination: {host: proxy.corp.example, subset: docs, port: {number: 3128}}}]
`

// tunneledAtGateway does the same at the gateway.
const tunneledAtGateway = proxied + `
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: egress, namespace: istio-system}
spec:
  selector: {istio: egressgateway}
  servers:
  - {port: {number: 443, name: tls, protocol: TLS}, tls: {mode: PASSTHROUGH}, hosts: [docs.example.com]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: docs, namespace: client}
spec:
  hosts: [docs.example.com]
  gateways: [mesh, istio-system/egress]
  tls:
  - match: [{gateways: [mesh], port: 443, sniHosts: [docs.example.com]}]
    route: [{destination: {host: istio-egressgateway.istio-system.svc.cluster.local, port: {number: 443}}}]
  - match: [{gateways: [istio-system/egress], port: 443, sniHosts: [docs.example.com]}]
    route: [{destination: {host: proxy.corp.example, subset: docs, port: {number: 3128}}}]
`

func TestTunnel(t *testing.T) {
	proxy := []string{"proxy.corp.example:3128"}
	secure := strings.Replace(tunneled, "    trafficPolicy:\n",
		"    trafficPolicy:\n      tls: {mode: SIMPLE, sni: proxy.corp.example}\n", 1)
	for _, test := range []traced{
		{
			name: "CONNECT",
			opts: trace.Options{Manifests: tunneled},
			call: trace.Call{URL: "https://docs.example.com"},
			want: trace.Result{Direct: true, Exit: trace.Exit{Addresses: proxy, Connect: "docs.example.com:443"}},
		},
		{
			name: "TLS around the tunnel is not TLS around TLS",
			opts: trace.Options{Manifests: secure},
			call: trace.Call{URL: "https://docs.example.com"},
			want: trace.Result{
				Direct: true,
				Exit:   trace.Exit{Addresses: proxy, Connect: "docs.example.com:443"},
				TLS:    trace.TLS{Mode: "SIMPLE", SNI: "proxy.corp.example", CA: "file-root:system"},
			},
		},
		{
			name: "with limits",
			opts: trace.Options{Manifests: strings.Replace(tunneled, "    trafficPolicy:\n",
				"    trafficPolicy:\n      connectionPool: {tcp: {maxConnections: 7, maxConnectionDuration: 1h}}\n", 1)},
			call: trace.Call{URL: "https://docs.example.com"},
			want: trace.Result{
				Direct: true,
				Exit:   trace.Exit{Addresses: proxy, Connect: "docs.example.com:443"},
				// Istio reads how long bytes may flow from the DestinationRule itself, and not from its subsets.
				Policy: trace.Policy{MaxConnections: 7},
			},
		},
		{
			name: "a route without the subset sends the bytes to the proxy as they are",
			opts: trace.Options{Manifests: strings.Replace(tunneled, "subset: docs, ", "", 1)},
			call: trace.Call{URL: "https://docs.example.com"},
			want: trace.Result{Direct: true, Exit: trace.Exit{Addresses: proxy}},
		},
		{
			name: "from a gateway",
			opts: trace.Options{Manifests: tunneledAtGateway},
			call: trace.Call{URL: "https://docs.example.com"},
			want: trace.Result{
				Gateway: "istio-system/istio-egressgateway",
				Hop:     trace.Hop{SNI: "docs.example.com"},
				Exit:    trace.Exit{Addresses: proxy, Connect: "docs.example.com:443"},
			},
		},
		{
			name: "another host",
			opts: trace.Options{Manifests: tunneled},
			call: trace.Call{URL: "https://www.example.com"},
			want: trace.Result{Blocked: "BlackHoleCluster"},
		},
	} {
		t.Run(test.name, test.run)
	}
}

func TestUnknownTunnel(t *testing.T) {
	const gateway = "istio-egressgateway.istio-system.svc.cluster.local"
	for name, test := range map[string]struct{ manifests, want string }{
		"POST": {
			manifests: strings.Replace(tunneled, "protocol: CONNECT", "protocol: POST", 1),
			want:      "use_post:true",
		},
		"HTTP/2": {
			manifests: strings.Replace(tunneled, "number: 3128, protocol: TCP", "number: 3128, protocol: HTTP2", 1),
			want:      "a tunnel over another protocol than HTTP/1.1 is not supported",
		},
		"to a gateway": {
			manifests: strings.NewReplacer("host: proxy.corp.example", "host: "+gateway, "number: 3128}", "number: 443}").
				Replace(tunneled),
			want: "a tunnel to gateway istio-system/istio-egressgateway is not supported",
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := istio.Wrap(func(t istio.Failer) {
				trace.NewMesh(t, trace.Options{Manifests: test.manifests}).
					Trace(trace.Call{Namespace: "client", URL: "https://docs.example.com"})
			})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
