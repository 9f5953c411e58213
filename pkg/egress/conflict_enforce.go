// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

// enforcements remember which bundle was the first to close something.
type enforcements struct {
	clients  map[string]*planner // NetworkPolicies for a namespace
	gateways map[string]*planner // NetworkPolicies for a gateway
	denying  map[string]*planner // gateways that refuse what is of no bundle
	traffic  map[string]*planner // what a namespace may reach in the cluster
	sidecars map[string]*planner // the Sidecar of a namespace
}

func newEnforcements() enforcements {
	return enforcements{
		map[string]*planner{}, map[string]*planner{}, map[string]*planner{}, map[string]*planner{}, map[string]*planner{},
	}
}

// addEnforced notes what a bundle closes, and looks for bundles that leave a
// namespace different parts of the cluster.
func (c *conflicts) addEnforced(p *planner) {
	e := p.enforce
	for _, client := range p.clients.namespaces {
		if e.NetworkPolicy {
			claim(c.enforced.clients, client, p)
		}
		if e.RegistryOnly {
			claim(c.enforced.sidecars, client, p)
		}
		if !e.RegistryOnly && !e.NetworkPolicy {
			continue
		}
		if first := claim(c.enforced.traffic, client, p); first.enforce.ClusterTraffic != e.ClusterTraffic {
			p.reportf(EnforceConflict, schema.Child(pathEnforce, "clusterTraffic"), "must be %s, as %s says for workloads of %s; agree on it", first.enforce.ClusterTraffic, first.located(), client)
		}
	}
	for _, g := range p.gateways() {
		if e.NetworkPolicy {
			claim(c.enforced.gateways, g.host, p)
		}
		if e.Authorization {
			claim(c.enforced.denying, g.host, p)
		}
	}
}

// claim returns who claims something first.
func claim(claims map[string]*planner, what string, p *planner) *planner {
	if claims[what] == nil {
		claims[what] = p
	}
	return claims[what]
}

// addClosed looks for bundles whose traffic another one would stop.
func (c *conflicts) addClosed(p *planner) {
	if !p.enforce.NetworkPolicy {
		c.addDropped(p)
	}
	c.addUnimported(p)
	for _, d := range p.planned {
		if d.gateway == nil || d.mutualTLS {
			continue
		}
		if by := c.enforced.denying[d.gateway.host]; by != nil {
			p.reportf(NeedsMutualTLS, schema.Child(schema.Child(pathDestinations, d.name), "mutualTLS"), "must be true: %s closes gateway %q for everything that is of no bundle, and without mutual TLS nothing tells what is", by.located(), d.gateway.name)
		}
	}
}

// addDropped looks for packets that the NetworkPolicies of other bundles drop.
func (c *conflicts) addDropped(p *planner) {
	const message = "must be true: %s closes %s for every packet that no NetworkPolicy is for, also for those of this bundle"
	path := schema.Child(pathEnforce, "networkPolicy")
	for _, client := range p.clients.namespaces {
		if by := c.enforced.clients[client]; by != nil {
			p.reportf(EnforceConflict, path, message, by.located(), "namespace "+client)
		}
	}
	for _, g := range p.gateways() {
		if by := c.enforced.gateways[g.host]; by != nil {
			p.reportf(EnforceConflict, path, message, by.located(), "gateway "+g.name)
		}
	}
}

// addUnimported looks for bundles whose clients have a Sidecar that does not know
// what they need.
func (c *conflicts) addUnimported(p *planner) {
	for _, client := range p.clients.namespaces {
		by := c.enforced.sidecars[client]
		if by != nil && !slices.Equal(by.imports(client), by.importsWith(client, p.mesh)) {
			p.reportf(EnforceConflict, schema.Child(pathMesh, "gateways"), "must be in the same namespaces as those that %s states, whose Sidecar for workloads of %s imports no others; state the facts of the cluster once, in an %s", by.located(), client, kindMesh)
		}
	}
	for _, d := range p.planned {
		if !d.service.hasAddresses() {
			continue
		}
		for _, client := range d.clients {
			by := c.enforced.sidecars[client]
			if by != nil && by.enforce.ClusterTraffic == ClusterTrafficDeny && client != d.bundle.namespace {
				p.reportf(Unenforceable, schema.Child(schema.Child(pathDestinations, d.name), "service"), "must not be of namespace %s for workloads of %s: with clusterTraffic Deny of %s they know the Services of their own namespace only; put a bundle there, or set Allow", d.bundle.namespace, client, by.located())
			}
		}
	}
}
