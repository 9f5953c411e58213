// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/conformance/golden"
	"github.com/egressbundle/egressbundle/wire/rig"
)

// TestGoldens: what calls.yaml promises happens on the wire.
func TestGoldens(t *testing.T) {
	all, err := golden.All("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range all {
		t.Run(strings.TrimPrefix(g.Dir, "../"), func(t *testing.T) {
			set := rig.Setting{Manifests: g.Rendered, Gateways: g.Gateways, OutboundTrafficPolicy: g.OutboundTrafficPolicy}
			if err := mesh.Set(t.Context(), set); err != nil {
				t.Fatal(err)
			}
			expect(t, g.Outcomes)
		})
	}
}
