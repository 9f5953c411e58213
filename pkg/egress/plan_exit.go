// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

// sortedEndpoints returns endpoints in an order of their own: they are a set.
func sortedEndpoints(from []Endpoint) []Endpoint {
	var endpoints []Endpoint
	for _, e := range from {
		e.Address = normalized(e.Address)
		endpoints = append(endpoints, e)
	}
	slices.SortFunc(endpoints, func(a, b Endpoint) int { return cmp.Compare(a.Address, b.Address) })
	return endpoints
}

// checkEndpoints judges where the traffic is said to go.
func (p *planner) checkEndpoints(path string, from Destination, routes []route) {
	at := schema.Child(path, "endpoints")
	if len(from.Endpoints) > maxItems {
		p.reportf(InvalidValue, at, "must have at most %d endpoints, got %d", maxItems, len(from.Endpoints))
	}
	seen := map[string]bool{}
	for i, e := range from.Endpoints {
		item := schema.Item(at, i)
		if seen[normalized(e.Address)] {
			p.reportf(DuplicateAddress, schema.Child(item, "address"), "must stand only once in the list, got %q again", e.Address)
		}
		seen[normalized(e.Address)] = true
		p.checkTarget(schema.Child(item, "address"), normalized(e.Address))
		for _, port := range slices.Sorted(maps.Keys(e.Ports)) {
			if routeAt(routes, port) == nil {
				p.reportf(UnknownPort, schema.Child(schema.Child(item, "ports"), joinInts([]int{port})), "must be one of the ports that applications call (%s), got %d", joinPorts(routes), port)
			}
		}
	}
	if from.ForwardProxy != nil {
		p.checkTarget(schema.Child(schema.Child(path, "forwardProxy"), "address"), normalized(from.ForwardProxy.Address))
	}
	p.checkCalled(schema.Child(path, "addresses"), from.Addresses)
	p.checkLookup(path, from, routes)
}

// checkLookup refuses ranges of addresses for a host that the sidecar looks up:
// Istio takes them only where nothing is looked up.
func (p *planner) checkLookup(path string, from Destination, routes []route) {
	if from.Via != ViaSidecar || !slices.ContainsFunc(routes, route.isTCP) {
		return
	}
	lookup := slices.ContainsFunc(from.Endpoints, func(e Endpoint) bool { return !isIP(e.Address) })
	if from.ForwardProxy != nil {
		lookup = lookup || !isIP(from.ForwardProxy.Address)
	}
	for i, address := range from.Addresses {
		if lookup && isRange(normalized(address)) {
			p.reportf(NeedsGateway, schema.Item(schema.Child(path, "addresses"), i), "must be a single address with `via: Sidecar` where traffic goes to a name, got the range %s; list the addresses, give the endpoint or the proxy by its IP address, or use `via: Gateway`", address)
		}
	}
}

func joinPorts(routes []route) string {
	var ports []int
	for _, r := range routes {
		ports = append(ports, r.port)
	}
	return joinInts(ports)
}

// checkTrafficPolicy refuses settings that nothing would follow.
func (p *planner) checkTrafficPolicy(path string, from Destination, routes []route) {
	policy := from.TrafficPolicy
	if policy == nil {
		return
	}
	path = schema.Child(path, "trafficPolicy")
	if from.isLookedUp(p.mesh) {
		p.checkLookedUp(path, policy)
	}
	pool := policy.ConnectionPool
	if from.ForwardProxy != nil && pool != nil && pool.TCP != nil && pool.TCP.MaxConnectionDuration != 0 {
		p.reportf(ForwardProxyConflict, schema.Child(path, "connectionPool")+".tcp.maxConnectionDuration", "must not be set where a forwardProxy leads to the host: Istio ignores it for tunnels; remove it")
	}
	if pool != nil && pool.HTTP != nil && !slices.ContainsFunc(routes, route.isHTTP) {
		p.reportf(NeedsHTTP, schema.Child(path, "connectionPool")+".http", "must not be set where the mesh sees connections and no requests; remove it, or use a port with the pattern HTTP or TLSOrigination")
	}
	if len(policy.Failover) > 0 && policy.OutlierDetection == nil {
		p.reportf(IncompleteFailover, schema.Child(path, "outlierDetection"), "is missing; without it no endpoint ever counts as failed, and failover never happens; {} is enough")
	}
	for i, f := range policy.Failover {
		to := schema.Child(schema.Item(schema.Child(path, "failover"), i), "to")
		inRegion := func(e Endpoint) bool { return region(e.Locality) == f.To }
		switch {
		case slices.Contains(policy.Failover[:i], f):
			p.reportf(IncompleteFailover, to, "must stand only once in the list, got %q again", f.To)
		case f.From == f.To:
			p.reportf(IncompleteFailover, to, "must be another region than from, got %q", f.To)
		case !slices.ContainsFunc(from.Endpoints, inRegion):
			p.reportf(IncompleteFailover, to, "must be the region of an endpoint, got %q; give an endpoint `locality: %s`", f.To, f.To)
		}
	}
}

// isLookedUp reports whether sidecars look hosts up as they are called, which
// leaves them no endpoints.
func (d Destination) isLookedUp(mesh Mesh) bool {
	return d.Via == ViaSidecar && d.hasWildcard() && !d.hasTarget() && mesh.hasDynamicDNS()
}

// checkLookedUp refuses what Istio 1.31 does not survive, and what Envoy rejects.
func (p *planner) checkLookedUp(path string, policy *TrafficPolicy) {
	const message = "must not be set with a wildcard whose hosts are looked up as they are called: %s; remove it, or list the hosts"
	if policy.OutlierDetection != nil {
		p.reportf(UnsupportedWildcard, schema.Child(path, "outlierDetection"), message, "there are no endpoints to leave out, and Istio 1.31 crashes on it")
	}
	if pool := policy.ConnectionPool; pool != nil && pool.TCP != nil && pool.TCP.MaxConnectionDuration != 0 {
		p.reportf(UnsupportedWildcard, schema.Child(path, "connectionPool")+".tcp.maxConnectionDuration", message, "Envoy takes no limits for the life of such connections")
	}
}

func region(locality string) string {
	region, _, _ := strings.Cut(locality, "/")
	return region
}
