// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/draft"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/name"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/shard"
)

// A hop is the way from the sidecars to a gateway for one bundle: the servers
// of the gateway that take its traffic, and the subsets that sidecars send it
// to.
type hop struct {
	bundle  ir.BundleID
	gateway *ir.Gateway
	servers map[string]server
	subsets map[string]map[string]subset // by client namespace
	// gatewayOf is the name of the Gateway that holds a server.
	gatewayOf map[string]string
	shards    []shard.Shard[string] // of servers
	// snis are what arrives over mutual TLS, by who may send it.
	snis shard.Grouping[string, string]
}

func newHop(b ir.BundleID, g *ir.Gateway) *hop {
	return &hop{
		bundle:    b,
		gateway:   g,
		servers:   map[string]server{},
		subsets:   map[string]map[string]subset{},
		gatewayOf: map[string]string{},
		snis:      shard.Grouping[string, string]{},
	}
}

// add adds the lanes of a destination, which some principals may use.
func (h *hop) add(d *ir.Destination, lanes []lane, principals []string) {
	permitted := strings.Join(principals, " ")
	for _, client := range d.Clients.Namespaces {
		if h.subsets[client] == nil {
			h.subsets[client] = map[string]subset{}
		}
	}
	for _, l := range lanes {
		if l.way.MutualTLS && l.route.IsTCP() && d.Clients.AreNamed() {
			l.crossing.server.identities = identities(principals)
		}
		h.servers[l.crossing.server.name] = l.crossing.server
		for _, client := range d.Clients.Namespaces {
			h.subsets[client][l.crossing.subset.name] = l.crossing.subset
		}
		if l.way.MutualTLS {
			h.snis.Add(permitted, "*."+l.branch)
		}
	}
}

// nameGateways spreads the servers over Gateways.
func (h *hop) nameGateways() {
	h.shards = shard.Split(slices.Collect(maps.Keys(h.servers)))
	for _, s := range h.shards {
		for _, server := range s.Items {
			h.gatewayOf[server] = h.gatewayName(s)
		}
	}
}

func (h *hop) gatewayName(s shard.Shard[string]) string {
	return name.Label(append([]string{h.bundle.Namespace, h.bundle.Name, h.gateway.Name}, s.Name...)...)
}

func (h *hop) objectName(parts ...string) string {
	return draft.NameOfBundle(h.bundle, append([]string{h.gateway.Name}, parts...)...)
}

func (h *hop) draft(ref diag.ObjectRef, spec func() any) draft.Draft {
	return draft.OfHop(h.bundle, h.gateway, ref, spec)
}

// gatewayDrafts open the gateway for the traffic of the bundle.
func (h *hop) gatewayDrafts() []draft.Draft {
	var drafts []draft.Draft
	for _, s := range h.shards {
		drafts = append(drafts, h.draft(h.gatewayRef(h.gatewayName(s)), func() any {
			spec := &networking.Gateway{Selector: maps.Clone(h.gateway.Selector)}
			for _, name := range s.Items {
				spec.Servers = append(spec.Servers, h.servers[name].spec())
			}
			return spec
		}))
	}
	return drafts
}

func (h *hop) gatewayRef(name string) diag.ObjectRef {
	return diag.ObjectRef{Kind: kind.Gateway, Namespace: h.gateway.Namespace, Name: name}
}

// destinationRules define the subsets, in each client namespace and without
// exportTo: there the rules of all bundles are merged, with each other and with
// those that somebody wrote by hand. In the namespace of the gateway one rule
// of a client would hide them all.
func (h *hop) destinationRules() []draft.Draft {
	var drafts []draft.Draft
	for _, client := range slices.Sorted(maps.Keys(h.subsets)) {
		subsets := h.subsets[client]
		for _, s := range h.subsetShards(client) {
			drafts = append(drafts, h.draft(h.ruleRef(client, s), func() any {
				spec := &networking.DestinationRule{Host: h.gateway.Host}
				for _, name := range s.Items {
					spec.Subsets = append(spec.Subsets, subsets[name].spec())
				}
				return spec
			}))
		}
	}
	return drafts
}

// subsetShards returns the subsets of each DestinationRule of a client.
func (h *hop) subsetShards(client string) []shard.Shard[string] {
	return shard.Split(slices.Collect(maps.Keys(h.subsets[client])))
}

func (h *hop) ruleRef(client string, s shard.Shard[string]) diag.ObjectRef {
	return diag.ObjectRef{Kind: kind.DestinationRule, Namespace: client, Name: h.objectName(s.Name...)}
}
