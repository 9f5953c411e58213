// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	networking "istio.io/api/networking/v1"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/name"
)

// tlsCarrier leads the TLS of applications, by its server name.
type tlsCarrier struct{}

func (tlsCarrier) laneKind(_ *ir.Destination, h ir.Host) string { return connectionKind(h) }

// connectionKind returns the kind of the lanes of what is TLS on the hop.
func connectionKind(h ir.Host) string {
	if h.IsWildcard() {
		return laneWildcard
	}
	return laneTLS
}

func (tlsCarrier) cross(l lane) crossing {
	if l.way.MutualTLS {
		return crossMutualTLS(l)
	}
	return crossing{
		server: server{
			name:     name.Label(l.ownName()...),
			port:     l.way.EntryPort(l.route),
			protocol: string(ir.TLS),
			host:     l.host.Name,
			tls:      passthrough,
		},
		subset: plainSubset(l.destination),
	}
}

func (tlsCarrier) addHopRoute(spec *networking.VirtualService, l lane) {
	spec.Tls = append(spec.Tls, tlsRoute(l.route.Port, l.host, l.to()))
}

func (tlsCarrier) addExitRoute(spec *networking.VirtualService, l lane) {
	if l.way.MutualTLS {
		spec.Tcp = append(spec.Tcp, tcpRoute(l.crossing.server.port, l.onward()))
		return
	}
	spec.Hosts = []string{l.host.Name}
	spec.Tls = append(spec.Tls, tlsRoute(l.crossing.server.port, l.host, l.onward()))
}

func (tlsCarrier) needsSidecarRoute(d *ir.Destination, _ ir.Host, r ir.Route) bool {
	return exitSubset(d, r) != ""
}

func (tlsCarrier) addSidecarRoute(spec *networking.VirtualService, d *ir.Destination, h ir.Host, r ir.Route) {
	spec.Tls = append(spec.Tls, tlsRoute(r.Port, h, exitTo(h.Name, d, r)))
}

func tlsRoute(port int, h ir.Host, to *networking.Destination) *networking.TLSRoute {
	return &networking.TLSRoute{
		Match: []*networking.TLSMatchAttributes{{Port: uint32(port), SniHosts: []string{h.Name}}},
		Route: []*networking.RouteDestination{{Destination: to}},
	}
}
