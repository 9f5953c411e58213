// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/conformance/golden"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/wire/rig"
)

// own are headers that an application may set by itself.
var own = http.Header{
	"Accept":        {"application/json"},
	"Authorization": {"Bearer token"},
	"Baggage":       {"user=1"},
	"Traceparent":   {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
	"User-Agent":    {"application/1.0"},
	"Via":           {"1.1 cache"},
	"X-Api-Key":     {"key"},
	"X-B3-Traceid":  {"463ac35c9f6413ad48485a3953bb6124"},
}

// TestHeaders: of every request that the mesh reads, the server outside sees the headers
// that the application sent, and no others.
func TestHeaders(t *testing.T) {
	for _, g := range goldens(t) {
		requests := requestsOf(g.Outcomes)
		if len(requests) == 0 {
			continue
		}
		t.Run(g.Dir, func(t *testing.T) {
			set(t, g)
			for _, o := range requests {
				settle(t, o)
				for name, sent := range map[string]http.Header{"bare": {}, "own headers": ownHeaders(g, o)} {
					got := call(t, o, rig.Request{Header: sent})
					if diff := cmp.Diff(withLeak(g, o, withChanges(o, sent)), seenHeaders(got)); diff != "" {
						t.Errorf("%s from %s, %s (-sent +seen outside):\n%s", o.Call, o.From, name, diff)
					}
				}
			}
		})
	}
}

// ofProxies are headers that proxies read or write, and do not let out, also if the application set them. Most of them are
// removed by Envoy itself.
var ofProxies = []string{
	"X-Envoy-Attempt-Count", "X-Envoy-Decorator-Operation", "X-Envoy-Expected-Rq-Timeout-Ms", "X-Envoy-Force-Trace",
	"X-Envoy-Hedge-On-Per-Try-Timeout", "X-Envoy-Internal", "X-Envoy-Ip-Tags", "X-Envoy-Max-Retries", "X-Envoy-Original-Url",
	"X-Envoy-Peer-Metadata", "X-Envoy-Peer-Metadata-Id", "X-Envoy-Retriable-Header-Names", "X-Envoy-Retriable-Status-Codes",
	"X-Envoy-Retry-Grpc-On", "X-Envoy-Retry-On", "X-Envoy-Upstream-Alt-Stat-Name", "X-Envoy-Upstream-Rq-Per-Try-Timeout-Ms",
	"X-Envoy-Upstream-Rq-Timeout-Ms", "X-Envoy-Upstream-Stream-Duration-Ms", "X-Forwarded-Client-Cert", "X-Forwarded-Proto",
}

// ofGateways are the same on the way through a gateway, which takes the sidecar for somebody outside.
var ofGateways = []string{
	"X-Envoy-Downstream-Service-Cluster", "X-Envoy-Downstream-Service-Node", "X-Envoy-External-Address", "X-Envoy-Original-Host",
	"X-Envoy-Original-Path", "X-Forwarded-For",
}

// ofOthers look like those, and are no business of the proxies.
var ofOthers = []string{
	"Forwarded", "X-Client-Trace-Id", "X-Envoy-Of-Nobody", "X-Forwarded-Host", "X-Forwarded-Port", "X-Real-Ip",
}

// TestHeadersOfProxies: the headers that an application cannot send are those of the lists. All others get out, also those
// that begin like them.
func TestHeadersOfProxies(t *testing.T) {
	g := named(t, "testdata/render/http/proxy_headers")
	set(t, g)
	for _, o := range requestsOf(g.Outcomes) {
		settle(t, o)
		sent := headersOf(slices.Concat(ofProxies, ofGateways, ofOthers))
		want := headersOf(ofOthers)
		if o.Through == calls.Sidecar {
			want = headersOf(slices.Concat(ofGateways, ofOthers))
		}
		got := call(t, o, rig.Request{Header: sent})
		if diff := cmp.Diff(withLeak(g, o, want), seenHeaders(got)); diff != "" {
			t.Errorf("%s from %s (-want +seen outside):\n%s", o.Call, o.From, diff)
		}
	}
}

// headersOf returns headers with a value that would do for each: to some it is a time in milliseconds.
func headersOf(names []string) http.Header {
	header := http.Header{}
	for _, name := range names {
		header.Set(name, "3000")
	}
	return header
}

// TestHeadersOfTunnels: a forward proxy is told by gateways and sidecars which host is wanted, and nothing else.
func TestHeadersOfTunnels(t *testing.T) {
	g := named(t, "examples/forward-proxy")
	set(t, g)
	for _, o := range g.Outcomes {
		if o.Connect == "" {
			continue
		}
		settle(t, o)
		for _, seen := range call(t, o, rig.Request{}).Seen {
			if len(seen.ConnectHeader) > 0 {
				t.Errorf("%s from %s: CONNECT %s has %v", o.Call, o.From, seen.Connect, seen.ConnectHeader)
			}
		}
	}
}

// TestHeaderWarnings: what TestHeaders cannot keep back is said in a warning, and nothing
// else is.
func TestHeaderWarnings(t *testing.T) {
	for _, g := range goldens(t) {
		output, err := g.Found.Render()
		if err != nil {
			t.Fatal(err)
		}
		leaks := func(o calls.Outcome) bool { return len(withLeak(g, o, nil)) > 0 }
		warns := func(d diag.Diagnostic) bool { return d.Code == diag.ProxyHeaders }
		if got, want := slices.ContainsFunc(output.Warnings, warns), slices.ContainsFunc(requestsOf(g.Outcomes), leaks); got != want {
			t.Errorf("%s: a warning: %v, a header that leaves: %v", g.Dir, got, want)
		}
	}
}

// ownHeaders are what an application sends. Its own request id gets out where no proxy on
// the way makes one.
func ownHeaders(g golden.Golden, o calls.Outcome) http.Header {
	header := own.Clone()
	if g.QuietProxies && len(withLeak(g, o, nil)) == 0 {
		header.Set("X-Request-ID", "my own")
	}
	return header
}

// withChanges adds what the bundle sets.
func withChanges(o calls.Outcome, sent http.Header) http.Header {
	changed := sent.Clone()
	for name, value := range o.Headers {
		changed.Set(name, value)
	}
	return changed
}

// withLeak adds what the configuration of a gateway does not keep back.
func withLeak(g golden.Golden, o calls.Outcome, sent http.Header) http.Header {
	name := lane
	loud := func(gateway cluster.Gateway) bool { return gateway.String() == o.Through && !gateway.QuietProxy }
	if called := strings.TrimPrefix(o.Call, "http://"); o.Through == calls.Sidecar {
		called, _, _ = strings.Cut(called, "/")
		// The route of an ExternalName replaces every name, also by the same.
		replaced := called != o.Host || strings.HasSuffix(g.Dir, "service_external_name")
		name, loud = "", func(cluster.Gateway) bool { return (replaced || o.Path != "") && !g.QuietProxies }
		if replaced {
			name = called
		}
	}
	if !slices.ContainsFunc(g.Gateways, loud) {
		return sent
	}
	seen := http.Header{}
	maps.Copy(seen, sent)
	if name != "" {
		seen.Set("X-Envoy-Original-Host", name)
	}
	if o.Path != "" {
		called, _ := url.Parse(o.Call)
		seen.Set("X-Envoy-Original-Path", called.RequestURI())
	}
	return seen
}

// seenHeaders are what the server outside saw.
func seenHeaders(r rig.Result) http.Header {
	header := rig.Headers(r)
	if strings.HasSuffix(header.Get("X-Envoy-Original-Host"), ".egress") {
		header.Set("X-Envoy-Original-Host", lane)
	}
	return header
}

// lane stands for the name of any lane.
const lane = "(a lane)"

// requestsOf returns the calls whose requests the mesh reads, and lets out, but for those of
// which calls.yaml says each header. To an address
// of its choice an application sends what the mesh takes for bytes.
func requestsOf(outcomes []calls.Outcome) []calls.Outcome {
	var requests []calls.Outcome
	for _, o := range outcomes {
		if o.Host != "" && o.Blocked == "" && o.Address == "" && len(o.Sends) == 0 {
			requests = append(requests, o)
		}
	}
	return requests
}
