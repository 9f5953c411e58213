// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

// conflicts remembers what bundles claim, to find where a later one contradicts
// an earlier one. A contradiction is reported at the later bundle and names the
// earlier.
type conflicts struct {
	bundles map[bundleID]bool
	mesh    *planner // whose facts all others must share
	hosts   map[hostClaim]*destination
	snis    map[sniClaim]lane
}

// A hostClaim is one host as the workloads of one namespace reach it.
type hostClaim struct{ client, host string }

// A sniClaim is a host as a gateway sees it where TLS reaches it as the
// application opened it.
type sniClaim struct{ gateway, host string }

func newConflicts() *conflicts {
	return &conflicts{
		bundles: map[bundleID]bool{},
		hosts:   map[hostClaim]*destination{},
		snis:    map[sniClaim]lane{},
	}
}

// addBundle looks at what a bundle says of itself and of the mesh. It returns
// false for a bundle that was added before, which would contradict itself.
func (c *conflicts) addBundle(p *planner) bool {
	id := bundleID{p.bundle.Namespace, p.bundle.Name}
	if c.bundles[id] {
		p.reportf(DuplicateBundle, "metadata.name", "must be unique in the namespace, got %q again", id)
		return false
	}
	c.bundles[id] = true
	if c.mesh == nil {
		c.mesh = p
	}
	for _, fact := range differences(c.mesh.mesh, p.mesh) {
		p.reportf(MeshConflict, pathMesh, "must state the facts of the cluster like every other bundle, but %s differs from %s; state them once, in an %s", fact, c.mesh.object(), kindMesh)
	}
	return true
}

// differences returns the facts in which two meshes cannot both be right.
// Whether hops are mutual TLS is a choice and not a fact, and a gateway that
// only one of them knows is no contradiction.
func differences(a, b Mesh) []string {
	var facts []string
	note := func(fact string, a, b any) {
		if !reflect.DeepEqual(a, b) {
			facts = append(facts, fact)
		}
	}
	note("istioVersion", a.IstioVersion, b.IstioVersion)
	note("rootNamespace", a.RootNamespace, b.RootNamespace)
	note("clusterDomain", a.ClusterDomain, b.ClusterDomain)
	note("trustDomain", a.TrustDomain, b.TrustDomain)
	note("outboundTrafficPolicy", a.OutboundTrafficPolicy, b.OutboundTrafficPolicy)
	for _, name := range slices.Sorted(maps.Keys(a.Gateways)) {
		if other, ok := b.Gateways[name]; ok {
			note("gateways."+name, a.Gateways[name], other)
		}
	}
	return facts
}

// addDestination looks at what a destination claims for its clients and at its
// gateway.
func (c *conflicts) addDestination(p *planner, d *destination) {
	path := schema.Child(pathDestinations, d.name)
	c.addHosts(p, d, schema.Child(path, "hosts"))
	for _, l := range d.lanes() {
		if !l.mutualTLS && !l.isHTTP() {
			c.addSNI(p, l, schema.Child(path, "ports"))
		}
	}
}

func (c *conflicts) addHosts(p *planner, d *destination, path string) {
	for _, host := range d.hosts {
		for _, client := range d.clients {
			claim := hostClaim{client, host}
			first, claimed := c.hosts[claim]
			switch {
			case !claimed:
				c.hosts[claim] = d
			case first.bundle == d.bundle && first != d:
				p.reportf(DuplicateHost, path, "must not have %s: workloads of %s reach it as destination %q; put the ports of a host into one destination", host, client, first.name)
			case first != d && contradict(first, d):
				p.reportf(HostConflict, path, "must not have %s: workloads of %s reach it in another way as %s; agree on one way, or on different clients", host, client, first)
			}
		}
	}
}

// addSNI looks at TLS that reaches a gateway without mutual TLS around it. Its
// SNI is all that the gateway sees; everything else has a name of the bundle's
// own there, and cannot collide.
func (c *conflicts) addSNI(p *planner, l lane, path string) {
	claim := sniClaim{l.gateway.host, l.host}
	first, claimed := c.snis[claim]
	if !claimed {
		c.snis[claim] = l
	} else if first.port != l.port {
		p.reportf(NeedsMutualTLS, path, "must not lead to port %d of %s: %s leads to port %d, and without mutual TLS the gateway cannot tell them apart; set `mutualTLS: true`", l.port, l.host, first.destination, first.port)
	}
}

// contradict reports whether workloads cannot follow both of two destinations
// that share a host. They can if every port that both have is reached alike.
func contradict(a, b *destination) bool {
	sameWay := reflect.DeepEqual(a.gateway, b.gateway) && a.mutualTLS == b.mutualTLS
	if a.gateway == nil || b.gateway == nil {
		// The ServiceEntries of a host must agree on its resolution, and of
		// two DestinationRules for it Istio takes one.
		return !sameWay || !reflect.DeepEqual(a.routes, b.routes)
	}
	for _, r := range a.routes {
		i := slices.IndexFunc(b.routes, func(other route) bool { return other.port == r.port })
		if i >= 0 && (!sameWay || !reflect.DeepEqual(r, b.routes[i])) {
			return true
		}
	}
	return false
}

// String names a destination in messages.
func (d *destination) String() string {
	return fmt.Sprintf("destination %q of %s %s", d.name, kindBundle, d.bundle)
}
