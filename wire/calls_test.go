// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/wire/rig"
)

// settleTime is how long a call may take until it is as promised, after configuration
// was applied.
const settleTime = 10 * time.Second

// expect makes the calls until all are as promised at once.
func expect(t *testing.T, outcomes []calls.Outcome) {
	t.Helper()
	for _, want := range outcomes {
		if reason := rig.Beyond(want); reason != "" {
			continue
		}
		if diff, steps := settle(t.Context(), want); diff != "" {
			t.Errorf("%s from %s (-want +got):\n%s\n%s", want.Call, want.From, diff, strings.Join(steps, "\n"))
		}
	}
}

// settle makes a call until it is as promised, or time is up.
func settle(ctx context.Context, want calls.Outcome) (diff string, steps []string) {
	for end := time.Now().Add(settleTime); ; {
		got, err := mesh.Call(ctx, want, rig.Request{})
		if err != nil {
			return err.Error(), nil
		}
		diff := cmp.Diff(rig.Visible(want, got), got.Outcome)
		if diff == "" || time.Now().After(end) {
			return diff, got.Steps
		}
		time.Sleep(200 * time.Millisecond)
	}
}
