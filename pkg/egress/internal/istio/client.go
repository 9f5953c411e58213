// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"slices"

	networking "istio.io/api/networking/v1"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/draft"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/shard"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// What the sidecars of the clients need: all but the way to a gateway stands in the
// namespace of each client and is seen there alone. Istio merges the ServiceEntries of a
// host that stand in one namespace, and looks there first for a DestinationRule; so bundles
// that share a host and a client do not hide each other's ports.

// serviceEntries declare the ports that applications call, and no other: each
// would be a way out that no route leads through the gateway.
func serviceEntries(d *ir.Destination) []draft.Draft {
	if d.Told == ir.ByService {
		return nil // A Service declares them.
	}
	shards := entryShards(d)
	var drafts []draft.Draft
	for _, client := range d.Clients.Namespaces {
		for _, s := range shards {
			entry := draft.OfDestination(d, entryRef(d, client, s), func() any { return serviceEntry(d, s.Items) })
			if d.Allocated {
				entry.Labels = map[string]string{object.LabelAutoallocateIP: "true"}
				entry.Annotations = map[string]string{object.AnnotationSuppress: addressesRequired}
			}
			if _, fromSidecar := d.Way.(ir.FromSidecar); fromSidecar && d.CanBeSpoofed() && !d.IsOpen() {
				entry = entry.Stopping(spoofStop(d, client))
			}
			drafts = append(drafts, entry)
		}
	}
	return drafts
}

// addressesRequired is the message that TCP needs addresses. It is wrong about a ServiceEntry in a
// file, to which istiod has not allocated any yet.
// https://istio.io/latest/docs/reference/config/analysis/ist0134/
const addressesRequired = "IST0134"

func entryRef(d *ir.Destination, client string, s shard.Shard[ir.Host]) diag.ObjectRef {
	return diag.ObjectRef{Kind: kind.ServiceEntry, Namespace: client, Name: draft.Name(d, s.Name...)}
}

// entryShards returns the hosts of each ServiceEntry of a client.
func entryShards(d *ir.Destination) []shard.Shard[ir.Host] {
	var all []shard.Shard[ir.Host]
	for _, group := range entryGroups(d) {
		for _, s := range shard.SplitInto(shard.Size, group.Items, func(h ir.Host) string { return sidecarName(d, h) }) {
			all = append(all, shard.Shard[ir.Host]{Name: slices.Concat(group.Name, s.Name), Items: s.Items})
		}
	}
	return all
}

// spoofStop is that a call is led to the host that it names, wherever it connects to.
func spoofStop(d *ir.Destination, client string) object.Stop {
	return object.Stop{Attempt: object.SpoofedHost, From: client, Bundle: d.Bundle.String(), Destination: d.Name}
}

// entryGroups tells the hosts apart that cannot share a ServiceEntry: those that
// the sidecar looks up in different ways, and all of those with TCP, of which Istio takes one.
func entryGroups(d *ir.Destination) []shard.Shard[ir.Host] {
	if d.Allocated {
		return hostByHost(d)
	}
	if _, ok := d.Way.(ir.ThroughGateway); ok {
		return []shard.Shard[ir.Host]{{Items: d.Hosts}}
	}
	named, wildcards := shard.Shard[ir.Host]{}, shard.Shard[ir.Host]{Name: []string{laneWildcard}}
	for _, h := range d.Hosts {
		if h.IsWildcard() {
			wildcards.Items = append(wildcards.Items, h)
		} else {
			named.Items = append(named.Items, h)
		}
	}
	isEmpty := func(s shard.Shard[ir.Host]) bool { return len(s.Items) == 0 }
	return slices.DeleteFunc([]shard.Shard[ir.Host]{named, wildcards}, isEmpty)
}

func hostByHost(d *ir.Destination) []shard.Shard[ir.Host] {
	var each []shard.Shard[ir.Host]
	for _, h := range d.Hosts {
		each = append(each, shard.Shard[ir.Host]{Name: partsOf(d, h), Items: []ir.Host{h}})
	}
	return each
}

// serviceEntry lets a sidecar call the hosts only if there is no gateway. With
// one, they have neither an address nor an endpoint for the sidecar: should the
// route to the gateway be missing, calls fail and do not leave another way.
func serviceEntry(d *ir.Destination, hosts []ir.Host) *networking.ServiceEntry {
	spec := &networking.ServiceEntry{
		ExportTo:   []string{"."},
		Hosts:      sidecarNames(d, hosts),
		Location:   networking.ServiceEntry_MESH_EXTERNAL,
		Resolution: networking.ServiceEntry_STATIC,
	}
	for _, a := range d.Addresses {
		spec.Addresses = append(spec.Addresses, a.Text)
	}
	_, fromSidecar := d.Way.(ir.FromSidecar)
	for _, r := range d.Routes {
		target := r.Port
		if fromSidecar {
			target = r.Exit.Port
		}
		spec.Ports = append(spec.Ports, servicePort(r, target))
	}
	if fromSidecar {
		spec.Endpoints = workloads(d.Targets(hosts[0]), d.Routes...)
		spec.Resolution = sidecarResolution(d, hosts[0], spec.Endpoints)
	}
	return spec
}

// sidecarResolution says how a sidecar finds where a host is.
func sidecarResolution(d *ir.Destination, h ir.Host, targets []*networking.WorkloadEntry) networking.ServiceEntry_Resolution {
	switch {
	case len(targets) > 0:
		return resolution(targets)
	case h.IsWildcard() && d.Onward.DynamicDNS:
		return networking.ServiceEntry_DYNAMIC_DNS
	case h.IsWildcard(), d.Told == ir.ByAddress:
		return networking.ServiceEntry_NONE // It is where the application called.
	default:
		return networking.ServiceEntry_DNS
	}
}

// meshVirtualServices lead from the sidecars to the gateway. Those that lead on
// from there are objects of their own: Istio reports two VirtualServices that
// claim one host for the mesh, and bundles that share a host would be two.
func meshVirtualServices(d *ir.Destination, way ir.ThroughGateway, lanes []lane) []draft.Draft {
	var stops []object.Stop
	if d.CanBeSpoofed() {
		for _, client := range d.Clients.Namespaces {
			stops = append(stops, spoofStop(d, client))
		}
	}
	var drafts []draft.Draft
	for _, s := range meshShards(d, lanes) {
		ref := meshRef(d, way, s)
		spec := func() any { return meshVirtualService(d, way, s.Items) }
		virtualService := draft.OfDestination(d, ref, spec)
		if len(s.Items) == 1 {
			virtualService = draft.OfHost(d, s.Items[0].lanes[0].host, ref, spec)
		}
		drafts = append(drafts, virtualService.Stopping(stops...))
	}
	return drafts
}

func meshRef(d *ir.Destination, way ir.ThroughGateway, s shard.Shard[lanesOfHost]) diag.ObjectRef {
	return diag.ObjectRef{Kind: kind.VirtualService, Namespace: way.Gateway.Namespace, Name: draft.Name(d, s.Name...)}
}

func meshVirtualService(d *ir.Destination, way ir.ThroughGateway, hosts []lanesOfHost) *networking.VirtualService {
	spec := &networking.VirtualService{
		ExportTo: exportTo(way.Gateway.Namespace, d.Clients.Namespaces),
		Gateways: []string{"mesh"},
	}
	for _, h := range hosts {
		spec.Hosts = append(spec.Hosts, h.name)
		for _, l := range h.lanes {
			carrierOf(l.route).addHopRoute(spec, l)
		}
	}
	return spec
}

// lanesOfHost are the lanes of one host, under the name by which sidecars know it.
type lanesOfHost struct {
	name  string
	lanes []lane
}

// meshShards gives each host a VirtualService of its own unless a server name tells what each
// route is for: every HTTP route of a VirtualService, and every TCP route, applies to all of its
// hosts.
func meshShards(d *ir.Destination, lanes []lane) []shard.Shard[lanesOfHost] {
	var hosts []lanesOfHost
	for some := range slices.Chunk(lanes, len(d.Routes)) {
		hosts = append(hosts, lanesOfHost{name: sidecarName(d, some[0].host), lanes: some})
	}
	if !d.Has(ir.Route.IsHTTP) && !d.Allocated {
		return shard.SplitInto(max(1, shard.Size/len(d.Routes)), hosts, func(h lanesOfHost) string { return h.name })
	}
	var each []shard.Shard[lanesOfHost]
	for _, h := range hosts {
		each = append(each, shard.Shard[lanesOfHost]{Name: partsOf(d, h.lanes[0].host), Items: []lanesOfHost{h}})
	}
	return each
}
