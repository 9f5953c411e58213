// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"slices"
	"testing"

	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
)

// TestDynamicDNSFilter: HTTP hosts of a port share a listener, Services of the cluster among them, and it looks
// wildcards up only if the oldest host is a wildcard with DYNAMIC_DNS. Otherwise that is left to the cluster. For TLS
// each host has a filter chain of its own.
func TestDynamicDNSFilter(t *testing.T) {
	for _, test := range []struct {
		wildcard, host string // when they were declared
		want           bool
	}{
		{"2026-01-01", "2026-01-02", true},
		{"2026-01-02", "2026-01-01", false},
	} {
		t.Run(test.wildcard, func(t *testing.T) {
			m := NewMesh(t, Options{Manifests: declared("*.wikipedia.org", "DYNAMIC_DNS", test.wildcard) + "---" +
				declared("www.example.com", "DNS", test.host)})
			if got := slices.Contains(httpFilters(t, m), "envoy.filters.http.dynamic_forward_proxy"); got != test.want {
				t.Errorf("the listener of the port looks hosts up: %v, want %v", got, test.want)
			}
		})
	}
}

// httpFilters returns the names of the HTTP filters for port 8080.
func httpFilters(t *testing.T, m *Mesh) []string {
	t.Helper()
	listeners := m.sidecar(Call{Namespace: "payments"}).listeners
	i := slices.IndexFunc(listeners, func(l *listener.Listener) bool { return l.GetName() == "0.0.0.0_8080" })
	if i < 0 {
		t.Fatal("no listener for the port")
	}
	chains := append(slices.Clone(listeners[i].GetFilterChains()), listeners[i].GetDefaultFilterChain())
	var names []string
	for _, chain := range chains {
		for _, f := range chain.GetFilters() {
			config := &hcm.HttpConnectionManager{}
			if f.GetTypedConfig().MessageIs(config) && f.GetTypedConfig().UnmarshalTo(config) == nil {
				for _, h := range config.GetHttpFilters() {
					names = append(names, h.GetName())
				}
			}
		}
	}
	return names
}

// declared declares a host on a date.
func declared(host, resolution, date string) string {
	return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: "on-` + date + `", namespace: payments, creationTimestamp: "` + date + `T00:00:00Z"}
spec:
  hosts: ["` + host + `"]
  location: MESH_EXTERNAL
  resolution: ` + resolution + `
  ports: [{name: http, number: 8080, protocol: HTTP}]
`
}
