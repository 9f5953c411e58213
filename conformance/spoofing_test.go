// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"testing"

	"github.com/egressbundle/egressbundle/conformance/around"
	"github.com/egressbundle/egressbundle/conformance/calls"
)

// TestSpoofing: a caller who may use one destination gets no further with its SNI and the host of another, and none with
// the SNI of the other.
func TestSpoofing(t *testing.T) {
	g := goldensByName(t)["tls_passthrough/service_accounts"]
	for _, lane := range around.Lanes() {
		spoof := g
		spoof.Outcomes = []calls.Outcome{{Call: around.LaneCall, From: "payments/checkout"}}
		for _, got := range observe(t, spoof, join(g.Rendered, lane.Manifests())) {
			if got.Blocked != lane.Blocked {
				t.Errorf("%s: got %+v, want %q", lane.Name, got, lane.Blocked)
			}
		}
	}
}
