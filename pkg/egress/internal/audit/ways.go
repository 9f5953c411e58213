// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
	"github.com/egressbundle/egressbundle/pkg/egress/report"
)

// waysAround returns what may be tried around the bundles, with what stops it: by client, by
// gateway and by destination.
func (a audit) waysAround(openings []opening) []report.WayAround {
	var ways []report.WayAround
	tally := tallyOf(openings)
	for _, client := range a.clients {
		ways = append(ways, a.withoutSidecar(client, tally), a.direct(client, tally))
	}
	for _, g := range a.gateways {
		ways = append(ways, a.waysThrough(g, openings)...)
	}
	for _, p := range a.plans {
		ways = append(ways, a.waysOf(p)...)
	}
	for i := range ways {
		ways[i].StoppedBy = slices.Clone(ways[i].StoppedBy)
	}
	return ways
}

// withoutSidecar is a call of a Pod that only NetworkPolicies can stop.
func (a audit) withoutSidecar(name string, t tally) report.WayAround {
	way := report.WayAround{
		Attempt:   object.NoSidecar,
		From:      []string{name},
		StoppedBy: a.stops[object.Stop{Attempt: object.NoSidecar, From: name}],
	}
	if len(way.StoppedBy) > 0 {
		c, past := a.client[name], t.past(name, true)
		way.Openings = len(past)
		cluster := c.plan.Enforce.ClusterTraffic == api.ClusterTrafficAllow
		way.Note = joined(noteOnPast(past, true), noteOnOpen(slices.Compact(c.direct), cluster))
	}
	return way
}

// direct is a call that nothing declares. What stops it is the Sidecar of the
// namespace, or else the configuration of the mesh, and then NetworkPolicies.
func (a audit) direct(name string, t tally) report.WayAround {
	c := a.client[name]
	var configured []diag.ObjectRef
	if c.plan.Mesh.OutboundTrafficPolicy != ir.AllowAny {
		configured = append(configured, meshConfig(c.plan.Mesh))
	}
	stops, past := slices.Concat(c.sidecars, configured, c.policies), t.past(name, len(c.policies) > 0)
	return report.WayAround{
		Attempt:   object.DirectIP,
		From:      []string{name},
		StoppedBy: stops,
		Openings:  len(past),
		Note:      noteOnPast(past, len(stops) > 0),
	}
}

// waysThrough returns what others may try at a gateway, whatever the bundle. Of other namespaces
// NetworkPolicies drop the packets.
func (a audit) waysThrough(g *ir.Gateway, openings []opening) []report.WayAround {
	dropped := report.WayAround{
		Attempt:   object.OtherNamespace,
		Gateway:   exitName(g),
		StoppedBy: a.stops[object.Stop{Attempt: object.OtherNamespace, Gateway: g.Name}],
		Note:      noteOnDropped,
	}
	denies := a.stops[object.Stop{Attempt: object.UnlistedRoute, Gateway: g.Name}]
	unlisted := report.WayAround{
		Attempt: object.UnlistedRoute, Gateway: exitName(g), StoppedBy: denies, Note: noteOnGateway(len(denies) > 0),
	}
	for _, o := range openings {
		switch {
		case o.Gateway != exitName(g):
		case o.passesPolicies:
			dropped.Openings++
		default:
			unlisted.Openings++
		}
	}
	if len(dropped.StoppedBy) == 0 {
		return []report.WayAround{unlisted}
	}
	return []report.WayAround{dropped, unlisted}
}

// waysOf returns what may be tried around the destinations of a bundle.
func (a audit) waysOf(p *ir.Plan) []report.WayAround {
	var ways []report.WayAround
	for _, d := range p.Destinations {
		ways = append(ways, a.waysTo(d)...)
	}
	for i := range ways {
		ways[i].Bundle = p.Bundle.String()
	}
	return united(wholes(ways))
}

// wholes joins the ways to the parts of a destination that has TCP beside other patterns.
func wholes(ways []report.WayAround) []report.WayAround {
	return joinedBy(ways,
		func(w report.WayAround) string { return fmt.Sprint(w.Attempt, w.Gateway, w.From, w.Destinations) },
		func(into *report.WayAround, w report.WayAround) {
			if into.Note != w.Note {
				into.Note = joined(into.Note, w.Note)
			}
		})
}

// waysTo returns what may be tried around one destination.
func (a audit) waysTo(d *ir.Destination) []report.WayAround {
	var ways []report.WayAround
	if d.CanBeSpoofed() {
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
	way := report.WayAround{Attempt: object.SpoofedHost, From: []string{client}}
	if d.IsOpen() {
		way.Note = noteOnOpenWildcard
		return way
	}
	way.StoppedBy = a.stops[object.Stop{
		Attempt: object.SpoofedHost, From: client, Bundle: d.Bundle.String(), Destination: d.Name,
	}]
	way.Note = noteOnSpoofed(d)
	return way
}

// intrusions are what others may try who are no clients of a destination.
func (a audit) intrusions(d *ir.Destination, way ir.ThroughGateway) []report.WayAround {
	stop := object.Stop{Attempt: object.OtherNamespace, Gateway: way.Gateway.Name}
	var denies, refusals []diag.ObjectRef
	note := noteOnUnknownCaller(len(a.stops[stop]) > 0)
	if way.MutualTLS {
		note = noteOnRefusal(d)
		stop.Bundle = d.Bundle.String()
		denies = a.stops[stop]
		stop.Attempt = object.OtherIdentity
		refusals = a.stops[stop]
	}
	ways := []report.WayAround{{Attempt: object.OtherNamespace, StoppedBy: denies, Note: note}}
	for _, client := range d.Clients.Namespaces {
		other := report.WayAround{Attempt: object.OtherIdentity, From: []string{client}}
		if len(d.Clients.Accounts[client]) > 0 {
			other.StoppedBy, other.Note = refusals, note
		} else {
			other.Note = noteOnEveryIdentity
		}
		ways = append(ways, other)
	}
	for i := range ways {
		ways[i].Gateway = exitName(way.Gateway)
	}
	return ways
}

// united joins ways of a bundle that differ in who tries, and then in the destination only.
func united(ways []report.WayAround) []report.WayAround {
	ways = joinedBy(ways,
		func(w report.WayAround) string {
			return fmt.Sprint(w.Attempt, w.Gateway, w.Destinations, w.StoppedBy, w.Note)
		},
		func(into *report.WayAround, w report.WayAround) { into.From = append(into.From, w.From...) })
	for i := range ways {
		ways[i].From = setOf(ways[i].From)
	}
	ways = joinedBy(ways,
		func(w report.WayAround) string { return fmt.Sprint(w.Attempt, w.Gateway, w.From, w.StoppedBy, w.Note) },
		func(into *report.WayAround, w report.WayAround) {
			into.Destinations = append(into.Destinations, w.Destinations...)
		})
	for i := range ways {
		ways[i].Destinations = setOf(ways[i].Destinations)
	}
	return ways
}

func setOf(names []string) []string { return slices.Compact(slices.Sorted(slices.Values(names))) }

// joinedBy joins ways that have one key, in the order of the first of each.
func joinedBy(
	ways []report.WayAround, key func(report.WayAround) string, join func(into *report.WayAround, w report.WayAround),
) []report.WayAround {
	var all []report.WayAround
	known := map[string]int{}
	for _, w := range ways {
		i, ok := known[key(w)]
		if ok {
			join(&all[i], w)
			continue
		}
		known[key(w)] = len(all)
		all = append(all, w)
	}
	return all
}
