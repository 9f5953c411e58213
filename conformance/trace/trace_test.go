// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	istio "istio.io/istio/pkg/test"

	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/conformance/trace"
)

const external = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: external, namespace: istio-system}
spec:
  hosts: [www.example.com]
  location: MESH_EXTERNAL
  resolution: DNS
  ports:
  - {name: http-80, number: 80, protocol: HTTP}
  - {name: tls-443, number: 443, protocol: TLS}
`

// throughGateway sends plain HTTP for www.example.com from port 80 of the gateway to port 80 of the host.
const throughGateway = external + `
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: egress, namespace: istio-system}
spec:
  selector: {istio: egressgateway}
  servers:
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: [www.example.com]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: egress, namespace: istio-system}
spec:
  hosts: [www.example.com]
  gateways: [mesh, egress]
  http:
  - match: [{gateways: [mesh], port: 80}]
    route: [{destination: {host: istio-egressgateway.istio-system.svc.cluster.local, port: {number: 80}}}]
  - match: [{gateways: [egress], port: 80}]
    timeout: 5s
    route: [{destination: {host: www.example.com, port: {number: 80}}}]
`

func hop(settings string) string {
	return `
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: hop, namespace: client}
spec:
  host: istio-egressgateway.istio-system.svc.cluster.local
  trafficPolicy: {tls: {` + settings + `}}
`
}

// A traced is a call, and what becomes of it.
type traced struct {
	name string
	opts trace.Options
	call trace.Call
	want trace.Result
}

// run traces the call, from namespace client unless it says otherwise. Of a call that is blocked the reason counts.
func (test traced) run(t *testing.T) {
	if test.call.Namespace == "" {
		test.call.Namespace = "client"
	}
	got := trace.NewMesh(t, test.opts).Trace(test.call)
	steps := strings.Join(got.Steps, "\n")
	if got.Blocked != "" {
		got = trace.Result{Blocked: got.Blocked}
	}
	ignored := cmpopts.IgnoreFields(trace.Result{}, "Headers", "Proxies", "Steps", "Retries")
	if diff := cmp.Diff(test.want, got, ignored, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s%s", diff, steps)
	}
}

func TestTrace(t *testing.T) {
	mutualServer := strings.Replace(throughGateway, "name: http, protocol: HTTP}, hosts: [www.example.com]",
		"name: https, protocol: HTTPS}, tls: {mode: ISTIO_MUTUAL}, hosts: [www.example.com]", 1)
	origination := `
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: tls, namespace: istio-system}
spec:
  host: www.example.com
  trafficPolicy: {tls: {mode: SIMPLE, caCertificates: system}}
`
	for _, test := range []traced{
		{
			name: "unregistered",
			opts: trace.Options{OutboundTrafficPolicy: "ALLOW_ANY"},
			call: trace.Call{URL: "http://www.example.com:8080", Address: "192.0.2.1"},
			want: trace.Result{
				Direct:       true,
				Unregistered: true,
				Exit:         trace.Exit{Addresses: []string{"192.0.2.1:8080"}, Authority: "www.example.com:8080"},
			},
		},
		{
			name: "unregistered and forbidden",
			call: trace.Call{URL: "http://www.example.com:8080"},
			want: trace.Result{Blocked: "BlackHoleCluster"},
		},
		{
			name: "TLS inside TLS",
			opts: trace.Options{Manifests: external + origination},
			call: trace.Call{URL: "https://www.example.com"},
			want: trace.Result{
				Direct:    true,
				Exit:      trace.Exit{Addresses: []string{"www.example.com:443"}},
				TLS:       trace.TLS{Mode: "SIMPLE", CA: "file-root:system"},
				DoubleTLS: true,
			},
		},
		{
			name: "SNI and SAN from the request",
			opts: trace.Options{Manifests: external + origination},
			call: trace.Call{URL: "http://www.example.com"},
			want: trace.Result{
				Direct: true,
				Exit:   trace.Exit{Addresses: []string{"www.example.com:80"}, Authority: "www.example.com"},
				TLS: trace.TLS{
					Mode: "SIMPLE",
					SNI:  "www.example.com",
					SANs: []string{"www.example.com"},
					CA:   "file-root:system",
				},
			},
		},
		{
			name: "mTLS to a plain server",
			opts: trace.Options{Manifests: throughGateway + hop("mode: ISTIO_MUTUAL, sni: www.example.com")},
			call: trace.Call{URL: "http://www.example.com"},
			want: trace.Result{Blocked: "the listener expects HTTP, the call is none"},
		},
		{
			name: "plain text to an mTLS server",
			opts: trace.Options{Manifests: mutualServer + hop("mode: DISABLE")},
			call: trace.Call{URL: "http://www.example.com"},
			want: trace.Result{Blocked: `no filter chain of listener 0.0.0.0_8080 matches SNI ""`},
		},
		{
			name: "TLS without certificate to an mTLS server",
			opts: trace.Options{Manifests: mutualServer + hop("mode: SIMPLE, sni: www.example.com")},
			call: trace.Call{URL: "http://www.example.com"},
			want: trace.Result{Blocked: "the listener expects a client certificate of the mesh, the call brings none"},
		},
		{
			name: "mTLS to a server that passes it on",
			opts: trace.Options{Manifests: tunneledAtGateway + hop("mode: ISTIO_MUTUAL, sni: docs.example.com")},
			call: trace.Call{URL: "https://docs.example.com"},
			want: trace.Result{Blocked: "the TLS of the mesh leaves with the call: no gateway ends it"},
		},
		{
			name: "another SNI than the server's",
			opts: trace.Options{Manifests: mutualServer + hop("mode: ISTIO_MUTUAL, sni: other.example.com")},
			call: trace.Call{URL: "http://www.example.com"},
			want: trace.Result{Blocked: `no filter chain of listener 0.0.0.0_8080 matches SNI "other.example.com"`},
		},
		{
			name: "another gateway than the expected one",
			opts: trace.Options{Manifests: mutualServer +
				hop("mode: ISTIO_MUTUAL, sni: www.example.com, subjectAltNames: ['spiffe://cluster.local/ns/x/sa/y']")},
			call: trace.Call{URL: "http://www.example.com"},
			want: trace.Result{Blocked: "the sidecar expects a gateway with identity [spiffe://cluster.local/ns/x/sa/y], " +
				"it is spiffe://cluster.local/ns/istio-system/sa/istio-egressgateway"},
		},
		{
			name: "the gateway's route leads back to the gateway",
			opts: trace.Options{Manifests: strings.Replace(throughGateway, "{host: www.example.com, port: {number: 80}}",
				"{host: istio-egressgateway.istio-system.svc.cluster.local, port: {number: 80}}", 1)},
			call: trace.Call{URL: "http://www.example.com"},
			want: trace.Result{Blocked: "the call goes round in circles"},
		},
		{
			name: "no resolution at the gateway",
			opts: trace.Options{Manifests: strings.Replace(throughGateway, "resolution: DNS", "resolution: NONE", 1)},
			call: trace.Call{URL: "http://www.example.com"},
			want: trace.Result{Blocked: "503 UH: cluster outbound|80||www.example.com has no endpoints"},
		},
		{
			name: "a Service of the cluster",
			call: trace.Call{Namespace: "istio-system", URL: "tcp://istio-egressgateway:443"},
			want: trace.Result{Blocked: "no listener at istio-system/istio-egressgateway takes 10.244.1.1:8443"},
		},
	} {
		t.Run(test.name, test.run)
	}
}

func TestSteps(t *testing.T) {
	got := trace.NewMesh(t, trace.Options{Manifests: throughGateway}).
		Trace(trace.Call{Namespace: "client", URL: "http://www.example.com"})
	want := []string{
		"sidecar in client: listener 0.0.0.0_80",
		"sidecar in client: filter chain without name",
		"sidecar in client: route configuration 80",
		"sidecar in client: virtual host www.example.com:80",
		"sidecar in client: cluster outbound|80||istio-egressgateway.istio-system.svc.cluster.local",
		"sidecar in client: to 10.244.1.1:8080 over HTTP/2",
		"istio-system/istio-egressgateway: listener 0.0.0.0_8080",
		"istio-system/istio-egressgateway: filter chain without name",
		"istio-system/istio-egressgateway: route configuration http.8080",
		"istio-system/istio-egressgateway: virtual host www.example.com:80",
		"istio-system/istio-egressgateway: cluster outbound|80||www.example.com",
		"istio-system/istio-egressgateway: to www.example.com:80",
	}
	if diff := cmp.Diff(want, got.Steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

// A second gateway has labels, ports and a Service of its own.
func TestGateways(t *testing.T) {
	partners := cluster.Gateway{
		Namespace:      "partners",
		Service:        "egress",
		ServiceAccount: "egress",
		Labels:         map[string]string{"istio": "partners"},
		Ports:          []cluster.Port{{Name: "http", Port: 80, TargetPort: 9080}},
	}
	manifests := strings.NewReplacer(
		"{istio: egressgateway}", "{istio: partners}",
		"istio-egressgateway.istio-system", "egress.partners",
		"namespace: istio-system", "namespace: partners",
	).Replace(throughGateway)
	m := trace.NewMesh(t, trace.Options{Manifests: manifests, Gateways: []cluster.Gateway{cluster.DefaultGateway(), partners}})
	got := m.Trace(trace.Call{Namespace: "client", URL: "http://www.example.com"})
	if got.Blocked != "" || got.Gateway != "partners/egress" {
		t.Errorf("got gateway %q, blocked %q\n%s", got.Gateway, got.Blocked, strings.Join(got.Steps, "\n"))
	}
}

// What cannot be traced fails, and does not pass for blocked or for arrived.
func TestFailure(t *testing.T) {
	for name, test := range map[string]struct {
		manifests, url, want string
	}{
		"weights": {
			manifests: strings.Replace(throughGateway,
				"route: [{destination: {host: www.example.com, port: {number: 80}}}]",
				"route: [{destination: {host: www.example.com, port: {number: 80}}, weight: 50}, "+
					"{destination: {host: www.example.com, port: {number: 443}}, weight: 50}]", 1),
			url:  "http://www.example.com",
			want: "cluster specifier *routev3.RouteAction_WeightedClusters is not supported",
		},
		"filter": {
			manifests: strings.Replace(throughGateway, "timeout: 5s", "corsPolicy: {allowOrigins: [{exact: example.org}]}", 1),
			url:       "http://www.example.com",
			want:      "configuration of the filter envoy.filters.http.cors is not supported",
		},
		"answer": {
			manifests: strings.Replace(throughGateway, "timeout: 5s",
				`headers: {response: {set: {x-who: "%DOWNSTREAM_REMOTE_ADDRESS%"}, remove: [server-timing]}}`, 1),
			url:  "http://www.example.com",
			want: "header x-who: the format",
		},
		"scheme": {url: "ftp://www.example.com:21", want: "unknown scheme"},
		"port":   {url: "tcp://www.example.com", want: "a port is required"},
		"unknown kind": {
			manifests: "apiVersion: example.com/v1\nkind: Foo\nmetadata: {name: a}",
			want:      `no kind "Foo" is registered`,
		},
		"invalid": {
			manifests: strings.Replace(external, "number: 80", "number: 99999", 1),
			want:      "configuration is invalid",
		},
		"no object":     {manifests: "foo: bar", want: "'Kind' is missing"},
		"duplicate key": {manifests: "a: 1\na: 2", want: `key "a" already set in map`},
	} {
		t.Run(name, func(t *testing.T) {
			err := istio.Wrap(func(t istio.Failer) {
				m := trace.NewMesh(t, trace.Options{Manifests: test.manifests})
				m.Trace(trace.Call{Namespace: "client", URL: test.url})
			})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
