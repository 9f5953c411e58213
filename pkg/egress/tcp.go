// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

// TCP is the pattern of an application that speaks any protocol over TCP. The
// mesh knows it by the address that is called; so its destination needs
// Addresses.
type TCP struct {
	// GatewayPort is one of the ports for TCP of the gateway, for this port
	// alone. It must be set where the hop to the gateway is not mutual TLS,
	// and not be set anywhere else.
	GatewayPort int `json:"gatewayPort,omitempty"`
}

var tcpInfo = PatternInfo{
	Name:        "TCP",
	Application: "speaks any protocol over TCP",
	Mesh:        "routes by the address that is called",
	empty:       func() Pattern { return &TCP{} },
}

func (t *TCP) route(p *portPlanner) route {
	p.checkTCP()
	p.checkGatewayPort(t.GatewayPort)
	return route{protocol: protocolTCP, gatewayPort: t.GatewayPort, exit: exit{port: p.number}}
}

// checkTCP judges what only TCP needs.
func (p *portPlanner) checkTCP() {
	if len(p.destination.Addresses) == 0 && !p.way.service.hasAddresses() {
		p.planner.reportf(MissingField, schema.Child(parent(parent(p.path)), "addresses"), "is missing; it must be a list of the addresses of the host, such as [203.0.113.7] or [203.0.113.0/24]: a port with the pattern TCP is told by address alone")
	}
}

// checkGatewayPort judges which port of the gateway TCP takes. Over mutual TLS
// it is told by a server name; without, the gateway has nothing but the port.
func (p *portPlanner) checkGatewayPort(number int) {
	g := p.way.gateway
	switch {
	case g == nil && number != 0:
		p.reportf(NeedsGateway, "gatewayPort", onlyWithGateway)
	case g == nil:
	case p.way.mutualTLS && number != 0:
		p.reportf(GatewayPortConflict, "gatewayPort", "must not be set where the hop to the gateway is mutual TLS: any number of destinations share its port %d; remove it", g.tlsPort)
	case p.way.mutualTLS:
	case len(g.tcpPorts) == 0:
		p.reportf(NeedsMutualTLS, "pattern", "must not be TCP without mutual TLS on the hop: gateway %q has no port for it; set `mutualTLS: true`, or give the gateway a port in ports.tcp of the mesh and name it in gatewayPort", g.name)
	case number == 0:
		p.reportf(MissingField, "gatewayPort", "is missing; it must be one of the ports for TCP of gateway %q (%s): without mutual TLS each port with the pattern TCP needs one of its own", g.name, joinInts(g.tcpPorts))
	case !slices.Contains(g.tcpPorts, number):
		p.reportf(UnknownGatewayPort, "gatewayPort", "must be one of the ports for TCP of gateway %q (%s), got %d; without mutual TLS each port with the pattern TCP needs one of its own", g.name, joinInts(g.tcpPorts), number)
	}
}
