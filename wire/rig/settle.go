// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package rig

import (
	"context"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/conformance/calls"
)

const (
	// settleTime is how long configuration may take from the API server to a proxy.
	settleTime  = 20 * time.Second
	settlePause = 200 * time.Millisecond
)

// Settle makes a call until it is as promised, or the time is up that configuration takes
// from the API server to the proxies. The difference is empty if the promise is kept.
func (m *Mesh) Settle(ctx context.Context, promised calls.Outcome) (r Result, diff string, err error) {
	for end := time.Now().Add(settleTime); ; {
		r, err = m.Call(ctx, promised, Request{})
		if err != nil {
			return r, "", err
		}
		diff = cmp.Diff(Visible(promised, r), r.Outcome)
		if diff == "" || time.Now().After(end) {
			return r, diff, nil
		}
		time.Sleep(settlePause)
	}
}
