// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

func (p port) tcp(pattern *api.TCP) ir.Route {
	switch {
	case p.isToldByDNS() && hasWildcard(p.from):
		p.reportField("pattern", tcpOfWildcard())
	case len(p.from.Addresses) == 0 && p.from.Service == nil && !p.isToldByDNS():
		p.Report(p.destination.path.Child("addresses"), missingAddresses())
	}
	switch way := p.way.(type) {
	case ir.FromSidecar:
		if pattern.GatewayPort != 0 {
			p.reportField("gatewayPort", onlyThroughGateway())
		}
	case ir.ThroughGateway:
		p.checkGatewayPort(way, pattern.GatewayPort)
	}
	return ir.Route{Protocol: ir.TCP, GatewayPort: pattern.GatewayPort, Exit: ir.Exit{Port: p.number}}
}

// checkGatewayPort judges which port of the gateway TCP takes. Over mutual TLS
// it is told by a server name; without, the gateway has nothing but the port.
func (p port) checkGatewayPort(way ir.ThroughGateway, number int) {
	g := way.Gateway
	switch {
	case way.MutualTLS && number != 0:
		p.reportField("gatewayPort", gatewayPortOverMutualTLS(g.TLSPort))
	case way.MutualTLS:
	case len(g.TCPPorts) == 0:
		p.reportField("pattern", gatewayWithoutTCPPort(g.Name))
	case number == 0:
		p.reportField("gatewayPort", missingGatewayPort(g.Name, g.TCPPorts))
	case !slices.Contains(g.TCPPorts, number):
		p.reportField("gatewayPort", unknownGatewayPort(g.Name, g.TCPPorts, number))
	}
}
