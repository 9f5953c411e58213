// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"slices"
	"strconv"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"
)

// A lane is the way of one port of one host through a gateway. It has a made-up
// name of its own, by which the gateway knows what arrives and where it leaves.
//
// The name of the host itself would not do: of several ServiceEntries for one
// host a gateway follows a single one, unless they agree in everything, and of
// several DestinationRules as well.
type lane struct {
	*destination
	route

	host host
	kind string
	name string
}

// lanes returns the lanes of a destination: none, if it has no gateway.
func (d *destination) lanes() []lane {
	if d.gateway == nil {
		return nil
	}
	var lanes []lane
	for _, host := range d.hosts {
		for _, r := range d.routes {
			lanes = append(lanes, d.lane(r, host))
		}
	}
	return lanes
}

func (d *destination) lane(r route, h host) lane {
	kind := laneTLS
	switch {
	case r.isHTTP() && d.narrowed:
		kind = laneClosed
	case r.isHTTP():
		kind = laneHTTP
	case h.isWildcard():
		kind = laneWildcard
	}
	return lane{d, r, h, kind, laneName(kind, d, h.domain(), r.port)}
}

// objects returns what leads from the gateway to the host.
func (l lane) objects(h *hop) []Object {
	objects := []Object{
		l.object(kindServiceEntry, l.serviceEntry()),
		l.object(kindVirtualService, l.virtualService(h)),
	}
	if l.policy != nil || l.exitSubset(l.route) != "" {
		objects = append(objects, l.object(kindDestinationRule, l.destinationRule()))
	}
	return objects
}

// serviceEntry tells the gateway where the lane ends. What arrives as TCP is
// called TLS, which is what it was on the hop: a port that is said to be TCP
// takes every address, in the sidecars of the gateway's namespace too.
func (l lane) serviceEntry() *networking.ServiceEntry {
	targets := l.targets(l.host, l.route)
	if len(targets) == 0 {
		targets = []*networking.WorkloadEntry{{Address: l.host.outside}}
	}
	port := l.servicePort(l.exit.port)
	if l.isTCP() {
		port.Protocol = protocolTLS
	}
	return &networking.ServiceEntry{
		Endpoints:  targets,
		ExportTo:   []string{"."},
		Hosts:      []string{l.name},
		Location:   networking.ServiceEntry_MESH_EXTERNAL,
		Ports:      []*networking.ServicePort{port},
		Resolution: resolution(targets),
	}
}

// virtualService leads from the hop to the end of the lane. It follows what kind
// of route Istio wants for the kind of server: http for HTTP, tls for TLS that
// the gateway passes, tcp for everything else.
func (l lane) virtualService(h *hop) *networking.VirtualService {
	c := l.cross()
	port := c.server.Port.Number
	onward := l.exitTo(l.name, l.route)
	spec := &networking.VirtualService{
		ExportTo: []string{"."},
		Gateways: []string{h.gatewayOf[c.server.Port.Name]},
		Hosts:    []string{l.name},
	}
	switch {
	case l.isHTTP():
		route := l.exit.httpRoute(onward)
		route.Match = l.exit.matches(port)
		route.Rewrite = &networking.HTTPRewrite{Authority: l.authority(l.host.outside)}
		spec.Http = []*networking.HTTPRoute{route}
		if len(l.exit.allow) > 0 {
			spec.Http = append(spec.Http, l.refusal(port))
		}
	case l.mutualTLS, l.isTCP():
		spec.Tcp = []*networking.TCPRoute{{
			Match: []*networking.L4MatchAttributes{{Port: port}},
			Route: []*networking.RouteDestination{{Destination: onward}},
		}}
	default:
		spec.Hosts = []string{l.host.name}
		spec.Tls = []*networking.TLSRoute{{
			Match: []*networking.TLSMatchAttributes{{Port: port, SniHosts: []string{l.host.name}}},
			Route: []*networking.RouteDestination{{Destination: onward}},
		}}
	}
	return spec
}

// destinationRule says how connections are made at the end of the lane. It opens
// TLS and tunnels in a subset, which adds to the policy for all: if the rule is
// missing, calls fail and do not leave in plain text, or past the proxy.
func (l lane) destinationRule() *networking.DestinationRule {
	spec := &networking.DestinationRule{
		ExportTo:      []string{"."},
		Host:          l.name,
		TrafficPolicy: l.policy.settings(),
	}
	if name := l.exitSubset(l.route); name != "" {
		policy := &networking.TrafficPolicy{}
		if l.exit.tls != nil {
			policy.Tls = l.exit.tls.settings(l.host.outside, l.gateway.namespace)
		} else {
			policy.Tunnel = tunnel(l.host, l.route)
		}
		spec.Subsets = []*networking.Subset{{Name: name, TrafficPolicy: policy}}
	}
	return spec
}

func (l lane) object(kind string, spec proto.Message) Object {
	name := l.objectName(append(slices.Clone(l.host.parts), strconv.Itoa(l.port))...)
	return l.destination.object(kind, l.gateway.namespace, name, spec)
}
