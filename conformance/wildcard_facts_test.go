// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/conformance/calls"
)

// The facts about Istio that wildcards, policies and Services build on, and the tests that prove them.
//
//	a tls route to a wildcard that is looked up breaks it      TestFactRouteToDynamicDNS
//	HTTP to a wildcard: its filter depends on age              TestDynamicDNSFilter (trace)
//	routes to a wildcard take the calls of hosts below it      TestFactWildcardCaptures
//	the settings of a port replace those above them            TestFactPortSettings; TestTwins (policy above the settings ...)
//	a Service that all see leaves in plain text for some       TestTwins (Service for every namespace)

// lookedUp is a wildcard whose names sidecars look up.
const lookedUp = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: wikipedia, namespace: payments}
spec:
  hosts: ["*.wikipedia.org"]
  location: MESH_EXTERNAL
  resolution: DYNAMIC_DNS
  ports: [{name: tls, number: 443, protocol: TLS}, {name: http, number: 80, protocol: HTTP}]
`

// concrete is a host below it.
const concrete = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: upload, namespace: payments}
spec:
  hosts: [upload.wikipedia.org]
  location: MESH_EXTERNAL
  resolution: STATIC
  endpoints: [{address: 198.51.100.7}]
  ports: [{name: tls, number: 443, protocol: TLS}, {name: http, number: 80, protocol: HTTP}]
`

// TestFactRouteToDynamicDNS: a VirtualService that routes TLS to a wildcard that is looked up breaks it: Istio leaves
// out the filter that finds the server name. So none is rendered for it.
func TestFactRouteToDynamicDNS(t *testing.T) {
	const http, https = "payments http://en.wikipedia.org", "payments https://en.wikipedia.org"
	works := map[string]string{http: "en.wikipedia.org:80", https: "en.wikipedia.org:443"}
	expectFates(t, lookedUp, works)
	expectFates(t, join(lookedUp, wildcardByHand), with(works, map[string]string{https: notLookedUp}))
}

// TestFactWildcardCaptures: a VirtualService for a wildcard takes the calls of every host below it that has none of its
// own, also those that a ServiceEntry of their own leads elsewhere.
func TestFactWildcardCaptures(t *testing.T) {
	served := replace(t, lookedUp, "DYNAMIC_DNS", "DNS\n  endpoints: [{address: www.wikipedia.org}]")
	const en, upload = "payments https://en.wikipedia.org", "payments https://upload.wikipedia.org"
	const httpUpload = "payments http://upload.wikipedia.org"
	apart := map[string]string{en: "www.wikipedia.org:443", upload: "198.51.100.7:443", httpUpload: "198.51.100.7:80"}
	expectFates(t, join(served, concrete), apart)
	captured := with(apart, map[string]string{upload: "www.wikipedia.org:443"})
	expectFates(t, join(served, concrete, wildcardByHand), captured)
	ownRoute := strings.NewReplacer("by-hand", "own", `"*.wikipedia.org"`, "upload.wikipedia.org").Replace(wildcardByHand)
	expectFates(t, join(served, concrete, wildcardByHand, ownRoute), apart)
	requests := strings.NewReplacer("tls:", "http:", `sniHosts: ["*.wikipedia.org"]`, "uri: {prefix: /}").Replace(wildcardByHand)
	requests = strings.ReplaceAll(requests, "443", "80")
	expectFates(t, join(served, concrete, requests), with(apart, map[string]string{httpUpload: "www.wikipedia.org:80"}))
}

// TestFactPortSettings: what a DestinationRule says of a port replaces what it says above, all of it, and is not added.
func TestFactPortSettings(t *testing.T) {
	const rule = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: upload, namespace: payments}
spec:
  host: upload.wikipedia.org
  trafficPolicy:
    connectionPool: {tcp: {maxConnections: 7, connectTimeout: 3s}}
    outlierDetection: {consecutive5xxErrors: 3}
    portLevelSettings:
    - port: {number: 80}
      connectionPool: {tcp: {maxConnections: 5}}
`
	m := mesh(t, join(concrete, rule))
	for call, want := range map[string]calls.Policy{
		"http://upload.wikipedia.org": {MaxConnections: 5},
		"https://upload.wikipedia.org": {
			MaxConnections: 7, ConnectTimeout: "3s",
			Consecutive5xxErrors: 3, Interval: "10s", BaseEjectionTime: "30s", MaxEjectionPercent: 10,
		},
	} {
		o := calls.Outcome{From: "payments", Call: call}
		got := o.Observe(m.Trace(o.TraceCall())).Policy
		if got == nil || *got != want {
			t.Errorf("%s: got %+v, want %+v", call, got, want)
		}
	}
}
