// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

// A portPlanner is where a pattern reports what is wrong with its port.
type portPlanner struct {
	planner     *planner
	path        string // of the port, or of the list that has none
	destination Destination
	way         way
	number      int
}

// reportf adds an error for a field of the port.
func (p *portPlanner) reportf(code Code, field, format string, args ...any) {
	p.planner.reportf(code, p.field(field), format, args...)
}

// warnf adds a warning for a field of the port.
func (p *portPlanner) warnf(code Code, field, format string, args ...any) {
	p.planner.warnf(code, p.field(field), format, args...)
}

// field leads to a field of the port, and to the list of ports if that is empty.
func (p *portPlanner) field(name string) string {
	if len(p.destination.Ports) == 0 {
		return p.path
	}
	return schema.Child(p.path, name)
}

// checkPlainHTTP judges what patterns have in common whose application speaks
// plain HTTP.
func (p *portPlanner) checkPlainHTTP(retries *Retries) {
	if p.number == 443 {
		p.reportf(PlainHTTPOn443, "port", "must not be 443 where the application speaks plain HTTP: sidecars would take all HTTPS of their workloads for plain HTTP and break it; use port 80, or TLSPassthrough for an application that opens TLS itself")
	}
	if retries != nil && retries.Attempts == 0 && (retries.PerTryTimeout != 0 || len(retries.RetryOn) > 0) {
		p.reportf(RetriesOff, "retries", "must not have perTryTimeout or retryOn with `attempts: 0`, which turns retries off; remove them, or set attempts to 1 or more")
	}
	if p.way.proxy != nil {
		p.reportf(ForwardProxyConflict, "pattern", "must be TLSPassthrough or TCP where a forwardProxy leads to the host: Istio tunnels connections, and no requests; let the application open TLS, and use TLSPassthrough")
	}
}

// checkTCP judges what only TCP needs.
func (p *portPlanner) checkTCP() {
	if len(p.destination.Addresses) == 0 && !p.way.service.hasAddresses() {
		p.planner.reportf(MissingField, schema.Child(parent(parent(p.path)), "addresses"), "is missing; it must be a list of the addresses of the host, such as [203.0.113.7] or [203.0.113.0/24]: a port with the pattern TCP is told by address alone")
	}
}

// checkWildcardTLS judges wildcards where traffic names its host by SNI.
func (p *portPlanner) checkWildcardTLS() {
	d := p.destination
	switch {
	case !d.hasWildcard():
	case p.way.proxy != nil && d.WildcardServer == "":
		p.reportf(UnsupportedWildcard, "pattern", "must not be used with a wildcard where a forwardProxy leads to the host: Istio asks the proxy for one host only; list the hosts in destinations of their own, or set wildcardServer if one host serves all names")
	case d.hasTarget():
	case p.way.gateway != nil:
		p.reportf(UnsupportedWildcard, "pattern", "must not be used with a wildcard through a gateway, which cannot look up what a wildcard stands for; set wildcardServer if one host serves all names, or list the hosts, or use `via: Sidecar`")
	case !p.way.dynamicDNS:
		p.warnf(OpenWildcard, "pattern", "opens every address on port %d: before Istio %s sidecars cannot look up what a wildcard stands for, and believe any caller that names such a host; set wildcardServer if one host serves all names, or list the hosts", p.number, dynamicDNSVersion)
	}
}

// checkWildcardHTTP judges wildcards where traffic names its host by authority.
func (p *portPlanner) checkWildcardHTTP(limits bool) {
	d := p.destination
	switch {
	case !d.hasWildcard():
	case p.way.gateway != nil:
		p.reportf(UnsupportedWildcard, "pattern", "must not be HTTP with a wildcard through a gateway, which knows requests by one host each; list the hosts, or use `via: Sidecar` with wildcardServer")
	case limits:
		p.reportf(UnsupportedWildcard, "pattern", "must not have timeout or retries with a wildcard: the route would take over the requests of other destinations below it; remove them, or list the hosts")
	case !d.hasTarget():
		p.reportf(UnsupportedWildcard, "pattern", "must not be HTTP with a wildcard, unless it is known where it leads: of all hosts on a port, Istio lets sidecars look up the wildcard that is declared first; set wildcardServer if one host serves all names, or list the hosts")
	}
}

// refuseWildcard judges wildcards where the mesh itself has to name the host.
func (p *portPlanner) refuseWildcard() {
	if p.destination.hasWildcard() {
		p.reportf(UnsupportedWildcard, "pattern", "must not be TLSOrigination with a wildcard: the mesh opens TLS to a host whose name it knows and verifies; list the hosts")
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

func joinInts(numbers []int) string {
	var texts []string
	for _, n := range numbers {
		texts = append(texts, strconv.Itoa(n))
	}
	return strings.Join(texts, ", ")
}

// routes lets the pattern of each port plan it.
func (p *planner) routes(path string, w way, from Destination) []route {
	ports := from.Ports
	if len(ports) == 0 {
		ports = []Port{{Number: 443, Pattern: &TLSPassthrough{}}}
	}
	path = schema.Child(path, "ports")
	if len(ports) > maxItems {
		p.reportf(InvalidValue, path, "must have at most %d ports, got %d; that is what a ServiceEntry holds", maxItems, len(ports))
	}
	var routes []route
	for i, port := range ports {
		at := path
		if len(from.Ports) > 0 {
			at = schema.Item(path, i)
		}
		if routeAt(routes, port.Number) != nil {
			p.reportf(DuplicatePort, schema.Child(at, "port"), "must stand only once in the list, got %d again; one port has one pattern", port.Number)
			continue
		}
		r := port.Pattern.route(&portPlanner{p, at, from, w, port.Number})
		r.port = port.Number
		routes = append(routes, r)
	}
	slices.SortFunc(routes, func(a, b route) int { return cmp.Compare(a.port, b.port) })
	return routes
}
