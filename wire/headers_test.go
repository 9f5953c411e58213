// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/conformance/calls"
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
				if diff, steps := settle(t.Context(), o); diff != "" {
					t.Fatalf("%s from %s: %s\n%s", o.Call, o.From, diff, strings.Join(steps, "\n"))
				}
				for name, sent := range map[string]http.Header{"bare": {}, "own headers": own} {
					got, err := mesh.Call(t.Context(), o, rig.Request{Header: sent})
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(sent, rig.Headers(got)); diff != "" {
						t.Errorf("%s from %s, %s (-sent +seen outside):\n%s", o.Call, o.From, name, diff)
					}
				}
			}
		})
	}
}

// requestsOf returns the calls whose requests the mesh reads, and lets out.
func requestsOf(outcomes []calls.Outcome) []calls.Outcome {
	var requests []calls.Outcome
	for _, o := range outcomes {
		if o.Host != "" && o.Blocked == "" {
			requests = append(requests, o)
		}
	}
	return requests
}
