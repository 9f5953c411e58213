// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

const wildcardPrefix = "*."

func isWildcard(name string) bool { return strings.HasPrefix(name, wildcardPrefix) }

// hasWildcard reports whether one of the hosts is a wildcard.
func (d Destination) hasWildcard() bool { return slices.ContainsFunc(d.Hosts, isWildcard) }

// hasTarget reports whether it is said where a wildcard leads.
func (d Destination) hasTarget() bool { return d.WildcardServer != "" || len(d.Endpoints) > 0 }

// hosts returns what sidecars know by name, sorted.
func (p *planner) hosts(name string, from Destination) []host {
	if from.Service != nil {
		return p.serviceHosts(name, from.Service)
	}
	var hosts []host
	for _, name := range slices.Sorted(slices.Values(from.Hosts)) {
		hosts = append(hosts, namedHost(name, from.WildcardServer))
	}
	return hosts
}

// namedHost returns a host that is called by its own name.
func namedHost(name, wildcardServer string) host {
	domain, wildcard := strings.CutPrefix(name, wildcardPrefix)
	switch {
	case !wildcard:
		return host{name, name, []string{name}}
	case wildcardServer == "":
		return host{name, name, []string{laneWildcard, domain}}
	default:
		return host{name, wildcardServer, []string{laneWildcard, domain}}
	}
}

func (h host) isWildcard() bool { return isWildcard(h.name) }

// domain returns the host without what makes it a wildcard.
func (h host) domain() string { return h.parts[len(h.parts)-1] }

// key returns what the host is sorted by.
func (h host) key() string { return h.name }

func names(hosts []host) []string {
	names := make([]string, len(hosts))
	for i, h := range hosts {
		names[i] = h.name
	}
	return names
}

// checkTCPHost reports whether a destination has one host, as TCP needs it.
func (p *planner) checkTCPHost(path string, from Destination) bool {
	if len(from.Hosts) == 1 && !from.hasWildcard() {
		return true
	}
	if len(from.Hosts) == 0 && from.Service == nil {
		return false // which is reported already
	}
	if from.Service != nil {
		p.reportf(AmbiguousAddress, schema.Child(path, "service"), "must be of `type: Endpoints` where a port has the pattern TCP, which is told by address alone; use that, or hosts with addresses")
		return false
	}
	p.reportf(AmbiguousAddress, schema.Child(path, "hosts"), "must be one host, and no wildcard, where a port has the pattern TCP, which is told by address alone; give each host a destination and addresses of its own")
	return false
}

// tcpHost returns the host of ports that are told by address. It has a made-up
// name: what else the host may be called for is no concern of a connection that
// is told by its address.
func tcpHost(d *destination, name string) host {
	return host{addressName(d, name), name, []string{name}}
}

// checkHosts refuses hosts of the cluster itself, whose traffic a ServiceEntry
// would take over, and those that stand twice.
func (p *planner) checkHosts(path string, from Destination) {
	if len(from.Hosts) == 0 && from.Service == nil {
		p.reportf(MissingField, schema.Child(path, "hosts"), "is missing; it must be a list of at least one host, such as [api.example.com], unless there is a service")
	}
	if from.WildcardServer != "" && !from.hasWildcard() {
		p.reportf(UnsupportedWildcard, schema.Child(path, "wildcardServer"), "must not be set where no host is a wildcard; remove it")
	}
	seen := map[string]bool{}
	for i, name := range from.Hosts {
		at := schema.Item(schema.Child(path, "hosts"), i)
		if seen[name] {
			p.reportf(DuplicateHost, at, "must stand only once in the list, got %q again", name)
		}
		seen[name] = true
		p.checkHost(at, name)
	}
	if from.WildcardServer != "" {
		p.checkHost(schema.Child(path, "wildcardServer"), from.WildcardServer)
	}
}

func (p *planner) checkHost(path, name string) {
	domain, wildcard := strings.CutPrefix(name, wildcardPrefix)
	if wildcard && strings.HasSuffix(".svc."+p.mesh.ClusterDomain, "."+domain) {
		p.reportf(HostInCluster, path, "must cover hosts outside the cluster only, got %q, which covers every Service", name)
	}
	if strings.HasSuffix(name, ".svc") || strings.HasSuffix(name, ".svc."+p.mesh.ClusterDomain) {
		p.reportf(HostInCluster, path, "must be a host outside the cluster, got %q, which is a Service; workloads reach it without a bundle", name)
	}
	p.checkReserved(path, name)
}

func (p *planner) checkReserved(path, name string) {
	if strings.HasSuffix(name, "."+laneDomain) {
		p.reportf(ReservedHost, path, "must not end in .%s, got %q: gateways know the traffic of bundles by such names", laneDomain, name)
	}
}

// prefixes returns addresses as Istio and Envoy compare them: without bits that
// no prefix holds.
func (p *planner) prefixes(path string, from []string) []string {
	var prefixes []string
	for i, text := range from {
		prefix := normalized(text)
		if slices.Contains(prefixes, prefix) {
			p.reportf(DuplicateAddress, schema.Item(path, i), "must stand only once in the list, got %s again", prefix)
		}
		prefixes = append(prefixes, prefix)
	}
	if len(from) > maxItems {
		p.reportf(InvalidValue, path, "must have at most %d addresses, got %d; that is what a ServiceEntry holds; use ranges", maxItems, len(from))
	}
	return prefixes
}

// normalized returns an IP address as it is, and a range without the bits that
// it does not cover: Envoy takes two ranges that differ in them for one.
func normalized(address string) string {
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

// checkTarget refuses where no host outside can be: a proxy that is led there
// would call itself.
func (p *planner) checkTarget(path, address string) {
	p.checkReserved(path, address)
	if ip, err := netip.ParseAddr(address); err == nil && !isOutside(ip) {
		p.reportf(InvalidValue, path, "must be the address of another host, got %s", address)
	}
}

// isOutside reports whether an address can be that of another host.
func isOutside(ip netip.Addr) bool {
	return !ip.IsLoopback() && !ip.IsUnspecified() && !ip.IsLinkLocalUnicast() && !ip.IsMulticast()
}

// checkCalled refuses addresses and ranges that mean every host, or none.
func (p *planner) checkCalled(path string, from []string) {
	for i, text := range from {
		prefix, err := netip.ParsePrefix(asRange(normalized(text)))
		if err == nil && (prefix.Bits() == 0 || prefix.Addr().Is4In6() || !isOutside(prefix.Addr())) {
			p.reportf(InvalidValue, schema.Item(path, i), "must be the address of another host, or a range of them that is not every address, got %s", text)
		}
	}
}

func isRange(address string) bool { return strings.Contains(address, "/") }

func isIP(address string) bool {
	_, err := netip.ParseAddr(address)
	return err == nil
}
