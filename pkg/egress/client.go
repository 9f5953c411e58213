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
	var objects []Object
	for _, client := range d.clients {
		objects = append(objects, d.serviceEntries(client)...)
		if d.gateway == nil {
			objects = append(objects, d.sidecarVirtualServices(client)...)
			objects = append(objects, d.sidecarDestinationRules(client)...)
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
	for _, s := range shards(d.hosts, maxItems) {
		spec := &networking.ServiceEntry{
			ExportTo:   []string{"."},
			Hosts:      s.items,
			Location:   networking.ServiceEntry_MESH_EXTERNAL,
			Resolution: d.resolution(),
		}
		for _, r := range d.routes {
			port := r.servicePort(r.port)
			if d.gateway == nil {
				port = r.servicePort(r.exit.port)
			}
			spec.Ports = append(spec.Ports, port)
		}
		objects = append(objects, d.object(kindServiceEntry, client, d.objectName(s.name...), spec))
	}
	return objects
}

// resolution lets a sidecar call the host only if there is no gateway. With one,
// the host has neither an address nor an endpoint for the sidecar: should the
// route to the gateway be missing, calls fail and do not leave another way.
func (d *destination) resolution() networking.ServiceEntry_Resolution {
	if d.gateway != nil {
		return networking.ServiceEntry_STATIC
	}
	return networking.ServiceEntry_DNS
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

// sidecarVirtualServices limit and repeat requests and send them where TLS is
// opened, where a port asks for it.
func (d *destination) sidecarVirtualServices(client string) []Object {
	var objects []Object
	for _, host := range d.hosts {
		var routes []*networking.HTTPRoute
		for _, r := range d.routes {
			if route := r.sidecarRoute(host); route != nil {
				routes = append(routes, route)
			}
		}
		if len(routes) == 0 {
			continue
		}
		// No gateways means mesh. If mesh is written out, istioctl analyze takes
		// it for an ingress gateway and reports IST0140.
		objects = append(objects, d.object(kindVirtualService, client, d.objectName(host), &networking.VirtualService{
			ExportTo: []string{"."},
			Hosts:    []string{host},
			Http:     routes,
		}))
	}
	return objects
}

// sidecarRoute returns nil for a port that needs no route.
func (r route) sidecarRoute(host string) *networking.HTTPRoute {
	if r.exit.tls == nil && r.exit.timeout == 0 && r.exit.retries == nil {
		return nil
	}
	to := &networking.Destination{Host: host, Port: portSelector(r.port)}
	if r.exit.tls != nil {
		to.Subset = tlsSubset
	}
	route := r.exit.httpRoute(to)
	route.Match = []*networking.HTTPMatchRequest{{Port: uint32(r.port)}}
	if called := authority(host, r.port, 80); r.authority(host) != called {
		route.Rewrite = &networking.HTTPRewrite{Authority: r.authority(host)}
	}
	return route
}

// sidecarDestinationRules open TLS at the sidecar, on the ports that ask for it
// and no others. Routes name a subset that adds nothing: if the rule is missing,
// requests fail and do not leave in plain text.
func (d *destination) sidecarDestinationRules(client string) []Object {
	var objects []Object
	for _, host := range d.hosts {
		var ports []*networking.TrafficPolicy_PortTrafficPolicy
		for _, r := range d.routes {
			if r.exit.tls != nil {
				ports = append(ports, &networking.TrafficPolicy_PortTrafficPolicy{
					Port: portSelector(r.port),
					Tls:  r.exit.tls.settings(host, client),
				})
			}
		}
		if len(ports) == 0 {
			continue
		}
		objects = append(objects, d.object(kindDestinationRule, client, d.objectName(host), &networking.DestinationRule{
			ExportTo:      []string{"."},
			Host:          host,
			Subsets:       []*networking.Subset{{Name: tlsSubset}},
			TrafficPolicy: &networking.TrafficPolicy{PortLevelSettings: ports},
		}))
	}
	return objects
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
			Hosts:    s.items,
		}
		for _, host := range s.items {
			for _, r := range d.routes {
				d.lane(r, host).addMeshRoute(spec)
			}
		}
		objects = append(objects, d.object(kindVirtualService, d.gateway.namespace, d.objectName(s.name...), spec))
	}
	return objects
}

// meshShards gives each host a VirtualService of its own if one of its ports is
// HTTP: there each host is rewritten in another way, and every HTTP route of a
// VirtualService applies to all of its hosts.
func (d *destination) meshShards() []shard {
	if !slices.ContainsFunc(d.routes, route.isHTTP) {
		return shards(d.hosts, max(1, maxItems/len(d.routes)))
	}
	var each []shard
	for _, host := range d.hosts {
		each = append(each, shard{[]string{host}, []string{host}})
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
	spec.Tls = append(spec.Tls, &networking.TLSRoute{
		Match: []*networking.TLSMatchAttributes{{Port: uint32(l.port), SniHosts: []string{l.host}}},
		Route: []*networking.RouteDestination{{Destination: toGateway}},
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
