// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
	"github.com/egressbundle/egressbundle/pkg/egress/report"
)

// waysAround returns what may be tried around a bundle, with what stops it.
func (a audit) waysAround(p *ir.Plan) []report.WayAround {
	var ways []report.WayAround
	for _, client := range p.Clients.Namespaces {
		ways = append(ways, a.withoutSidecar(p, client), a.direct(p, client))
	}
	for _, d := range p.Destinations {
		ways = append(ways, a.waysTo(d)...)
	}
	for _, g := range p.Gateways() {
		stops := a.stops[object.Stop{Attempt: object.UnlistedRoute, Gateway: g.Name}]
		ways = append(ways, report.WayAround{Attempt: object.UnlistedRoute, StoppedBy: stops, Note: noteOnGateway(g.Name, len(stops) > 0)})
	}
	for i := range ways {
		ways[i].Bundle = p.Bundle.String()
		ways[i].StoppedBy = slices.Clone(ways[i].StoppedBy)
	}
	return united(ways)
}

func (a audit) withoutSidecar(p *ir.Plan, client string) report.WayAround {
	way := report.WayAround{
		Attempt:   object.NoSidecar,
		From:      client,
		StoppedBy: a.stops[object.Stop{Attempt: object.NoSidecar, From: client}],
	}
	if len(way.StoppedBy) > 0 {
		way.Note = noteOnOpen(a.openTo(client), p.Enforce.ClusterTraffic == api.ClusterTrafficAllow)
	}
	return way
}

// direct is a call that nothing declares. What stops it is the Sidecar of the
// namespace, or else the configuration of the mesh, and then NetworkPolicies.
func (a audit) direct(p *ir.Plan, client string) report.WayAround {
	way := report.WayAround{Attempt: object.DirectIP, From: client}
	var policies []diag.ObjectRef
	for _, ref := range a.stops[object.Stop{Attempt: object.DirectIP, From: client}] {
		if ref.Kind == kind.Sidecar {
			way.StoppedBy = append(way.StoppedBy, ref)
		} else {
			policies = append(policies, ref)
		}
	}
	if p.Mesh.OutboundTrafficPolicy != ir.AllowAny {
		way.StoppedBy = append(way.StoppedBy, meshConfig(p.Mesh))
	}
	way.StoppedBy = append(way.StoppedBy, policies...)
	if p.Bypass != nil {
		way.Note = noteOnBypass()
	}
	return way
}

// waysTo returns what may be tried around one destination.
func (a audit) waysTo(d *ir.Destination) []report.WayAround {
	var ways []report.WayAround
	if d.Told == ir.ByName {
		for _, client := range d.Clients.Namespaces {
			ways = append(ways, a.spoofed(d, client))
		}
	}
	if way, ok := d.Way.(ir.ThroughGateway); ok {
		ways = append(ways, a.intrusions(d, way)...)
	}
	for i := range ways {
		ways[i].Destinations = []string{d.Name}
	}
	return ways
}

// spoofed is a call that names a host and connects to some other address.
func (a audit) spoofed(d *ir.Destination, client string) report.WayAround {
	way := report.WayAround{Attempt: object.SpoofedHost, From: client}
	if d.IsOpen() {
		way.Note = noteOnOpenWildcard()
		return way
	}
	way.StoppedBy = a.stops[object.Stop{
		Attempt: object.SpoofedHost, From: client, Bundle: d.Bundle.String(), Destination: d.Name,
	}]
	way.Note = noteOnSpoofed(d.Has(ir.Route.IsTLS))
	return way
}

// intrusions are what others may try who are no clients of a destination.
func (a audit) intrusions(d *ir.Destination, way ir.ThroughGateway) []report.WayAround {
	stop := object.Stop{Attempt: object.OtherNamespace, Gateway: way.Gateway.Name}
	drops := a.stops[stop]
	var denies, refusals []diag.ObjectRef
	note := noteOnUnknownCaller(len(drops) > 0)
	if way.MutualTLS {
		note = noteOnRefusal(d)
		stop.Bundle = d.Bundle.String()
		denies = a.stops[stop]
		stop.Attempt = object.OtherIdentity
		refusals = a.stops[stop]
	}
	ways := []report.WayAround{{
		Attempt:   object.OtherNamespace,
		StoppedBy: slices.Concat(drops, denies),
		Note:      note,
	}}
	for _, client := range d.Clients.Namespaces {
		other := report.WayAround{Attempt: object.OtherIdentity, From: client}
		if len(d.Clients.Accounts[client]) > 0 {
			other.StoppedBy, other.Note = refusals, note
		} else {
			other.Note = noteOnEveryIdentity()
		}
		ways = append(ways, other)
	}
	return ways
}

// united joins ways that differ in the destination only.
func united(ways []report.WayAround) []report.WayAround {
	var all []report.WayAround
	known := map[string]int{}
	for _, w := range ways {
		key := fmt.Sprint(w.Attempt, w.From, w.StoppedBy, w.Note)
		i, ok := known[key]
		if !ok {
			known[key] = len(all)
			all = append(all, w)
			continue
		}
		all[i].Destinations = slices.Compact(append(all[i].Destinations, w.Destinations...))
	}
	return all
}
