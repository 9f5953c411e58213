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
			settle(t, want)
		}
	}
}

// settle makes a call until it is as promised, or fails.
func settle(t *testing.T, want calls.Outcome) {
	t.Helper()
	settleTo(t, want, func(r rig.Result) string { return rig.Diff(want, r) })
}

// settleTo makes a call until judge finds nothing wrong with what becomes of it, or fails.
func settleTo(t *testing.T, o calls.Outcome, judge func(rig.Result) string) {
	t.Helper()
	r, wrong, err := mesh.SettleTo(t.Context(), o, judge)
	if err != nil {
		t.Fatal(err)
	}
	note(t, r)
	if wrong != "" {
		t.Errorf("%s from %s: %s\n%s", o.Call, o.From, wrong, strings.Join(r.Steps, "\n"))
	}
}

// call makes a call once.
func call(t *testing.T, o calls.Outcome, extra rig.Request) rig.Result {
	t.Helper()
	r, err := mesh.Call(t.Context(), o, extra)
	if err != nil {
		t.Fatal(err)
	}
	note(t, r)
	return r
}
