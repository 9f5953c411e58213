// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"fmt"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/precedence"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/shard"
)

// A Course is what leads the calls of a client to one port of a host.
type Course struct {
	// Client, Host and Route are those of Destination.
	Client      string
	Destination *ir.Destination
	Host        ir.Host
	Route       ir.Route
	// Sidecar is what the sidecars of the client follow, and Gateway what the gateway does.
	Sidecar Leg
	Gateway *Leg // nil: calls leave from the sidecar
}

// A Leg is what one proxy follows.
type Leg struct {
	// Objects are in the order in which a call meets them.
	Objects []diag.ObjectRef
	// Arrives is the server name with which calls come to a gateway, and Port that of its
	// Service. An empty name is that which the application sent.
	Arrives string
	Port    int
	// Rule is Envoy's name of the rule that refuses everyone but the clients. Empty: there is
	// none.
	Rule string
	// Refuses says that a gateway refuses everyone but the clients in the handshake.
	Refuses bool
	// Cluster is Envoy's name of where the proxy sends calls.
	Cluster string
	// Renamed is the host with which it sends requests, where no path says another. Empty: that
	// with which they came.
	Renamed string
}

// Courses returns those of the calls of a client to the ports of hosts that are wanted, in the
// order of the plans.
func (b *Backend) Courses(client string, isWanted func(*ir.Destination, ir.Host, ir.Route) bool) []Course {
	var all []Course
	for _, bundle := range b.bundles {
		for i, d := range bundle.Destinations {
			if _, isClient := slices.BinarySearch(d.Clients.Namespaces, client); !isClient {
				continue
			}
			for _, h := range d.Hosts {
				for _, r := range d.Routes {
					if isWanted(d, h, r) {
						all = append(all, bundle.course(i, client, h, r))
					}
				}
			}
		}
	}
	return all
}

// View returns what the sidecars of a client see of a mesh: what the Sidecar of bundles imports,
// and without one what that of somebody else does.
func (b *Backend) View(mesh api.Mesh, client string, neighbors []neighbor.Object) precedence.View {
	view, _ := viewOf(mesh, client, b.bundles, neighbors)
	return view
}

// course returns that of the calls of a client to a port of a host of the bundle's i-th destination.
func (b *bundle) course(i int, client string, h ir.Host, r ir.Route) Course {
	c := Course{Client: client, Destination: b.Destinations[i], Host: h, Route: r}
	way, ok := c.Destination.Way.(ir.ThroughGateway)
	if !ok {
		c.Sidecar = c.fromSidecar()
		return c
	}
	l := b.lanes[i][slices.IndexFunc(b.lanes[i], func(l lane) bool { return l.host.Name == h.Name && l.route.Port == r.Port })]
	hop := b.hops[way.Gateway.Name]
	c.Sidecar, c.Gateway = c.toGateway(l, b.lanes[i], hop), new(l.beyond(b.lanes[i], hop))
	return c
}

// declares is what makes sidecars know the host.
func (c Course) declares() diag.ObjectRef {
	d := c.Destination
	if d.Told == ir.ByService {
		return diag.ObjectRef{Kind: kind.Service, Namespace: d.Bundle.Namespace, Name: d.Name}
	}
	holds := func(s shard.Shard[ir.Host]) bool {
		return slices.ContainsFunc(s.Items, func(h ir.Host) bool { return h.Name == c.Host.Name })
	}
	shards := entryShards(d)
	return entryRef(d, c.Client, shards[slices.IndexFunc(shards, holds)])
}

func (c Course) fromSidecar() Leg {
	d, h, r := c.Destination, c.Host, c.Route
	leg := Leg{Objects: []diag.ObjectRef{c.declares()}}
	subset := ""
	if carrierOf(r).needsSidecarRoute(d, h, r) {
		leg.Objects = append(leg.Objects, sidecarRouteRef(d, h, c.Client))
		subset = exitSubset(d, r)
	}
	if hasSidecarRule(d) {
		leg.Objects = append(leg.Objects, sidecarRuleRef(d, h, c.Client))
	}
	if r.IsHTTP() && d.Renames(h, r, ir.Shape{}) {
		leg.Renamed = r.Authority(h.Outside)
	}
	leg.Cluster = cluster(r.Port, subset, sidecarName(d, h))
	return leg
}

func (c Course) toGateway(l lane, lanes []lane, h *hop) Leg {
	isOfHost := func(some lanesOfHost) bool { return some.lanes[0].host.Name == l.host.Name }
	shards := meshShards(l.destination, lanes)
	mesh := shards[slices.IndexFunc(shards, func(s shard.Shard[lanesOfHost]) bool { return slices.ContainsFunc(s.Items, isOfHost) })]
	subset := l.crossing.subset.name
	rules := h.subsetShards(c.Client)
	rule := rules[slices.IndexFunc(rules, func(s shard.Shard[string]) bool { return slices.Contains(s.Items, subset) })]
	leg := Leg{
		Objects: []diag.ObjectRef{c.declares(), meshRef(l.destination, l.way, mesh), h.ruleRef(c.Client, rule)},
		Cluster: cluster(l.crossing.server.port, subset, l.way.Gateway.Host),
	}
	if l.route.IsHTTP() {
		leg.Renamed = l.name
	}
	return leg
}

// beyond is what the gateway does with the lane, which is one of its destination's.
func (l lane) beyond(lanes []lane, h *hop) Leg {
	server := h.servers[l.crossing.server.name]
	leg := Leg{
		Objects: []diag.ObjectRef{h.gatewayRef(h.gatewayOf[server.name])},
		Arrives: l.crossing.subset.sni,
		Port:    server.port,
		Refuses: len(server.identities) > 0,
		Cluster: cluster(l.route.Port, exitSubset(l.destination, l.route), l.name),
	}
	if l.way.MutualTLS {
		policy, rule := h.guard("*." + l.branch)
		leg.Objects = append(leg.Objects, policy)
		leg.Rule = rule
	}
	leg.Objects = append(leg.Objects, exitRefs(lanes, l)...)
	if l.route.IsHTTP() {
		leg.Renamed = l.route.Authority(l.host.Outside)
	}
	return leg
}

// guard returns the AuthorizationPolicy for a server name, and its rule as Envoy names it.
func (h *hop) guard(sni string) (diag.ObjectRef, string) {
	for _, s := range h.policyShards() {
		for i, permitted := range s.Items {
			if slices.Contains(h.snis.Of(permitted), sni) {
				ref := h.policyRef(s.Name...)
				return ref, fmt.Sprintf("ns[%s]-policy[%s]-rule[%d]", ref.Namespace, ref.Name, i)
			}
		}
	}
	panic("istio: nothing guards " + strings.TrimPrefix(sni, "*.")) // add guards every lane.
}

// cluster is how Istio names where a proxy sends calls.
func cluster(port int, subset, host string) string {
	return fmt.Sprintf("outbound|%d|%s|%s", port, subset, host)
}
