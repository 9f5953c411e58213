// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import "cmp"

// HTTP is the pattern of an application that speaks plain HTTP. The mesh routes
// it by host, and it leaves as plain HTTP.
type HTTP struct {
	// Protocol is what the application speaks: HTTP, HTTP2 or GRPC.
	// Default: HTTP, which is HTTP/1.1.
	Protocol string `json:"protocol,omitempty"`
	// Allow is what requests may pass the gateway: those that one of its entries
	// describes. It needs ViaGateway. Default: every request.
	Allow []AllowedRequest `json:"allow,omitempty"`
	// Timeout limits a request, with its retries. Default: no limit.
	Timeout Duration `json:"timeout,omitempty"`
	// Retries says how failed requests are repeated. Default: as the mesh
	// does it.
	Retries *Retries `json:"retries,omitempty"`
}

var httpInfo = PatternInfo{
	Name:        "HTTP",
	Application: "speaks plain HTTP",
	Mesh:        "routes by host, leaves as plain HTTP",
	empty:       func() Pattern { return &HTTP{} },
}

func (h *HTTP) route(p *portPlanner) route {
	p.checkPlainHTTP(h.Retries)
	p.checkAllow(h.Allow)
	p.checkWildcardHTTP(h.Timeout != 0 || h.Retries != nil)
	return route{
		protocol: cmp.Or(h.Protocol, "HTTP"),
		exit:     exit{port: p.number, allow: sortedRequests(h.Allow), timeout: h.Timeout, retries: h.Retries.sorted()},
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
