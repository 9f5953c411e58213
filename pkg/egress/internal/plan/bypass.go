// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/address"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// bypass plans what skips the proxies of the clients.
func (m *maker) bypass() *ir.Bypass {
	from := m.bundle.Bypass
	if from == nil {
		return nil
	}
	if len(from.CIDRs)+len(from.Ports) == 0 {
		m.Report(field.Bypass, emptyBypass())
	}
	seen := map[int]bool{}
	for i, port := range from.Ports {
		if seen[port] {
			m.Report(field.Bypass.Child("ports").Item(i), bypassPortTwice(port))
		}
		seen[port] = true
	}
	b := &ir.Bypass{Ports: slices.Sorted(slices.Values(from.Ports))}
	cidrs := field.Bypass.Child("cidrs")
	for i, prefix := range m.prefixes(cidrs, from.CIDRs) {
		if address.CoverEveryHost([]string{prefix}) {
			m.Report(cidrs.Item(i), bypassOfEverything(prefix))
		}
		b.Prefixes = append(b.Prefixes, address.AsRange(prefix))
	}
	slices.Sort(b.Prefixes)
	alone := func(prefix string) bool { return address.CoverEveryHost([]string{prefix}) }
	if address.CoverEveryHost(b.Prefixes) && !slices.ContainsFunc(b.Prefixes, alone) {
		m.Report(cidrs, bypassOfEverythingTogether())
	}
	return b
}
