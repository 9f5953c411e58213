// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package rig

import (
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/conformance/calls"
)

// Diff returns what a call shows that is not as promised, and nothing if all is.
func Diff(promised calls.Outcome, got Result) string {
	return cmp.Diff(visible(promised, got), got.Outcome)
}

// visible returns the part of a promise that a call shows. What a single call does not
// show are the names that a certificate must carry and what is revoked, timeouts, retries and limits; what
// becomes of some such calls only; and of several hosts to leave to, which of them are not chosen. A packet that is dropped
// does not say which NetworkPolicies are not for it.
func visible(want calls.Outcome, got Result) calls.Outcome {
	want.Timeout, want.Retries, want.Policy, want.Failover, want.Weights, want.Fault = "", nil, nil, nil, nil, ""
	if direction, _, ok := strings.Cut(want.Blocked, droppedBy); ok {
		want.Blocked = direction + droppedBy
	}
	if slices.Contains(strings.Fields(want.Leaves), got.Leaves) {
		want.Leaves = got.Leaves
	}
	if want.TLS != nil {
		tls := *want.TLS
		tls.Names, tls.CRL = nil, ""
		want.TLS = &tls
	}
	return want
}
