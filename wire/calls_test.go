// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/wire/rig"
)

// expect makes the calls until each is as promised, then all of them once more: what was
// blocked because nothing had arrived yet is not let through by now.
func expect(t *testing.T, outcomes []calls.Outcome) {
	t.Helper()
	for range 2 {
		for _, want := range outcomes {
			if rig.Beyond(want) == "" {
				settle(t, want)
			}
		}
	}
}

// settle makes a call until it is as promised, or fails.
func settle(t *testing.T, want calls.Outcome) {
	t.Helper()
	got, diff, err := mesh.Settle(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	if diff != "" {
		t.Errorf("%s from %s (-want +got):\n%s\n%s", want.Call, want.From, diff, strings.Join(got.Steps, "\n"))
	}
}
