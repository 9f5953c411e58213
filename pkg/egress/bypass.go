// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

// A Bypass is traffic that skips the proxies of the clients, and with them
// everything that the mesh does. It takes effect when the Pods of the clients
// are annotated: see Output.Patches.
type Bypass struct {
	// CIDRs are IP addresses and ranges that are called without the proxy.
	CIDRs []string `json:"cidrs,omitempty"`
	// Ports are called without the proxy, on every host.
	Ports []int `json:"ports,omitempty"`
}

// A bypass is a Bypass as proxies take it, for one namespace.
type bypass struct {
	prefixes []string
	ports    []int
}

// bypassed plans what skips the proxies of the clients.
func (p *planner) bypassed() bypass {
	from := p.bundle.Bypass
	if from == nil {
		return bypass{}
	}
	if len(from.CIDRs)+len(from.Ports) == 0 {
		p.reportf(MissingField, pathBypass, "must have cidrs or ports, such as {cidrs: [10.0.0.0/8]}; remove it if nothing skips the proxies")
	}
	for i, port := range from.Ports {
		if slices.Contains(from.Ports[:i], port) {
			p.reportf(DuplicatePort, schema.Item(schema.Child(pathBypass, "ports"), i), "must stand only once in the list, got %d again", port)
		}
	}
	var b bypass
	b.ports = slices.Sorted(slices.Values(from.Ports))
	cidrs := schema.Child(pathBypass, "cidrs")
	for i, prefix := range p.prefixes(cidrs, from.CIDRs) {
		if strings.HasSuffix(prefix, "/0") {
			p.reportf(Bypassed, schema.Item(cidrs, i), "must not be every address, got %s: no destination could be reached through a proxy; list the ranges that are to skip it", prefix)
		}
		b.prefixes = append(b.prefixes, asRange(prefix))
	}
	slices.Sort(b.prefixes)
	return b
}

// asRange writes a single address as the range that annotations want.
func asRange(address string) string {
	if ip, err := netip.ParseAddr(address); err == nil {
		return netip.PrefixFrom(ip, ip.BitLen()).String()
	}
	return address
}

// covers reports whether connections to an address or a range skip the proxies.
func (b bypass) covers(address string) bool {
	called, err := netip.ParsePrefix(asRange(address))
	return err == nil && slices.ContainsFunc(b.prefixes, func(text string) bool {
		skipped, err := netip.ParsePrefix(text)
		return err == nil && skipped.Overlaps(called)
	})
}
