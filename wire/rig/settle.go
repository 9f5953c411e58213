// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package rig

import (
	"context"
	"time"

	"github.com/egressbundle/egressbundle/conformance/calls"
)

const (
	// settleTime is how long configuration may take from the API server to a proxy.
	settleTime  = time.Minute
	settlePause = 50 * time.Millisecond
)

// Settle makes a call until it is as promised, or the time is up that configuration takes
// from the API server to the proxies. The difference is empty if the promise is kept.
func (m *Mesh) Settle(ctx context.Context, promised calls.Outcome) (r Result, diff string, err error) {
	return m.SettleTo(ctx, promised, func(r Result) string { return Diff(promised, r) })
}

// SettleTo makes a call until judge finds nothing wrong with it, or the time is up.
func (m *Mesh) SettleTo(ctx context.Context, o calls.Outcome, judge func(Result) string) (r Result, wrong string, err error) {
	for end := time.Now().Add(settleTime); ; {
		r, err = m.Call(ctx, o, Request{})
		if err != nil {
			return r, "", err
		}
		wrong = judge(r)
		if wrong == "" || time.Now().After(end) {
			return r, wrong, nil
		}
		time.Sleep(settlePause)
	}
}
