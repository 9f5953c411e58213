// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conflict

import (
	"maps"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// A portOfGateway is a port of a gateway that takes TCP without mutual TLS.
type portOfGateway struct {
	gateway string
	port    int
}

// A hostPort is one port of one host on the hop to a gateway.
type hostPort struct {
	*destination

	host  ir.Host
	route ir.Route
}

// claimHop looks at hops without mutual TLS around them. What arrives over mutual TLS, or as
// a request, has a name of the bundle's own at the gateway, and cannot collide.
func (c *claims) claimHop(d *destination) {
	way, ok := d.Way.(ir.ThroughGateway)
	if !ok || way.MutualTLS {
		return
	}
	for _, h := range d.Hosts {
		for _, r := range d.Routes {
			p := hostPort{destination: d, host: h, route: r}
			switch r.Protocol.Layer() {
			case ir.LayerHTTP:
			case ir.LayerTLS:
				c.claimServerName(way.Gateway.Host, p)
			case ir.LayerTCP:
				c.claimGatewayPort(way.Gateway.Host, p)
			}
		}
	}
}

// claimServerName looks at TLS, whose SNI is all that the gateway sees.
func (c *claims) claimServerName(gateway string, p hostPort) {
	known := c.serverNames[gateway]
	if known == nil {
		known = map[string]hostPort{}
		c.serverNames[gateway] = known
	}
	path := p.route.NumberPath()
	for _, name := range meeting(known, p.host.Name) {
		first := known[name]
		bothPlain := first.Onward.IsPlain() && p.Onward.IsPlain()
		switch {
		case first.route.Port != p.route.Port:
			p.bundle.Report(path, sameNameOnTwoPorts(p, first, name))
			return
		case !first.IsReachedLike(p.Destination) && (name == p.host.Name || !bothPlain):
			p.bundle.Report(path, sameNameInTwoWays(p, first, name))
			return
		}
	}
	if _, claimed := known[p.host.Name]; !claimed {
		known[p.host.Name] = p
	}
}

// meeting returns the known names that a host is, is below, or covers.
func meeting(known map[string]hostPort, name string) []string {
	var names []string
	for _, other := range slices.Sorted(maps.Keys(known)) {
		if ir.Covers(name, other) || ir.Covers(other, name) {
			names = append(names, other)
		}
	}
	return names
}

// claimGatewayPort looks at TCP, of which the gateway has nothing but its own port to tell
// where it goes.
func (c *claims) claimGatewayPort(gateway string, p hostPort) {
	claim := portOfGateway{gateway: gateway, port: p.route.GatewayPort}
	first, claimed := c.ports[claim]
	if !claimed {
		c.ports[claim] = p
		return
	}
	p.bundle.Report(p.route.Path.Child("gatewayPort"), gatewayPortTwice(p.route.GatewayPort, first))
}
