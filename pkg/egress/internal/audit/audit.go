// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package audit finds out who may reach what, what is open beside that, and what stops each
// way around. It reads plans, what objects say of where they come from and what they stop, and
// the objects of others.
package audit

import (
	"maps"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
	"github.com/egressbundle/egressbundle/pkg/egress/report"
)

// Report reports on plans, on the objects that were made for them, in the order of the
// plans, and on those of others beside them.
func Report(plans []*ir.Plan, objects []*object.Object, neighbors []neighbor.Object) report.Report {
	a := newAudit(plans, objects)
	r := report.Report{Mesh: a.mesh()}
	for _, p := range plans {
		for _, d := range p.Destinations {
			r.Access = append(r.Access, a.access(p, d)...)
		}
	}
	openings := a.openings(neighbors)
	for _, o := range openings {
		r.Openings = append(r.Openings, o.Opening)
	}
	r.WaysAround = a.waysAround(openings)
	return r
}

// An audit is what plans and objects say, by what they say it of.
type audit struct {
	plans    []*ir.Plan
	stops    map[object.Stop][]diag.ObjectRef
	makes    map[object.Origin][]diag.ObjectRef // by origins without fields
	gateways []*ir.Gateway                      // that bundles use, sorted by name
	clients  []string                           // of all bundles, sorted
	client   map[string]*client                 // by namespace
}

// A client is a namespace whose workloads may use bundles.
type client struct {
	// plan is that of a bundle that encloses the client, if any does: all that do agree on
	// what they leave open.
	plan *ir.Plan
	// imported are the namespaces of gateways, whose objects its Sidecar knows.
	imported []string
	// sidecars and policies stop calls to what is not listed: Sidecars and NetworkPolicies.
	sidecars, policies []diag.ObjectRef
	// direct are the destinations that are reached straight from the sidecar.
	direct []string
}

func newAudit(plans []*ir.Plan, objects []*object.Object) audit {
	a := audit{
		plans:  plans,
		stops:  map[object.Stop][]diag.ObjectRef{},
		makes:  map[object.Origin][]diag.ObjectRef{},
		client: map[string]*client{},
	}
	used := map[string]*ir.Gateway{}
	for _, p := range plans {
		for _, g := range p.Gateways() {
			used[g.Name] = g
		}
		a.notePlan(p)
	}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		a.gateways = append(a.gateways, used[name])
	}
	a.clients = slices.Sorted(maps.Keys(a.client))
	for _, o := range objects {
		a.noteObject(o)
	}
	return a
}

func (a audit) notePlan(p *ir.Plan) {
	for _, namespace := range p.Clients.Namespaces {
		if a.client[namespace] == nil {
			a.client[namespace] = &client{plan: p, imported: p.GatewayNamespaces(namespace)}
		}
		c := a.client[namespace]
		if p.Enforce.RegistryOnly || p.Enforce.NetworkPolicy {
			c.plan, c.imported = p, p.GatewayNamespaces(namespace)
		}
		for _, d := range p.FromSidecarsOf(namespace) {
			c.direct = append(c.direct, p.Bundle.String()+" "+d.Name)
		}
	}
}

func (a audit) noteObject(o *object.Object) {
	for _, stop := range o.Stops {
		a.stops[stop] = append(a.stops[stop], o.Ref())
		if stop.Attempt != object.DirectIP {
			continue
		}
		if c := a.client[stop.From]; o.Kind == kind.Sidecar {
			c.sidecars = append(c.sidecars, o.Ref())
		} else {
			c.policies = append(c.policies, o.Ref())
		}
	}
	origin := o.Origin
	origin.Field = ""
	a.makes[origin] = append(a.makes[origin], o.Ref())
}
