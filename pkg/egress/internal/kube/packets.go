// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"net/netip"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/address"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// LetsPass reports whether the NetworkPolicies of a bundle let packets of a client leave to a
// port of an address outside. An address that is not valid is one that nobody knows, which
// passes where any does.
func LetsPass(p *ir.Plan, client string, to netip.Addr, port int) bool {
	if p.Bypass != nil && slices.ContainsFunc(p.Bypass.Prefixes, func(prefix string) bool { return address.Contains(prefix, to) }) {
		return true
	}
	return slices.ContainsFunc(leavingsOf(p, p.FromSidecarsOf(client)), func(l leaving) bool {
		return l.namespace == "" && l.port == port && (l.address == "" || address.Contains(l.address, to))
	})
}
