// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conflict

import (
	"strings"

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

// serverNames are the SNIs that a gateway sees without mutual TLS around them.
type serverNames struct {
	first map[string]hostPort // by name
	// below are those below a wildcard: two at most, of which one contradicts whatever
	// contradicts any.
	below map[string][]hostPort
}

// claimServerName looks at TLS, whose SNI is all that the gateway sees.
func (c *claims) claimServerName(gateway string, p hostPort) {
	known := c.serverNames[gateway]
	if known == nil {
		known = &serverNames{first: map[string]hostPort{}, below: map[string][]hostPort{}}
		c.serverNames[gateway] = known
	}
	path := p.route.NumberPath()
	for _, first := range known.meeting(p) {
		switch {
		case first.route.Port != p.route.Port:
			p.bundle.Report(path, sameNameOnTwoPorts(p, first, first.host.Name))
			return
		case first.isElsewhere(p):
			p.bundle.Report(path, sameNameInTwoWays(p, first, first.host.Name))
			return
		}
	}
	known.add(p)
}

// isElsewhere reports whether two leave in different ways. Those of different names do not
// where each is its host itself.
func (p hostPort) isElsewhere(other hostPort) bool {
	bothPlain := p.Onward.IsPlain() && other.Onward.IsPlain()
	return !p.IsReachedLike(other.Destination) && (p.host.Name == other.host.Name || !bothPlain)
}

// meeting returns those whose name is that of p, covers it, or is below it.
func (n *serverNames) meeting(p hostPort) []hostPort {
	var met []hostPort
	for _, name := range append([]string{p.host.Name}, wildcardsAbove(p.host.Name)...) {
		if first, ok := n.first[name]; ok {
			met = append(met, first)
		}
	}
	return append(met, n.below[p.host.Name]...)
}

func (n *serverNames) add(p hostPort) {
	if _, again := n.first[p.host.Name]; again {
		return
	}
	n.first[p.host.Name] = p
	for _, wildcard := range wildcardsAbove(p.host.Name) {
		below := n.below[wildcard]
		if len(below) == 0 || len(below) == 1 && (below[0].route.Port != p.route.Port || below[0].isElsewhere(p)) {
			n.below[wildcard] = append(below, p)
		}
	}
}

// wildcardsAbove returns the wildcards that cover a name.
func wildcardsAbove(name string) []string {
	var all []string
	_, domain, found := strings.Cut(strings.TrimPrefix(name, ir.WildcardPrefix), ".")
	for ; found; _, domain, found = strings.Cut(domain, ".") {
		all = append(all, ir.WildcardPrefix+domain)
	}
	return all
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
