// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"maps"
	"reflect"
	"slices"
)

// A portClaim is a port of a gateway that takes TCP without mutual TLS.
type portClaim struct {
	gateway string
	port    int
}

// addSNI looks at TLS that reaches a gateway without mutual TLS around it. Its
// SNI is all that the gateway sees; everything else has a name of the bundle's
// own there, and cannot collide.
func (c *conflicts) addSNI(p *planner, l lane) {
	known := c.snis[l.gateway.host]
	if known == nil {
		known = map[string]lane{}
		c.snis[l.gateway.host] = known
	}
	for _, name := range meeting(known, l.host.name) {
		switch first := known[name]; {
		case first.port != l.port:
			p.reportf(NeedsMutualTLS, p.portPath(l.destination, l.port), "must not lead to port %d of %s: %s leads to port %d of %s, and without mutual TLS the gateway cannot tell them apart; set `mutualTLS: true`", l.port, l.host.name, first.destination, first.port, name)
			return
		case !reflect.DeepEqual(first.way, l.way) && (name == l.host.name || !first.leavesPlainly() || !l.leavesPlainly()):
			p.reportf(NeedsMutualTLS, p.portPath(l.destination, l.port), "must lead to %s as %s leads to %s, in endpoints, forwardProxy, trafficPolicy and wildcardServer: without mutual TLS the gateway cannot tell them apart; agree, or set `mutualTLS: true`", l.host.name, first.destination, name)
			return
		}
	}
	if _, claimed := known[l.host.name]; !claimed {
		known[l.host.name] = l
	}
}

// leavesPlainly reports whether the way leads to the hosts and says no more.
func (w way) leavesPlainly() bool {
	return len(w.endpoints) == 0 && w.policy == nil && w.proxy == nil
}

// meeting returns the known names that a host is, is below, or covers.
func meeting(known map[string]lane, name string) []string {
	var names []string
	for _, other := range slices.Sorted(maps.Keys(known)) {
		if covers(name, other) || covers(other, name) {
			names = append(names, other)
		}
	}
	return names
}

// addPort looks at TCP that reaches a gateway without mutual TLS around it. The
// port of the gateway is all that tells where it goes.
func (c *conflicts) addPort(p *planner, l lane) {
	claim := portClaim{l.gateway.host, l.gatewayPort}
	first, claimed := c.ports[claim]
	if !claimed {
		c.ports[claim] = l
		return
	}
	path := parent(p.portPath(l.destination, l.port)) + ".gatewayPort"
	p.reportf(GatewayPortConflict, path, "must not be %d, which %s uses for port %d: without mutual TLS each port with the pattern TCP needs one of its own; choose another, or set `mutualTLS: true`", l.gatewayPort, first.destination, first.port)
}
