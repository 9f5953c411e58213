// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/wire/rig"
)

// TestWeights: of two endpoints the one with nearly all of the weight gets nearly all of the
// calls. Without weights that of 20 calls 3 at most go to one of two happens once in 775 times.
func TestWeights(t *testing.T) {
	g := named(t, "testdata/render/http/weights")
	g.Rendered = strings.NewReplacer("weight: 90", "weight: 1000", "weight: 10\n", "weight: 1\n").Replace(g.Rendered)
	set(t, g)
	foo := g.Outcomes[0]
	settle(t, foo)
	rare := 0
	for range 20 {
		if got := call(t, foo, rig.Request{}); got.Leaves != "old.example.com:80" {
			rare++
		}
	}
	if rare > 3 {
		t.Errorf("%d of 20 calls go to the endpoint with one of 1001 parts of the weight", rare)
	}
}
