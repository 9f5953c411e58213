// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conflict

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/address"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// A hostOfClient is a host as the workloads of one namespace reach it: one port of it, or
// whatever port it is if that is 0. With a bundle it is what that bundle says of it.
type hostOfClient struct {
	client, host string
	port         int
	by           ir.BundleID
}

// An addressOfClient is one port of one address or range as the workloads of one
// namespace reach it. With a bundle it is what that bundle says of it.
type addressOfClient struct {
	client, address string
	port            int
	by              ir.BundleID
}

// A portOfClient is a port that the workloads of one namespace call.
type portOfClient struct {
	client string
	port   int
}

// A serviceName is the name of a Service.
type serviceName struct{ namespace, name string }

// claimAll notes what a destination claims for each of its clients, and compares it with
// whoever claimed that first, until something is reported: one client and one other
// destination stand for all, so that n destinations have n errors at most. Whoever agrees with
// the first agrees with all that do.
func claimAll[C comparable](
	known map[C]*destination, d *destination, claimsOf func(client string) []C, report func(claim C, first *destination) bool,
) {
	for _, client := range d.Clients.Namespaces {
		for _, claim := range claimsOf(client) {
			if first := known[claim]; first == nil {
				known[claim] = d
			} else if report(claim, first) {
				return
			}
		}
	}
}

// claimHosts looks at destinations that give one client one host by its name.
func (c *claims) claimHosts(d *destination) {
	if d.Told != ir.ByName {
		return
	}
	for _, h := range d.Hosts {
		claimsOf := func(client string) []hostOfClient {
			all := []hostOfClient{{client: client, host: h.Name, by: d.Bundle}, {client: client, host: h.Name}}
			for _, r := range d.Routes {
				all = append(all, hostOfClient{client: client, host: h.Name, port: r.Port})
			}
			return all
		}
		claimAll(c.hosts, d, claimsOf, func(claim hostOfClient, first *destination) bool {
			return d.reportHost(h, claim.client, first)
		})
	}
}

func (d *destination) reportHost(h ir.Host, client string, first *destination) (reported bool) {
	switch {
	case first.Destination == d.Destination:
		return false // The host stands twice in its list.
	case first.Bundle == d.Bundle:
		d.bundle.Report(h.Path, hostInTwoDestinations(h.Name, client, first.Name))
	case differInIdentity(client, first, d):
		d.bundle.Report(h.Path, hostForOthers(client, h.Name, first))
	case contradict(first, d):
		d.bundle.Report(h.Path, hostInTwoWays(h.Name, client, first))
	default:
		return false
	}
	return true
}

// claimLookups looks at bundles that have TCP by the name of one host. Istiod allocates an address to
// the host for each of them, sidecars answer DNS with all, and of each know the ports of its bundle.
func (c *claims) claimLookups(d *destination) {
	if !d.Allocated {
		return
	}
	for _, h := range d.Hosts {
		claimsOf := func(client string) []hostOfClient { return []hostOfClient{{client: client, host: h.Name}} }
		claimAll(c.lookups, d, claimsOf, func(claim hostOfClient, first *destination) bool {
			if first.Bundle == d.Bundle || slices.Equal(connectionPorts(first), connectionPorts(d)) {
				return false
			}
			d.bundle.Report(h.Path, hostOfOtherPorts(h.Name, claim.client, first))
			return true
		})
	}
}

// connectionPorts are those at which sidecars look for the address of a host.
func connectionPorts(d *destination) []int {
	var ports []int
	for _, r := range d.Routes {
		if !r.IsHTTP() {
			ports = append(ports, r.Port)
		}
	}
	return ports
}

// claimAddresses looks at TCP, which is told by address alone. Ranges that hold
// one another are no conflict: the smaller one wins.
func (c *claims) claimAddresses(d *destination) {
	for _, a := range d.Addresses {
		for _, r := range d.Routes {
			claimsOf := func(client string) []addressOfClient {
				claim := addressOfClient{client: client, address: a.Text, port: r.Port}
				own := claim
				own.by = d.Bundle
				return []addressOfClient{own, claim}
			}
			claimAll(c.addresses, d, claimsOf, func(claim addressOfClient, first *destination) bool {
				return d.reportAddress(a, claim, first)
			})
		}
	}
}

func (d *destination) reportAddress(a ir.Address, claim addressOfClient, first *destination) (reported bool) {
	switch {
	case first.Destination == d.Destination:
		return false // The address stands twice in its list.
	case first.Bundle == d.Bundle:
		d.bundle.Report(a.Path, addressInTwoDestinations(claim, first.Name))
	case first.Hosts[0].Outside != d.Hosts[0].Outside || contradict(first, d) || differInIdentity(claim.client, first, d):
		d.bundle.Report(a.Path, addressInTwoWays(claim, first))
	default:
		return false
	}
	return true
}

// claimService looks for two bundles of one namespace that make one Service.
func (c *claims) claimService(d *destination) {
	if d.Onward.Service == nil {
		return
	}
	name := serviceName{namespace: d.Bundle.Namespace, name: d.Name}
	if first := c.services[name]; first != nil && first != d.bundle {
		d.bundle.Report(d.Path.Child("service"), serviceTwice(first, d.Name))
		return
	}
	c.services[name] = d.bundle
}

// claimPorts notes the ports on which the destination is told by name.
func (c *claims) claimPorts(d *destination) {
	if d.Told != ir.ByName {
		return
	}
	for _, client := range d.Clients.Namespaces {
		for _, r := range d.Routes {
			if d.Allocated && !r.IsHTTP() {
				continue // No range has its address.
			}
			if at := (portOfClient{client: client, port: r.Port}); c.named[at] == nil {
				c.named[at] = d
			}
		}
	}
}

// contradict reports whether workloads cannot follow both of two destinations
// that share a host. They can if every port that both have is reached alike.
func contradict(a, b *destination) bool {
	sameWay := a.IsReachedLike(b.Destination)
	if isFromSidecar(a.Way) || isFromSidecar(b.Way) {
		// The ServiceEntries of a host must agree on its resolution, and of
		// two DestinationRules for it Istio takes one.
		return !sameWay || !slices.EqualFunc(a.Routes, b.Routes, ir.Route.Equal)
	}
	return slices.ContainsFunc(a.Routes, func(r ir.Route) bool {
		other := b.RouteAt(r.Port)
		return other != nil && (!sameWay || !r.Equal(*other) || r.IsHTTP() && !sameAddresses(a, b))
	})
}

// sameAddresses reports whether the same address stands for the host in requests to both.
func sameAddresses(a, b *destination) bool {
	return slices.EqualFunc(a.Addresses, b.Addresses, func(a, b ir.Address) bool { return a.Text == b.Text })
}

func isFromSidecar(way ir.Way) bool {
	_, ok := way.(ir.FromSidecar)
	return ok
}

// differInIdentity reports whether two destinations that share a port are for
// different identities of one client.
func differInIdentity(client string, a, b *destination) bool {
	shared := func(r ir.Route) bool { return b.HasPort(r.Port) }
	return !slices.Equal(a.Clients.Accounts[client], b.Clients.Accounts[client]) && a.Has(shared)
}

// claimBypass notes what skips the proxies of the clients.
func (c *claims) claimBypass(b *bundle) {
	if b.Bypass == nil {
		return
	}
	for _, client := range b.Clients.Namespaces {
		if len(b.Bypass.Prefixes) > 0 {
			c.bypasses[client] = append(c.bypasses[client], b)
		}
		for _, port := range b.Bypass.Ports {
			if at := (portOfClient{client: client, port: port}); c.skipped[at] == nil {
				c.skipped[at] = b
			}
		}
	}
}

// reportBypassed looks for destinations that their clients would not reach through
// the proxy: another bundle may say for the same clients what skips it.
func (c *claims) reportBypassed(d *destination) {
	reported := map[field.Path]bool{}
	report := func(path field.Path, found diagnose.Finding) {
		if !reported[path] { // One client stands for all.
			reported[path] = true
			d.bundle.Report(path, found)
		}
	}
	for _, client := range d.Clients.Namespaces {
		for _, r := range d.Routes {
			if by := c.skipped[portOfClient{client: client, port: r.Port}]; by != nil {
				report(r.NumberPath(), bypassed(strconv.Itoa(r.Port), client, by))
			}
		}
		for _, a := range d.Addresses {
			if by, ok := c.bypassed[client].Overlapping(a.Text); ok {
				report(a.Path, bypassed(a.Text, client, by))
			}
		}
		for _, prefix := range allocated(d) {
			if by, ok := c.bypassed[client].Overlapping(prefix); ok {
				report(d.Path.Child("hosts"), allocatedBypassed(prefix, client, by))
			}
		}
	}
}

// allocated returns the ranges in which istiod allocates addresses to the hosts of a destination.
func allocated(d *destination) []string {
	if !d.Allocated {
		return nil
	}
	return []string{ir.AllocatedIPv4, ir.AllocatedIPv6}
}

// joinBypasses puts together the ranges of all bundles, by client.
func (c *claims) joinBypasses() {
	for client, bundles := range c.bypasses {
		var all []address.Range[*bundle]
		for _, b := range bundles {
			for _, text := range b.Bypass.Prefixes {
				if prefix, err := netip.ParsePrefix(text); err == nil {
					all = append(all, address.Range[*bundle]{Prefix: prefix, Of: b})
				}
			}
		}
		c.bypassed[client] = address.NewRanges(all)
	}
}

// reportBypassedTogether looks for bundles that make a client skip the proxy for every
// address, and none of them alone.
func (c *claims) reportBypassedTogether() {
	for _, client := range slices.Sorted(maps.Keys(c.bypasses)) {
		var ranges []string
		var last *bundle
		for _, b := range c.bypasses[client] {
			// One that covers every host by itself has an error of its own.
			if !address.CoverEveryHost(b.Bypass.Prefixes) {
				ranges, last = append(ranges, b.Bypass.Prefixes...), b
			}
		}
		if address.CoverEveryHost(ranges) {
			last.Report(field.Bypass.Child("cidrs"), bypassedTogether(client, c.bypasses[client][0]))
		}
	}
}

// reportBelowWildcard looks for hosts below a wildcard of which one has a route and the
// other has none. Istio gives the route of one to both, so whoever has none would
// follow that of the other, or be blocked by it.
func (c *claims) reportBelowWildcard(d *destination) {
	if d.Told == ir.ByAddress {
		return
	}
	for _, h := range d.Hosts {
		for _, client := range d.Clients.Namespaces {
			if wildcard := c.covering(client, h.Name, d); wildcard != nil {
				d.bundle.Report(h.Path, hostBelowWildcard(h.Name, client, wildcard))
				break
			}
		}
	}
}

// covering returns the destination whose wildcard covers a host of another, and
// whose route or rule that host would follow, or the other way round. It returns
// nil if there is none.
func (c *claims) covering(client, name string, d *destination) *destination {
	for _, above := range wildcardsAbove(name) {
		claim := hostOfClient{client: client, host: above}
		wildcard := c.hosts[claim]
		if wildcard == nil {
			continue
		}
		if wildcard.rules(d) {
			return wildcard
		}
		for _, r := range d.Routes {
			claim.port = r.Port
			if wildcard := c.hosts[claim]; wildcard != nil && wildcard.isRouted() != d.isRouted() && wildcard.sharesTLS(r) {
				return wildcard
			}
		}
	}
	return nil
}

// isRouted reports whether a route leads the TLS of the destination.
func (d *destination) isRouted() bool { return !isFromSidecar(d.Way) || d.Onward.Proxy != nil }

// rules reports whether the traffic policy of a wildcard applies to hosts of
// another destination at the sidecar, which has none of its own.
func (d *destination) rules(other *destination) bool {
	atSidecar := isFromSidecar(d.Way) && isFromSidecar(other.Way)
	return atSidecar && d.Onward.Policy != nil && other.Onward.Policy == nil
}

func (d *destination) sharesTLS(r ir.Route) bool {
	own := d.RouteAt(r.Port)
	return r.IsTLS() && own != nil && own.IsTLS()
}

// reportRanges looks for ranges of TCP on a port where other destinations are
// told by name. Envoy looks at the address first, and no plan can know what a
// host resolves to.
func (c *claims) reportRanges(d *destination) {
	for _, a := range d.Addresses {
		for _, r := range d.Routes {
			if !address.IsRange(a.Text) {
				continue
			}
			for _, client := range d.Clients.Namespaces {
				if named := c.named[portOfClient{client: client, port: r.Port}]; named != nil {
					d.bundle.Report(a.Path, addressBeforeName(addressOfClient{client: client, address: a.Text, port: r.Port}, named))
					break
				}
			}
		}
	}
}
