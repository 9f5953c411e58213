// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package calls_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/trace"
)

const entry = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: external, namespace: client}
spec:
  hosts: [www.example.com]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{name: http, number: 80, protocol: HTTP}]
  endpoints: [{address: a.example.com, locality: one}, {address: b.example.com, locality: two}]
`

const addresses = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: external, namespace: client}
spec:
  hosts: [www.example.com]
  addresses: [198.51.100.0/24]
  location: MESH_EXTERNAL
  resolution: NONE
  ports: [{name: tls, number: 443, protocol: TLS}]
`

// throughGateway leads HTTP for the host through the gateway.
const throughGateway = `
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: egress, namespace: istio-system}
spec:
  selector: {istio: egressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [www.example.com]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: egress, namespace: istio-system}
spec:
  hosts: [www.example.com]
  gateways: [mesh, egress]
  http:
  - match: [{gateways: [mesh]}]
    route: [{destination: {host: istio-egressgateway.istio-system.svc.cluster.local, port: {number: 80}}}]
  - match: [{gateways: [egress]}]
    route: [{destination: {host: www.example.com, port: {number: 80}}}]
`

// rule returns the DestinationRule of the host.
func rule(policy string) string {
	return `
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: external, namespace: client}
spec:
  host: www.example.com
  trafficPolicy: {` + policy + `}
`
}

// TestObserve: what a file says of a call is what is observed, field by field.
func TestObserve(t *testing.T) {
	const secret = "tls: {mode: MUTUAL, credentialName: client}"
	const twice = "tls: {mode: SIMPLE, sni: www.example.com, subjectAltNames: [www.example.com]}"
	for _, test := range []struct{ name, manifests, want string }{
		{"client certificate from a Secret", entry + throughGateway + rule(secret), `
- call: http://www.example.com
  from: client
  through: istio-system/istio-egressgateway
  leaves: a.example.com:80 b.example.com:80
  host: www.example.com
  tls: {sni: www.example.com, names: [www.example.com], ca: Secret client, certificate: Secret client}`},
		{"Istio lets no sidecar read the Secret, and opens no TLS at all", entry + rule(secret), `
- call: http://www.example.com
  from: client
  through: sidecar
  leaves: a.example.com:80 b.example.com:80
  host: www.example.com`},
		{"client certificate from files", entry + rule("tls: {mode: MUTUAL, clientCertificate: /etc/x/tls.crt, "+
			"privateKey: /etc/x/tls.key, caCertificates: /etc/x/ca-cacert}"), `
- call: http://www.example.com
  from: client
  through: sidecar
  leaves: a.example.com:80 b.example.com:80
  host: www.example.com
  tls:
    sni: www.example.com
    names: [www.example.com]
    ca: /etc/x/ca-cacert
    certificate: /etc/x/tls.crt /etc/x/tls.key`},
		{"a CA of its own and no certificate", entry + rule("tls: {mode: SIMPLE, credentialName: configmap://client/roots}"), `
- call: http://www.example.com
  from: client
  through: sidecar
  leaves: a.example.com:80 b.example.com:80
  host: www.example.com
  tls: {sni: www.example.com, names: [www.example.com], ca: ConfigMap client/roots}`},
		{"limits", entry + rule("connectionPool: {tcp: {connectTimeout: 5s, maxConnections: 1, maxConnectionDuration: 1h, "+
			"tcpKeepalive: {probes: 3, time: 300s, interval: 30s}}, http: {http1MaxPendingRequests: 2, http2MaxRequests: 3, "+
			"maxRequestsPerConnection: 4, maxRetries: 5, idleTimeout: 1m}}"), `
- call: http://www.example.com
  from: client
  through: sidecar
  leaves: a.example.com:80 b.example.com:80
  host: www.example.com
  policy:
    connectTimeout: 5s
    maxConnections: 1
    maxConnectionDuration: 1h0m0s
    tcpKeepalive: {probes: 3, time: 5m0s, interval: 30s}
    http1MaxPendingRequests: 2
    http2MaxRequests: 3
    maxRequestsPerConnection: 4
    maxRetries: 5
    idleTimeout: 1m0s`},
		{"failover", entry + rule("outlierDetection: {consecutiveGatewayErrors: 2}"), `
- call: http://www.example.com
  from: client
  locality: two
  through: sidecar
  leaves: a.example.com:80 b.example.com:80
  failover: [[b.example.com:80], [a.example.com:80]]
  host: www.example.com
  policy:
    consecutive5xxErrors: 5
    consecutiveGatewayErrors: 2
    interval: 10s
    baseEjectionTime: 30s
    maxEjectionPercent: 10`},
		{"address", addresses, `
- call: https://www.example.com
  from: client
  address: 198.51.100.7
  through: sidecar
  leaves: 198.51.100.7:443`},
		{"another address", addresses, `
- call: https://www.example.com
  from: client
  address: 192.0.2.1
  blocked: BlackHoleCluster`},
		{"tunnel", addresses + rule("tunnel: {protocol: CONNECT, targetHost: docs.example.com, targetPort: 443}, "+
			"tls: {mode: SIMPLE, sni: proxy.example.com, subjectAltNames: [proxy.example.com]}"), `
- call: https://www.example.com
  from: client
  address: 198.51.100.7
  through: sidecar
  leaves: 198.51.100.7:443
  connect: docs.example.com:443
  tls: {sni: proxy.example.com, names: [proxy.example.com], ca: system}`},
		{"TLS around TLS", addresses + rule(twice), `
- call: https://www.example.com
  from: client
  address: 198.51.100.7
  through: sidecar
  leaves: 198.51.100.7:443
  tls: {sni: www.example.com, names: [www.example.com], ca: system}
  defect: encrypted twice`},
	} {
		t.Run(test.name, func(t *testing.T) {
			mesh := trace.NewMesh(t, trace.Options{Manifests: test.manifests})
			for _, want := range read(t, test.want) {
				got := want.Observe(mesh.Trace(want.TraceCall()))
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}

// read reads outcomes from where people write them.
func read(t *testing.T, text string) []calls.Outcome {
	t.Helper()
	path := filepath.Join(t.TempDir(), "calls.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	outcomes, err := calls.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return outcomes
}
