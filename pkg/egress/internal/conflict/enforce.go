// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conflict

import (
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// enforcements remember which bundle was the first to close something.
type enforcements struct {
	clients  map[string]*bundle // NetworkPolicies for a namespace
	gateways map[string]*bundle // NetworkPolicies for a gateway
	denying  map[string]*bundle // gateways that refuse what is of no bundle
	traffic  map[string]*bundle // what a namespace may reach in the cluster
	sidecars map[string]*bundle // the Sidecar of a namespace
}

func newEnforcements() enforcements {
	return enforcements{
		clients:  map[string]*bundle{},
		gateways: map[string]*bundle{},
		denying:  map[string]*bundle{},
		traffic:  map[string]*bundle{},
		sidecars: map[string]*bundle{},
	}
}

// claimEnforced notes what a bundle closes, and looks for bundles that leave a
// namespace different parts of the cluster.
func (c *claims) claimEnforced(b *bundle) {
	e := b.Enforce
	for _, client := range b.Clients.Namespaces {
		if e.NetworkPolicy {
			firstOf(c.enforced.clients, client, b)
		}
		if e.RegistryOnly {
			firstOf(c.enforced.sidecars, client, b)
		}
		if !e.RegistryOnly && !e.NetworkPolicy {
			continue
		}
		if first := firstOf(c.enforced.traffic, client, b); first.Enforce.ClusterTraffic != e.ClusterTraffic {
			b.Report(field.Enforce.Child("clusterTraffic"), clusterTrafficDiffers(first, client))
		}
	}
	for _, g := range b.Gateways() {
		if e.NetworkPolicy {
			firstOf(c.enforced.gateways, g.Host, b)
		}
		if e.Authorization {
			firstOf(c.enforced.denying, g.Host, b)
		}
	}
}

// firstOf returns who claims something first.
func firstOf(claims map[string]*bundle, what string, b *bundle) *bundle {
	if claims[what] == nil {
		claims[what] = b
	}
	return claims[what]
}

// reportClosed looks for bundles whose traffic another one would stop.
func (c *claims) reportClosed(b *bundle) {
	if !b.Enforce.NetworkPolicy {
		c.reportDropped(b)
	}
	c.reportUnimported(b)
	for _, d := range b.Destinations {
		way, ok := d.Way.(ir.ThroughGateway)
		if !ok || way.MutualTLS {
			continue
		}
		if by := c.enforced.denying[way.Gateway.Host]; by != nil {
			b.Report(d.Path.Child("mutualTLS"), deniedWithoutMutualTLS(by, way.Gateway.Name))
		}
	}
}

// reportDropped looks for packets that the NetworkPolicies of other bundles drop.
func (c *claims) reportDropped(b *bundle) {
	path := field.Enforce.Child("networkPolicy")
	for _, client := range b.Clients.Namespaces {
		if by := c.enforced.clients[client]; by != nil {
			b.Report(path, dropped(by, "namespace "+client))
		}
	}
	for _, g := range b.Gateways() {
		if by := c.enforced.gateways[g.Host]; by != nil {
			b.Report(path, dropped(by, "gateway "+g.Name))
		}
	}
}

// reportUnimported looks for bundles whose clients have a Sidecar that does not know
// what they need.
func (c *claims) reportUnimported(b *bundle) {
	for _, client := range b.Clients.Namespaces {
		by := c.enforced.sidecars[client]
		if by != nil && !slices.Equal(by.GatewayNamespaces(client), b.GatewayNamespaces(client)) {
			b.Report(field.Mesh.Child("gateways"), gatewaysNotImported(by, client))
		}
	}
	for _, d := range b.Destinations {
		if d.Told != ir.ByService {
			continue
		}
		for _, client := range d.Clients.Namespaces {
			by := c.enforced.sidecars[client]
			if by != nil && by.Enforce.ClusterTraffic == api.ClusterTrafficDeny && client != d.Bundle.Namespace {
				b.Report(d.Path.Child("service"), serviceNotImported(d.Bundle.Namespace, client, by))
			}
		}
	}
}
