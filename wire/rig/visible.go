// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package rig

import (
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/conformance/calls"
)

// Beyond says why a mesh of this kind cannot carry a call, or nothing if it can.
func Beyond(o calls.Outcome) string {
	switch {
	case strings.Contains(o.Blocked, "NetworkPolicy"):
		return "nothing enforces NetworkPolicies"
	default:
		return ""
	}
}

// Visible returns the part of a promise that a call shows. What a single call does not
// show are the names that a certificate must carry, timeouts, retries and limits; and
// of several hosts to leave to, which of them are not chosen.
func Visible(want calls.Outcome, got Result) calls.Outcome {
	want.Timeout, want.Retries, want.Policy, want.Failover = "", nil, nil, nil
	if slices.Contains(strings.Fields(want.Leaves), got.Leaves) {
		want.Leaves = got.Leaves
	}
	if want.TLS != nil {
		tls := *want.TLS
		tls.Names = nil
		want.TLS = &tls
	}
	return want
}
