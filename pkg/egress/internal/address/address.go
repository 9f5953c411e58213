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

// everyHost are the addresses that hosts have, by family: all but those that the Internet does
// not route to one host. https://www.iana.org/assignments/ipv6-unicast-address-assignments
var everyHost = []struct{ first, last netip.Addr }{
	{netip.MustParseAddr("1.0.0.0"), netip.MustParseAddr("223.255.255.255")},
	{netip.MustParseAddr("2000::"), netip.MustParseAddr("3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")},
}

// CoverEveryHost reports whether ranges, together, leave no address of a family that a host
// outside can have.
func CoverEveryHost(ranges []string) bool {
	var prefixes []netip.Prefix
	for _, text := range ranges {
		if prefix, err := netip.ParsePrefix(AsRange(text)); err == nil {
			prefixes = append(prefixes, prefix.Masked())
		}
	}
	slices.SortFunc(prefixes, netip.Prefix.Compare)
	for _, family := range everyHost {
		next := family.first
		for _, p := range prefixes {
			if end := last(p); p.Addr().BitLen() == next.BitLen() && !next.Less(p.Addr()) && !end.Less(next) {
				next = end.Next()
			}
			if !next.IsValid() || family.last.Less(next) {
				return true
			}
		}
	}
	return false
}

// last returns the last address of a range.
func last(p netip.Prefix) netip.Addr {
	bytes := p.Addr().AsSlice()
	for bit := p.Bits(); bit < len(bytes)*8; bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	end, _ := netip.AddrFromSlice(bytes)
	return end
}

// IsRange reports whether an address is a range of them.
func IsRange(address string) bool { return strings.Contains(address, "/") }

// IsIP reports whether text is a single IP address.
func IsIP(address string) bool {
	_, err := netip.ParseAddr(address)
	return err == nil
}

// Contains reports whether an address is another, or lies in a range.
func Contains(text string, ip netip.Addr) bool {
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return prefix.Contains(ip)
	}
	single, err := netip.ParseAddr(text)
	return err == nil && single == ip
}
