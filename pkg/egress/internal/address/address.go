// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package address compares IP addresses and ranges of them as Istio and Envoy do.
package address

import (
	"net/netip"
	"slices"
	"strings"
)

// Normalize returns an IP address as it is, and a range without the bits that
// it does not cover: Envoy takes two ranges that differ in them for one.
func Normalize(address string) string {
	if prefix, err := netip.ParsePrefix(address); err == nil {
		if prefix = prefix.Masked(); !prefix.IsSingleIP() {
			return prefix.String()
		}
		return prefix.Addr().String()
	}
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	return ip.Unmap().String()
}

// Set returns addresses in an order of their own, each once.
func Set(from []string) []string {
	var set []string
	for _, address := range from {
		set = append(set, Normalize(address))
	}
	slices.Sort(set)
	return slices.Compact(set)
}

// AsRange writes a single address as the range that holds it alone.
func AsRange(address string) string {
	if ip, err := netip.ParseAddr(address); err == nil {
		return netip.PrefixFrom(ip, ip.BitLen()).String()
	}
	return address
}

// IsOutside reports whether an address can be that of another host.
func IsOutside(ip netip.Addr) bool {
	return !ip.IsLoopback() && !ip.IsUnspecified() && !ip.IsLinkLocalUnicast() && !ip.IsMulticast()
}

// IsRange reports whether an address is a range of them.
func IsRange(address string) bool { return strings.Contains(address, "/") }

// IsIP reports whether text is a single IP address.
func IsIP(address string) bool {
	_, err := netip.ParseAddr(address)
	return err == nil
}
