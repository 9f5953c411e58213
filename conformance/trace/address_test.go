// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace_test

import (
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/conformance/trace"
)

// byAddress lets calls out to where the application means to go.
const byAddress = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: database, namespace: client}
spec:
  hosts: [db.example.com]
  addresses: [198.51.100.7, 192.0.2.0/24]
  location: MESH_EXTERNAL
  resolution: NONE
  ports: [{name: tcp, number: 5432, protocol: TCP}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: web, namespace: client}
spec:
  hosts: [web.example.com]
  addresses: [198.51.100.0/24]
  location: MESH_EXTERNAL
  resolution: NONE
  ports:
  - {name: tls, number: 443, protocol: TLS}
  - {name: http, number: 80, protocol: HTTP}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: anywhere, namespace: client}
spec:
  hosts: ["*.example.org"]
  location: MESH_EXTERNAL
  resolution: NONE
  ports: [{name: tls, number: 443, protocol: TLS}]
`

func TestAddress(t *testing.T) {
	direct := func(address, authority string) trace.Result {
		return trace.Result{Direct: true, Exit: trace.Exit{Addresses: []string{address}, Authority: authority}}
	}
	opts := trace.Options{Manifests: byAddress}
	for _, test := range []traced{
		{
			name: "TCP to an address",
			opts: opts,
			call: trace.Call{URL: "tcp://198.51.100.7:5432"},
			want: direct("198.51.100.7:5432", ""),
		},
		{
			name: "TCP to a range",
			opts: opts,
			call: trace.Call{URL: "tcp://192.0.2.200:5432"},
			want: direct("192.0.2.200:5432", ""),
		},
		{
			name: "TCP next to the range",
			opts: opts,
			call: trace.Call{URL: "tcp://192.0.3.1:5432"},
			want: trace.Result{Blocked: "BlackHoleCluster"},
		},
		{
			name: "TLS to a range, with the server name",
			opts: opts,
			call: trace.Call{URL: "https://web.example.com", Address: "198.51.100.9"},
			want: direct("198.51.100.9:443", ""),
		},
		{
			name: "TLS to the range with another server name",
			opts: opts,
			call: trace.Call{URL: "https://www.example.com", Address: "198.51.100.9"},
			want: trace.Result{Blocked: "BlackHoleCluster"},
		},
		{
			name: "TLS with the server name next to the range",
			opts: opts,
			call: trace.Call{URL: "https://web.example.com", Address: "192.0.2.1"},
			want: trace.Result{Blocked: "BlackHoleCluster"},
		},
		{
			name: "TLS to any address",
			opts: opts,
			call: trace.Call{URL: "https://a.example.org", Address: "192.0.2.1"},
			want: direct("192.0.2.1:443", ""),
		},
		{
			name: "HTTP to any address",
			opts: opts,
			call: trace.Call{URL: "http://web.example.com", Address: "192.0.2.1"},
			want: direct("192.0.2.1:80", "web.example.com"),
		},
		{
			name: "to another port of the address",
			opts: trace.Options{Manifests: strings.Replace(byAddress, "number: 5432,", "number: 5432, targetPort: 15432,", 1)},
			call: trace.Call{URL: "tcp://198.51.100.7:5432"},
			want: direct("198.51.100.7:15432", ""),
		},
	} {
		t.Run(test.name, test.run)
	}
}
