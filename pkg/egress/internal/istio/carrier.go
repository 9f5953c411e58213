// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	networking "istio.io/api/networking/v1"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// A carrier leads calls by what proxies see of them.
type carrier interface {
	// laneKind returns the kind of the lanes of a host.
	laneKind(d *ir.Destination, h ir.Host) string
	// cross says how a lane crosses the hop.
	cross(l lane) crossing
	// addHopRoute leads a lane from a sidecar to the gateway.
	addHopRoute(spec *networking.VirtualService, l lane)
	// addExitRoute leads a lane from the hop to its end. It follows what kind of route
	// Istio wants for the kind of server: http for HTTP, tls for TLS that the gateway
	// passes, tcp for everything else.
	addExitRoute(spec *networking.VirtualService, l lane)
	// needsSidecarRoute reports whether a port needs a route straight from the sidecar.
	needsSidecarRoute(d *ir.Destination, h ir.Host, r ir.Route) bool
	// addSidecarRoute leads a port of a host straight from the sidecar.
	addSidecarRoute(spec *networking.VirtualService, d *ir.Destination, h ir.Host, r ir.Route)
}

func carrierOf(r ir.Route) carrier {
	switch r.Protocol.Layer() {
	case ir.LayerHTTP:
		return httpCarrier{}
	case ir.LayerTLS:
		return tlsCarrier{}
	case ir.LayerTCP:
		return tcpCarrier{}
	}
	panic("istio: no carrier for the protocol " + string(r.Protocol))
}
