// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	networking "istio.io/api/networking/v1"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/name"
)

// tcpCarrier leads connections of which nothing but the address is known. The addresses are
// those of the ServiceEntry. Given in routes once more, a range among several would make two
// filter chains that match alike, for which Envoy rejects the listener of the port.
type tcpCarrier struct{}

func (tcpCarrier) laneKind(_ *ir.Destination, h ir.Host) string { return connectionKind(h) }

// cross takes a port of the gateway that is for the lane alone, unless there is mutual TLS.
func (tcpCarrier) cross(l lane) crossing {
	if l.way.MutualTLS {
		return crossMutualTLS(l)
	}
	return crossing{
		server: server{
			name:     name.Label(l.ownName()...),
			port:     l.way.EntryPort(l.route),
			protocol: string(ir.TCP),
			host:     l.name,
		},
		subset: plainSubset(l.destination),
	}
}

func (tcpCarrier) addHopRoute(spec *networking.VirtualService, l lane) {
	spec.Tcp = append(spec.Tcp, tcpRoute(l.route.Port, l.to()))
}

func (tcpCarrier) addExitRoute(spec *networking.VirtualService, l lane) {
	spec.Tcp = append(spec.Tcp, tcpRoute(l.crossing.server.port, l.onward()))
}

func (tcpCarrier) needsSidecarRoute(d *ir.Destination, _ ir.Host, r ir.Route) bool {
	return exitSubset(d, r) != ""
}

func (tcpCarrier) addSidecarRoute(spec *networking.VirtualService, d *ir.Destination, h ir.Host, r ir.Route) {
	spec.Tcp = append(spec.Tcp, tcpRoute(r.Port, exitTo(sidecarName(d, h), d, r)))
}

func tcpRoute(port int, to *networking.Destination) *networking.TCPRoute {
	return &networking.TCPRoute{
		Match: []*networking.L4MatchAttributes{{Port: uint32(port)}},
		Route: []*networking.RouteDestination{{Destination: to}},
	}
}
