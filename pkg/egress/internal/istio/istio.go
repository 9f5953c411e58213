// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package istio makes Istio's objects from plans, and judges what the objects of others do to
// them.
//
// Istio has one name space for hosts, so teams that share a host tend to break each other.
// Here each port of each host has a made-up name of its own, its lane, from the sidecar's hop
// to a gateway until it leaves there. The names of lanes and subsets are made here alone.
//
// It is larger than other packages because neighbors are judged by the very lanes that it
// makes.
package istio

import (
	"slices"

	networking "istio.io/api/networking/v1"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/draft"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// A Backend makes Istio's objects from plans.
type Backend struct{ bundles []*bundle }

// New returns the backend for some plans.
func New(plans []*ir.Plan) *Backend {
	backend := &Backend{}
	for _, p := range plans {
		backend.bundles = append(backend.bundles, newBundle(p))
	}
	return backend
}

// Drafts returns the objects of all bundles, in the order of the plans, and what their
// meshes have for all of them.
func (b *Backend) Drafts() []draft.Draft {
	var drafts []draft.Draft
	for _, bundle := range b.bundles {
		drafts = append(drafts, bundle.drafts()...)
	}
	return drafts
}

func (b *bundle) drafts() []draft.Draft {
	p := b.Plan
	var drafts []draft.Draft
	for _, g := range p.Gateways() {
		h := b.hops[g.Name]
		drafts = append(drafts, slices.Concat(h.gatewayDrafts(), h.destinationRules(), h.authorizationPolicies())...)
		if p.Enforce.Authorization {
			drafts = append(drafts, h.defaultDeny())
		}
	}
	for i, d := range p.Destinations {
		drafts = append(drafts, serviceEntries(d)...)
		switch way := d.Way.(type) {
		case ir.ThroughGateway:
			drafts = append(drafts, meshVirtualServices(d, way, b.lanes[i])...)
			drafts = append(drafts, exitDrafts(b.lanes[i], b.hops[way.Gateway.Name])...)
		case ir.FromSidecar:
			drafts = append(drafts, sidecarDrafts(d)...)
		}
	}
	return append(drafts, slices.Concat(sidecars(p), accessLogs(p.Mesh))...)
}

// A bundle is a plan with its lanes.
type bundle struct {
	*ir.Plan

	lanes [][]lane        // by destination; none for one without a gateway
	hops  map[string]*hop // by gateway
}

func newBundle(p *ir.Plan) *bundle {
	b := &bundle{Plan: p, lanes: make([][]lane, len(p.Destinations)), hops: map[string]*hop{}}
	for i, d := range p.Destinations {
		way, ok := d.Way.(ir.ThroughGateway)
		if !ok {
			continue
		}
		h := b.hops[way.Gateway.Name]
		if h == nil {
			h = newHop(p.Bundle, way.Gateway)
			b.hops[way.Gateway.Name] = h
		}
		b.lanes[i] = lanesOf(d, way)
		h.add(d, b.lanes[i], principals(d.Clients, p.Mesh.TrustDomain))
	}
	for _, h := range b.hops {
		h.nameGateways()
	}
	return b
}

// exportTo returns the namespaces that see an object of a namespace, as Istio
// wants it: the own namespace is a dot.
func exportTo(own string, namespaces []string) []string {
	visible := slices.Clone(namespaces)
	if i := slices.Index(visible, own); i >= 0 {
		visible[i] = "."
	}
	slices.Sort(visible)
	return visible
}

func portSelector(number int) *networking.PortSelector {
	return &networking.PortSelector{Number: uint32(number)}
}
