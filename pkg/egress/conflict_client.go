// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"slices"
	"strconv"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

func (c *conflicts) addHosts(p *planner, d *destination) {
	if d.service.hasAddresses() {
		return // What is called is its own name.
	}
	for _, h := range d.hosts {
		addClaims(c.hosts, d, func(client string) hostClaim { return hostClaim{client, h.name} }, p.reportHost)
	}
}

// addClaims notes what a destination claims for each of its clients. It reports
// each destination that claimed it before once: one client stands for all.
func addClaims[C comparable](
	known map[C][]*destination, d *destination, claimOf func(client string) C, report func(claim C, first, d *destination) bool,
) {
	reported := map[*destination]bool{}
	for _, client := range d.clients {
		claim := claimOf(client)
		for _, first := range known[claim] {
			if !reported[first] {
				reported[first] = report(claim, first, d)
			}
		}
		known[claim] = append(known[claim], d)
	}
}

// reportHost looks at two destinations that give one client one host.
func (p *planner) reportHost(claim hostClaim, first, d *destination) (reported bool) {
	path := func() string { return p.hostPath(d, claim.host) }
	switch {
	case first == d:
		return false // The host stands twice in its list.
	case first.bundle == d.bundle:
		p.reportf(DuplicateHost, path(), "must stand in one destination only, got %q again: workloads of %s reach it as destination %q; put the ports of a host into one destination", claim.host, claim.client, first.name)
	case differInIdentity(claim.client, first, d):
		p.reportf(HostConflict, path(), "must be for the same service accounts of %s, got %q, which is for others in %s: sidecars of one namespace send all calls to a host one way; agree on the service accounts", claim.client, claim.host, first)
	case contradict(first, d):
		p.reportf(HostConflict, path(), "must be reached in one way, got %q, which workloads of %s reach in another way as %s; agree on one way, or on different clients", claim.host, claim.client, first)
	default:
		return false
	}
	return true
}

// addAddresses looks at TCP, which is told by address alone. Ranges that hold
// one another are no conflict: the smaller one wins.
func (c *conflicts) addAddresses(p *planner, d *destination) {
	for _, address := range d.addresses {
		for _, r := range d.routes {
			addClaims(c.addresses, d, func(client string) addressClaim { return addressClaim{client, address, r.port} }, p.reportAddress)
		}
	}
}

// reportAddress looks at two destinations that give one client one address.
func (p *planner) reportAddress(claim addressClaim, first, d *destination) (reported bool) {
	path := p.addressPath(d, claim.address)
	switch {
	case first == d:
		return false // The address stands twice in its list.
	case first.bundle == d.bundle:
		p.reportf(DuplicateAddress, path, "must not be %s, which workloads of %s reach on port %d as destination %q; an address and a port belong to one destination", claim.address, claim.client, claim.port, first.name)
	case first.hosts[0].outside != d.hosts[0].outside || contradict(first, d) || differInIdentity(claim.client, first, d):
		p.reportf(AddressConflict, path, "must not be %s, which workloads of %s reach on port %d in another way as %s; agree on one way, or on different clients", claim.address, claim.client, claim.port, first)
	default:
		return false
	}
	return true
}

// addBypassed looks for destinations that their clients would not reach through
// the proxy: another bundle may say for the same clients what skips it.
func (c *conflicts) addBypassed(p *planner, d *destination) {
	reported := map[string]bool{}
	report := func(path, what, client string, by *planner) {
		if !reported[path] { // One client stands for all.
			reported[path] = true
			p.reportf(Bypassed, path, "must not be %s, which workloads of %s call without the proxy: %s says so in %s; remove it there or here", what, client, by.located(), pathBypass)
		}
	}
	for _, client := range d.clients {
		for _, by := range c.bypasses[client] {
			for _, r := range d.routes {
				if slices.Contains(by.bypass.ports, r.port) {
					report(p.portPath(d, r.port), strconv.Itoa(r.port), client, by)
				}
			}
			for _, address := range d.addresses {
				if by.bypass.covers(address) {
					report(p.addressPath(d, address), address, client, by)
				}
			}
		}
	}
}

// addCovered looks for hosts below a wildcard of which one has a route and the
// other has none. Istio gives the route of one to both, so whoever has none would
// follow that of the other, or be blocked by it.
func (c *conflicts) addCovered(p *planner, d *destination) {
	for _, h := range d.hosts {
		for _, client := range d.clients {
			if wildcard := c.covering(client, h.name, d); wildcard != nil {
				p.reportf(HostConflict, p.hostPath(d, h.name), "must be reached like the wildcard above it, got %q: workloads of %s reach what is below its domain in another way, as %s, and sidecars cannot tell the two apart; choose the same `via` and forwardProxy for both, and a trafficPolicy for both or none", h.name, client, wildcard)
				break
			}
		}
	}
}

// covering returns the destination whose wildcard covers a host of another, and
// whose route or rule that host would follow, or the other way round. It returns
// nil if there is none.
func (c *conflicts) covering(client, name string, d *destination) *destination {
	_, domain, found := strings.Cut(strings.TrimPrefix(name, wildcardPrefix), ".")
	for ; found; _, domain, found = strings.Cut(domain, ".") {
		for _, wildcard := range c.hosts[hostClaim{client, wildcardPrefix + domain}] {
			if wildcard.isRouted() != d.isRouted() && wildcard.sharesTLS(d) || wildcard.rules(d) {
				return wildcard
			}
		}
	}
	return nil
}

// isRouted reports whether a VirtualService leads the TLS of the destination.
func (d *destination) isRouted() bool { return d.gateway != nil || d.proxy != nil }

// rules reports whether the DestinationRule of a wildcard applies to hosts of
// another destination at the sidecar, which has none of its own.
func (d *destination) rules(other *destination) bool {
	atSidecar := d.gateway == nil && other.gateway == nil
	return atSidecar && d.policy != nil && other.policy == nil
}

func (d *destination) sharesTLS(other *destination) bool {
	return slices.ContainsFunc(d.routes, func(r route) bool {
		o := routeAt(other.routes, r.port)
		return r.protocol == protocolTLS && o != nil && o.protocol == protocolTLS
	})
}

// hostPath leads to where a destination says that it has a host.
func (p *planner) hostPath(d *destination, name string) string {
	from := p.bundle.Destinations[d.name]
	path := schema.Child(pathDestinations, d.name)
	if from.Service != nil {
		return schema.Child(schema.Child(path, "service"), "externalName")
	}
	return schema.Item(schema.Child(path, "hosts"), slices.Index(from.Hosts, name))
}

// portPath leads to where a destination says that it has a port.
func (p *planner) portPath(d *destination, number int) string {
	path := schema.Child(schema.Child(pathDestinations, d.name), "ports")
	i := slices.IndexFunc(p.bundle.Destinations[d.name].Ports, func(port Port) bool { return port.Number == number })
	if i < 0 {
		return path // It is the port that every destination has by default.
	}
	return schema.Child(schema.Item(path, i), "port")
}

// addressPath leads to an address of TCP.
func (p *planner) addressPath(d *destination, address string) string {
	path := schema.Child(schema.Child(pathDestinations, d.name), "addresses")
	return schema.Item(path, slices.IndexFunc(p.bundle.Destinations[d.name].Addresses, func(text string) bool {
		return normalized(text) == address
	}))
}

func (c *conflicts) addNamed(d *destination) {
	if len(d.addresses) > 0 || d.service.hasAddresses() {
		return
	}
	for _, client := range d.clients {
		for _, r := range d.routes {
			if at := (portOfClient{client, r.port}); c.named[at] == nil {
				c.named[at] = d
			}
		}
	}
}

// addShadowing looks for ranges of TCP on a port where other destinations are
// told by name. Envoy looks at the address first, and no plan can know what a
// host resolves to.
func (c *conflicts) addShadowing(p *planner, d *destination) {
	for _, address := range d.addresses {
		for _, r := range d.routes {
			i := slices.IndexFunc(d.clients, func(client string) bool { return c.named[portOfClient{client, r.port}] != nil })
			if i >= 0 && isRange(address) {
				other := c.named[portOfClient{d.clients[i], r.port}]
				p.warnf(AddressBeforeName, p.addressPath(d, address), "takes every connection of workloads of %s to port %d in %s, also to hosts of %s that resolve into it: an address comes before a name; list single addresses if they can", d.clients[i], r.port, address, other)
			}
		}
	}
}

// differInIdentity reports whether two destinations that share a port are for
// different identities of one client.
func differInIdentity(client string, a, b *destination) bool {
	shared := func(r route) bool { return routeAt(b.routes, r.port) != nil }
	return !slices.Equal(a.accounts[client], b.accounts[client]) && slices.ContainsFunc(a.routes, shared)
}
