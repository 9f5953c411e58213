// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/address"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/facts"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/shard"
)

// hasWildcard reports whether one of the hosts is a wildcard.
func hasWildcard(d api.Destination) bool { return slices.ContainsFunc(d.Hosts, ir.IsWildcard) }

// hasTarget reports whether it is said where a wildcard leads.
func hasTarget(d api.Destination) bool { return d.WildcardServer != "" || len(d.Endpoints) > 0 }

// isLookedUp reports whether sidecars look hosts up as they are called, which
// leaves them no endpoints.
func (d destination) isLookedUp() bool {
	return d.from.Via == api.ViaSidecar && hasWildcard(d.from) && !hasTarget(d.from) && facts.HasDynamicDNS(d.mesh)
}

// hosts returns what sidecars know by name, sorted, and how they do.
func (d destination) hosts() ([]ir.Host, ir.Told) {
	if s := d.from.Service; s != nil {
		return d.serviceHosts(d.path.Child("service").Child("externalName"), s)
	}
	var hosts []ir.Host
	for i, name := range d.from.Hosts {
		outside := name
		if ir.IsWildcard(name) && d.from.WildcardServer != "" {
			outside = d.from.WildcardServer
		}
		hosts = append(hosts, ir.Host{Name: name, Outside: outside, Path: d.path.Child("hosts").Item(i)})
	}
	slices.SortStableFunc(hosts, func(a, b ir.Host) int { return strings.Compare(a.Name, b.Name) })
	// checkHosts reports those that stand twice.
	hosts = slices.CompactFunc(hosts, func(a, b ir.Host) bool { return a.Name == b.Name })
	return hosts, ir.ByName
}

// serviceHosts returns what sidecars know of a Service: the host itself, if the
// Service is an alias, and else the Service.
func (d destination) serviceHosts(path field.Path, s *api.Service) ([]ir.Host, ir.Told) {
	if !isService(d.from) {
		return []ir.Host{{Name: s.ExternalName, Outside: s.ExternalName, Path: path}}, ir.ByName
	}
	name := fmt.Sprintf("%s.%s.svc.%s", d.name, d.id.Namespace, d.mesh.ClusterDomain)
	return []ir.Host{{Name: name, Outside: s.ExternalName, Path: path}}, ir.ByService
}

// checkTCPHost reports whether the destination has one host, as TCP needs it.
func (d destination) checkTCPHost() bool {
	switch {
	case len(d.from.Hosts) == 1 && !hasWildcard(d.from):
		return true
	case d.from.Service != nil:
		d.Report(d.path.Child("service"), tcpOfAlias())
	case len(d.from.Hosts) > 0: // which checkHosts reports otherwise
		d.Report(d.path.Child("hosts"), tcpOfSeveral())
	}
	return false
}

// checkHosts refuses hosts of the cluster itself, whose traffic a ServiceEntry
// would take over, and those that stand twice.
func (d destination) checkHosts() {
	if len(d.from.Hosts) == 0 && d.from.Service == nil {
		d.Report(d.path.Child("hosts"), missingHosts())
	}
	if d.from.WildcardServer != "" && !hasWildcard(d.from) {
		d.Report(d.path.Child("wildcardServer"), wildcardServerWithoutWildcard())
	}
	seen := map[string]bool{}
	for i, name := range d.from.Hosts {
		at := d.path.Child("hosts").Item(i)
		if seen[name] {
			d.Report(at, hostTwice(name))
		}
		seen[name] = true
		d.checkHost(at, name)
	}
	if d.from.WildcardServer != "" {
		d.checkHost(d.path.Child("wildcardServer"), d.from.WildcardServer)
	}
}

func (m *maker) checkHost(path field.Path, name string) {
	services := ".svc." + m.mesh.ClusterDomain
	domain, wildcard := strings.CutPrefix(name, ir.WildcardPrefix)
	if wildcard && strings.HasSuffix(services, "."+domain) {
		m.Report(path, wildcardOverServices(name))
	}
	switch {
	case strings.HasSuffix(name, ".svc"), strings.HasSuffix(name, services):
		m.Report(path, hostIsService(name))
	case m.isShortName(name):
		m.Report(path, hostIsShortName(name))
	}
	m.checkReserved(path, name)
}

func (m *maker) checkReserved(path field.Path, name string) {
	if strings.HasSuffix(name, "."+ir.ReservedDomain) {
		m.Report(path, reservedHost(name))
	}
}

// addresses returns the addresses that applications call, sorted.
func (d destination) addresses() []ir.Address {
	path := d.path.Child("addresses")
	var addresses []ir.Address
	for i, text := range d.prefixes(path, d.from.Addresses) {
		addresses = append(addresses, ir.Address{Text: text, Path: path.Item(i)})
	}
	slices.SortStableFunc(addresses, func(a, b ir.Address) int { return strings.Compare(a.Text, b.Text) })
	return addresses
}

// checkRanges warns of ranges through a gateway that cannot mean one host.
func (d destination) checkRanges(addresses []ir.Address) {
	_, throughGateway := d.way.(ir.ThroughGateway)
	for _, a := range addresses {
		if throughGateway && len(d.from.Endpoints) == 0 && isOfSeveralHosts(a.Text) {
			d.Report(a.Path, rangeOfOneHost(a.Text, d.from.Hosts[0]))
		}
	}
}

// isOfSeveralHosts reports whether a range is larger than a network that one host may have its
// addresses in.
func isOfSeveralHosts(text string) bool {
	prefix, err := netip.ParsePrefix(text)
	return err == nil && (prefix.Addr().Is4() && prefix.Bits() < 24 || prefix.Addr().Is6() && prefix.Bits() < 64)
}

// prefixes returns addresses as Istio and Envoy compare them: without bits that
// no prefix holds.
func (m *maker) prefixes(path field.Path, from []string) []string {
	var prefixes []string
	seen := map[string]bool{}
	for i, text := range from {
		prefix := address.Normalize(text)
		if seen[prefix] {
			m.Report(path.Item(i), addressTwice(prefix))
		}
		seen[prefix] = true
		prefixes = append(prefixes, prefix)
	}
	if len(from) > shard.Size {
		m.Report(path, tooManyAddresses(len(from)))
	}
	return prefixes
}

// checkTarget refuses where no host outside can be: a proxy that is led there
// would call itself.
func (m *maker) checkTarget(path field.Path, target string) {
	m.checkReserved(path, target)
	switch ip, err := netip.ParseAddr(target); {
	case err != nil:
	case ip.IsLinkLocalUnicast():
		m.Report(path, addressOfNode(target))
	case !address.IsOutside(ip):
		m.Report(path, addressOfNoHost(target))
	}
}

// checkCalled refuses addresses and ranges that mean every host, or none.
func (m *maker) checkCalled(path field.Path, from []string) {
	for i, text := range from {
		switch prefix, err := netip.ParsePrefix(address.AsRange(address.Normalize(text))); {
		case err != nil:
		case prefix.Addr().IsLinkLocalUnicast():
			m.Report(path.Item(i), addressOfNode(text))
		case prefix.Bits() == 0 || prefix.Addr().Is4In6() || !address.IsOutside(prefix.Addr()):
			m.Report(path.Item(i), addressOfEveryHost(text))
		}
	}
}
