// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import "github.com/egressbundle/egressbundle/pkg/egress/internal/schema"

// enforcements remember which bundle was the first to close something.
type enforcements struct {
	clients  map[string]*planner // NetworkPolicies for a namespace
	gateways map[string]*planner // NetworkPolicies for a gateway
	denying  map[string]*planner // gateways that refuse what is of no bundle
	traffic  map[string]*planner // what a namespace may reach in the cluster
}

func newEnforcements() enforcements {
	return enforcements{map[string]*planner{}, map[string]*planner{}, map[string]*planner{}, map[string]*planner{}}
}

// addEnforced notes what a bundle closes, and looks for bundles that leave a
// namespace different parts of the cluster.
func (c *conflicts) addEnforced(p *planner) {
	e := p.enforce
	for _, client := range p.clients.namespaces {
		if e.NetworkPolicy {
			claim(c.enforced.clients, client, p)
		}
		if !e.RegistryOnly && !e.NetworkPolicy {
			continue
		}
		if first := claim(c.enforced.traffic, client, p); first.enforce.ClusterTraffic != e.ClusterTraffic {
			p.reportf(EnforceConflict, schema.Child(pathEnforce, "clusterTraffic"), "must be %s, as %s says for workloads of %s; agree on it", first.enforce.ClusterTraffic, first.object(), client)
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
	for _, d := range p.planned {
		if d.gateway == nil || d.mutualTLS {
			continue
		}
		if by := c.enforced.denying[d.gateway.host]; by != nil {
			p.reportf(NeedsMutualTLS, schema.Child(schema.Child(pathDestinations, d.name), "mutualTLS"), "must be true: %s closes gateway %q for everything that is of no bundle, and without mutual TLS nothing tells what is", by.object(), d.gateway.name)
		}
	}
}

// addDropped looks for packets that the NetworkPolicies of other bundles drop.
func (c *conflicts) addDropped(p *planner) {
	const message = "must be true: %s closes %s for every packet that no NetworkPolicy is for, also for those of this bundle"
	path := schema.Child(pathEnforce, "networkPolicy")
	for _, client := range p.clients.namespaces {
		if by := c.enforced.clients[client]; by != nil {
			p.reportf(EnforceConflict, path, message, by.object(), "namespace "+client)
		}
	}
	for _, g := range p.gateways() {
		if by := c.enforced.gateways[g.host]; by != nil {
			p.reportf(EnforceConflict, path, message, by.object(), "gateway "+g.name)
		}
	}
}
