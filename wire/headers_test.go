// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"maps"
	"net/http"
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
					if diff := cmp.Diff(withLeak(g, o, sent), seenHeaders(got)); diff != "" {
						t.Errorf("%s from %s, %s (-sent +seen outside):\n%s", o.Call, o.From, name, diff)
					}
				}
			}
		})
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

// withLeak adds what the configuration of a gateway does not keep back.
func withLeak(g golden.Golden, o calls.Outcome, sent http.Header) http.Header {
	name := lane
	loud := func(gateway cluster.Gateway) bool { return gateway.String() == o.Through && !gateway.QuietProxy }
	if called := strings.TrimPrefix(o.Call, "http://"); o.Through == calls.Sidecar {
		called, _, _ = strings.Cut(called, "/")
		// The route of an ExternalName replaces every name, also by the same.
		replaced := called != o.Host || strings.HasSuffix(g.Dir, "service_external_name")
		name, loud = called, func(cluster.Gateway) bool { return replaced && !g.QuietProxies }
	}
	if !slices.ContainsFunc(g.Gateways, loud) {
		return sent
	}
	seen := http.Header{}
	maps.Copy(seen, sent)
	seen.Set("X-Envoy-Original-Host", name)
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

// requestsOf returns the calls whose requests the mesh reads, and lets out. To an address
// of its choice an application sends what the mesh takes for bytes.
func requestsOf(outcomes []calls.Outcome) []calls.Outcome {
	var requests []calls.Outcome
	for _, o := range outcomes {
		if o.Host != "" && o.Blocked == "" && o.Address == "" {
			requests = append(requests, o)
		}
	}
	return requests
}
