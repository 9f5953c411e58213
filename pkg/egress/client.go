// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"slices"

	networking "istio.io/api/networking/v1"
)

// clientObjects returns what the sidecars of the clients need.
//
// All but the way to a gateway stands in the namespace of each client and is
// seen there alone. Istio merges the ServiceEntries of a host that stand in one
// namespace, and looks there first for a DestinationRule; so bundles that share
// a host and a client do not hide each other's ports.
func (d *destination) clientObjects() []Object {
	objects := d.serviceObjects()
	for _, client := range d.clients {
		if !d.service.hasAddresses() {
			objects = append(objects, d.serviceEntries(client)...)
		}
		if d.gateway == nil {
			objects = append(objects, d.sidecarObjects(client)...)
		}
	}
	if d.gateway != nil {
		objects = append(objects, d.meshVirtualServices()...)
	}
	return objects
}

// serviceEntries declare the ports that applications call, and no other: each
// would be a way out that no route leads through the gateway.
func (d *destination) serviceEntries(client string) []Object {
	var objects []Object
	for _, group := range d.entryGroups() {
		for _, s := range shards(group.items, host.key, maxItems) {
			spec := d.serviceEntry(s.items)
			name := d.objectName(slices.Concat(group.name, s.name)...)
			objects = append(objects, d.object(kindServiceEntry, client, name, spec))
		}
	}
	return objects
}

// entryGroups tells the hosts apart that cannot share a ServiceEntry: those that
// the sidecar looks up in different ways.
func (d *destination) entryGroups() []shard[host] {
	if d.gateway != nil {
		return []shard[host]{{items: d.hosts}}
	}
	named := shard[host]{}
	wildcards := shard[host]{name: []string{laneWildcard}}
	for _, h := range d.hosts {
		if h.isWildcard() {
			wildcards.items = append(wildcards.items, h)
		} else {
			named.items = append(named.items, h)
		}
	}
	return slices.DeleteFunc([]shard[host]{named, wildcards}, func(s shard[host]) bool { return len(s.items) == 0 })
}

// serviceEntry lets a sidecar call the hosts only if there is no gateway. With
// one, they have neither an address nor an endpoint for the sidecar: should the
// route to the gateway be missing, calls fail and do not leave another way.
func (d *destination) serviceEntry(hosts []host) *networking.ServiceEntry {
	spec := &networking.ServiceEntry{
		Addresses:  slices.Clone(d.addresses),
		ExportTo:   []string{"."},
		Hosts:      names(hosts),
		Location:   networking.ServiceEntry_MESH_EXTERNAL,
		Resolution: networking.ServiceEntry_STATIC,
	}
	for _, r := range d.routes {
		target := r.port
		if d.gateway == nil {
			target = r.exit.port
		}
		spec.Ports = append(spec.Ports, r.servicePort(target))
	}
	if d.gateway == nil {
		spec.Endpoints = d.targets(hosts[0], d.routes...)
		spec.Resolution = d.sidecarResolution(hosts[0], spec.Endpoints)
	}
	return spec
}

// sidecarResolution says how a sidecar finds where a host is.
func (d *destination) sidecarResolution(h host, targets []*networking.WorkloadEntry) networking.ServiceEntry_Resolution {
	switch {
	case len(targets) > 0:
		return resolution(targets)
	case h.isWildcard() && d.dynamicDNS:
		return networking.ServiceEntry_DYNAMIC_DNS
	case h.isWildcard(), len(d.addresses) > 0:
		return networking.ServiceEntry_NONE // It is where the application called.
	default:
		return networking.ServiceEntry_DNS
	}
}

// servicePort returns the port of a ServiceEntry that leads to a target.
func (r route) servicePort(target int) *networking.ServicePort {
	port := &networking.ServicePort{
		Name:     portName(r.protocol, r.port),
		Number:   uint32(r.port),
		Protocol: r.protocol,
	}
	if target != r.port {
		port.TargetPort = uint32(target)
	}
	return port
}

// meshVirtualServices lead from the sidecars to the gateway. Those that lead on
// from there are objects of their own: Istio reports two VirtualServices that
// claim one host for the mesh, and bundles that share a host would be two.
func (d *destination) meshVirtualServices() []Object {
	var objects []Object
	for _, s := range d.meshShards() {
		spec := &networking.VirtualService{
			ExportTo: exportTo(d.gateway.namespace, d.clients),
			Gateways: []string{"mesh"},
			Hosts:    names(s.items),
		}
		for _, h := range s.items {
			for _, r := range d.routes {
				d.lane(r, h).addMeshRoute(spec)
			}
		}
		objects = append(objects, d.object(kindVirtualService, d.gateway.namespace, d.objectName(s.name...), spec))
	}
	return objects
}

// meshShards gives each host a VirtualService of its own if one of its ports is
// HTTP: there each host is rewritten in another way, and every HTTP route of a
// VirtualService applies to all of its hosts.
func (d *destination) meshShards() []shard[host] {
	if !slices.ContainsFunc(d.routes, route.isHTTP) {
		return shards(d.hosts, host.key, max(1, maxItems/len(d.routes)))
	}
	var each []shard[host]
	for _, h := range d.hosts {
		each = append(each, shard[host]{h.parts, []host{h}})
	}
	return each
}

func (l lane) addMeshRoute(spec *networking.VirtualService) {
	c := l.cross()
	toGateway := &networking.Destination{
		Host:   l.gateway.host,
		Port:   &networking.PortSelector{Number: c.server.Port.Number},
		Subset: c.subset.Name,
	}
	if l.isHTTP() {
		spec.Http = append(spec.Http, &networking.HTTPRoute{
			Match:   []*networking.HTTPMatchRequest{{Port: uint32(l.port)}},
			Rewrite: &networking.HTTPRewrite{Authority: l.name},
			Route:   []*networking.HTTPRouteDestination{{Destination: toGateway}},
		})
		return
	}
	l.addConnectionRoute(spec, l.host, toGateway)
}

// addConnectionRoute leads the connections of a host to where they go: TLS by
// its server name, TCP by its address. The addresses are those of the
// ServiceEntry. Given here once more, a range among several would make two filter
// chains that match alike, for which Envoy rejects the listener of the port.
func (r route) addConnectionRoute(spec *networking.VirtualService, h host, to *networking.Destination) {
	onward := []*networking.RouteDestination{{Destination: to}}
	if r.isTCP() {
		spec.Tcp = append(spec.Tcp, &networking.TCPRoute{
			Match: []*networking.L4MatchAttributes{{Port: uint32(r.port)}},
			Route: onward,
		})
		return
	}
	spec.Tls = append(spec.Tls, &networking.TLSRoute{
		Match: []*networking.TLSMatchAttributes{{Port: uint32(r.port), SniHosts: []string{h.name}}},
		Route: onward,
	})
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
