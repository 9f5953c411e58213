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
	bundles map[bundleID]*planner
	facts   map[string]factClaim
	hosts   map[hostClaim][]*destination
	snis    map[sniClaim]lane
}

// A fact is something that a bundle says of the cluster.
type fact struct {
	name  string
	value any
}

// A factClaim is what the first bundle says that knows of a fact.
type factClaim struct {
	value  any
	bundle *planner
}

// A hostClaim is one host as the workloads of one namespace reach it.
type hostClaim struct{ client, host string }

// A sniClaim is a host as a gateway sees it where TLS reaches it as the
// application opened it.
type sniClaim struct{ gateway, host string }

func newConflicts() *conflicts {
	return &conflicts{
		bundles: map[bundleID]*planner{},
		facts:   map[string]factClaim{},
		hosts:   map[hostClaim][]*destination{},
		snis:    map[sniClaim]lane{},
	}
}

// addBundle looks at what a bundle says of itself and of the mesh. It returns
// false for a bundle that was added before, which would contradict itself.
func (c *conflicts) addBundle(p *planner) bool {
	id := bundleID{p.bundle.Namespace, p.bundle.Name}
	if first := c.bundles[id]; first != nil {
		p.reportf(DuplicateBundle, "metadata.name", "must be unique in the namespace, got %q again%s", id, first.already("metadata.name"))
		return false
	}
	c.bundles[id] = p
	for _, fact := range p.mesh.facts() {
		first, claimed := c.facts[fact.name]
		if !claimed {
			c.facts[fact.name] = factClaim{fact.value, p}
		} else if !reflect.DeepEqual(first.value, fact.value) {
			p.reportf(MeshConflict, pathMesh+"."+fact.name, "must be the same in every bundle, and differs from %s; state the facts of the cluster once, in an %s", first.bundle.object(), kindMesh)
		}
	}
	return true
}

// facts returns what two meshes cannot state differently, sorted by name.
// Whether hops are mutual TLS is a choice and not a fact, and a gateway that
// only one of them knows is no contradiction.
func (m Mesh) facts() []fact {
	facts := []fact{
		{"clusterDomain", m.ClusterDomain},
		{"istioVersion", m.IstioVersion},
		{"outboundTrafficPolicy", m.OutboundTrafficPolicy},
		{"rootNamespace", m.RootNamespace},
		{"trustDomain", m.TrustDomain},
	}
	for _, name := range slices.Sorted(maps.Keys(m.Gateways)) {
		facts = append(facts, fact{schema.Child("gateways", name), m.Gateways[name]})
	}
	return facts
}

// addDestination looks at what a destination claims for its clients and at its
// gateway.
func (c *conflicts) addDestination(p *planner, d *destination) {
	path := schema.Child(pathDestinations, d.name)
	c.addHosts(p, d)
	for _, l := range d.lanes() {
		if !l.mutualTLS && !l.isHTTP() {
			c.addSNI(p, l, schema.Child(path, "ports"))
		}
	}
}

// already says where a field of the bundle stands, if that is known.
func (p *planner) already(path string) string {
	if at := p.bundle.source.position(path); at.Line > 0 {
		return fmt.Sprintf("; it stands at %s already", at)
	}
	return ""
}

func (c *conflicts) addHosts(p *planner, d *destination) {
	for _, host := range d.hosts {
		reported := map[*destination]bool{}
		for _, client := range d.clients {
			claim := hostClaim{client, host}
			for _, first := range c.hosts[claim] {
				if !reported[first] { // One client stands for all.
					reported[first] = p.reportHost(claim, first, d)
				}
			}
			c.hosts[claim] = append(c.hosts[claim], d)
		}
	}
}

// reportHost looks at two destinations that give one client one host.
func (p *planner) reportHost(claim hostClaim, first, d *destination) (reported bool) {
	path := func() string {
		hosts := schema.Child(schema.Child(pathDestinations, d.name), "hosts")
		return schema.Item(hosts, slices.Index(p.bundle.Destinations[d.name].Hosts, claim.host))
	}
	switch {
	case first == d:
		return false // The host stands twice in its list.
	case first.bundle == d.bundle:
		p.reportf(DuplicateHost, path(), "must stand in one destination only, got %q again: workloads of %s reach it as destination %q; put the ports of a host into one destination", claim.host, claim.client, first.name)
	case contradict(first, d):
		p.reportf(HostConflict, path(), "must be reached in one way, got %q, which workloads of %s reach in another way as %s; agree on one way, or on different clients", claim.host, claim.client, first)
	default:
		return false
	}
	return true
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
