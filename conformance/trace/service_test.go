// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace_test

import (
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/conformance/trace"
)

// alias is another name for a host outside.
const alias = `
apiVersion: v1
kind: Service
metadata: {name: httpbin, namespace: payments}
spec:
  type: ExternalName
  externalName: www.example.com
---
` + external

// endpoints is a Service for an address outside.
const endpoints = `
apiVersion: v1
kind: Service
metadata: {name: httpbin, namespace: payments}
spec:
  ports: [{name: http, port: 80}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: httpbin, namespace: payments, labels: {kubernetes.io/service-name: httpbin}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [198.51.100.7]}]
`

func TestServices(t *testing.T) {
	aliased := func(authority string) trace.Result {
		return trace.Result{
			Direct: true,
			Exit:   trace.Exit{Addresses: []string{"www.example.com:80"}, Authority: authority},
		}
	}
	behind := func(authority string) trace.Result {
		return trace.Result{
			Direct: true,
			Exit:   trace.Exit{Addresses: []string{"198.51.100.7:8080"}, Authority: authority},
		}
	}
	for _, test := range []traced{
		{
			name: "alias",
			opts: trace.Options{Manifests: alias},
			call: trace.Call{Namespace: "payments", URL: "http://httpbin"},
			want: aliased("httpbin"),
		},
		{
			name: "alias from another namespace",
			opts: trace.Options{Manifests: alias},
			call: trace.Call{URL: "http://httpbin.payments"},
			want: aliased("httpbin.payments"),
		},
		{
			name: "alias by its full name",
			opts: trace.Options{Manifests: alias},
			call: trace.Call{URL: "http://httpbin.payments.svc.cluster.local"},
			want: aliased("httpbin.payments.svc.cluster.local"),
		},
		{
			name: "alias for TLS",
			opts: trace.Options{Manifests: alias},
			call: trace.Call{URL: "https://httpbin.payments.svc"},
			want: trace.Result{Direct: true, Exit: trace.Exit{Addresses: []string{"www.example.com:443"}}},
		},
		{
			name: "alias for a host that nothing declares",
			opts: trace.Options{Manifests: strings.Replace(alias, "externalName: www", "externalName: other", 1)},
			call: trace.Call{URL: "http://httpbin.payments"},
			want: trace.Result{Blocked: "502 block_all"},
		},
		{
			name: "alias for a Service",
			opts: trace.Options{Manifests: strings.Replace(alias, "externalName: www.example.com",
				"externalName: istio-egressgateway.istio-system.svc.cluster.local", 1)},
			call: trace.Call{URL: "tcp://httpbin.payments:443"},
			want: trace.Result{Blocked: "no listener at istio-system/istio-egressgateway takes 10.244.1.1:8443"},
		},
		{
			name: "endpoints",
			opts: trace.Options{Manifests: endpoints},
			call: trace.Call{Namespace: "payments", URL: "http://httpbin"},
			want: behind("httpbin"),
		},
		{
			name: "endpoints from another namespace",
			opts: trace.Options{Manifests: endpoints},
			call: trace.Call{URL: "http://httpbin.payments.svc"},
			want: behind("httpbin.payments.svc"),
		},
		{
			name: "endpoints for TCP",
			opts: trace.Options{Manifests: strings.ReplaceAll(endpoints, "name: http,", "name: tcp,")},
			call: trace.Call{URL: "tcp://httpbin.payments:80"},
			want: behind(""),
		},
		{
			name: "endpoints of another Service",
			opts: trace.Options{Manifests: strings.Replace(endpoints, "service-name: httpbin", "service-name: other", 1)},
			call: trace.Call{URL: "http://httpbin.payments"},
			want: trace.Result{Blocked: "503 UH: cluster outbound|80||httpbin.payments.svc.cluster.local has no endpoints"},
		},
		{
			name: "endpoints of another port",
			opts: trace.Options{Manifests: strings.Replace(endpoints, "name: http, port: 8080", "name: other, port: 8080", 1)},
			call: trace.Call{URL: "http://httpbin.payments"},
			want: trace.Result{Blocked: "503 UH: cluster outbound|80||httpbin.payments.svc.cluster.local has no endpoints"},
		},
	} {
		t.Run(test.name, test.run)
	}
}
