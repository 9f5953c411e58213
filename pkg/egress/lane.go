// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
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

	host string // outside
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

func (d *destination) lane(r route, host string) lane {
	kind := laneTLS
	if r.isHTTP() {
		kind = laneHTTP
	}
	return lane{d, r, host, laneName(kind, d, host, r.port)}
}

// objects returns what leads from the gateway to the host.
func (l lane) objects(h *hop) []Object {
	objects := []Object{l.serviceEntry(), l.virtualService(h)}
	if l.exit.tls != nil {
		objects = append(objects, l.destinationRule())
	}
	return objects
}

// serviceEntry tells the gateway where the lane ends.
func (l lane) serviceEntry() Object {
	return l.object(kindServiceEntry, &networking.ServiceEntry{
		Endpoints:  []*networking.WorkloadEntry{{Address: l.host}},
		ExportTo:   []string{"."},
		Hosts:      []string{l.name},
		Location:   networking.ServiceEntry_MESH_EXTERNAL,
		Ports:      []*networking.ServicePort{l.servicePort(l.exit.port)},
		Resolution: networking.ServiceEntry_DNS,
	})
}

// virtualService leads from the hop to the end of the lane. It follows what kind
// of route Istio wants for the kind of server: http for HTTP, tcp for TLS that
// the gateway ends, tls for TLS that it passes.
func (l lane) virtualService(h *hop) Object {
	c := l.cross()
	port := c.server.Port.Number
	onward := &networking.Destination{Host: l.name, Port: portSelector(l.port)}
	if l.exit.tls != nil {
		onward.Subset = tlsSubset
	}
	spec := &networking.VirtualService{
		ExportTo: []string{"."},
		Gateways: []string{h.gatewayOf[c.server.Port.Name]},
		Hosts:    []string{l.name},
	}
	switch {
	case l.isHTTP():
		route := l.exit.httpRoute(onward)
		route.Match = []*networking.HTTPMatchRequest{{Port: port}}
		route.Rewrite = &networking.HTTPRewrite{Authority: l.authority(l.host)}
		spec.Http = []*networking.HTTPRoute{route}
	case l.mutualTLS:
		spec.Tcp = []*networking.TCPRoute{{
			Match: []*networking.L4MatchAttributes{{Port: port}},
			Route: []*networking.RouteDestination{{Destination: onward}},
		}}
	default:
		spec.Hosts = []string{l.host}
		spec.Tls = []*networking.TLSRoute{{
			Match: []*networking.TLSMatchAttributes{{Port: port, SniHosts: []string{l.host}}},
			Route: []*networking.RouteDestination{{Destination: onward}},
		}}
	}
	return l.object(kindVirtualService, spec)
}

// tlsSubset is the subset of a host to which the mesh opens TLS.
const tlsSubset = "tls"

// destinationRule opens TLS at the end of the lane. It does so in a subset: if
// the rule is missing, requests fail and do not leave in plain text.
func (l lane) destinationRule() Object {
	return l.object(kindDestinationRule, &networking.DestinationRule{
		ExportTo: []string{"."},
		Host:     l.name,
		Subsets: []*networking.Subset{{
			Name: tlsSubset,
			TrafficPolicy: &networking.TrafficPolicy{
				Tls: l.exit.tls.settings(l.host, l.gateway.namespace),
			},
		}},
	})
}

func (l lane) object(kind string, spec proto.Message) Object {
	name := l.objectName(l.host, strconv.Itoa(l.port))
	return l.destination.object(kind, l.gateway.namespace, name, spec)
}
