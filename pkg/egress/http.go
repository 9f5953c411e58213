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
	p.checkWildcardHTTP(h.Timeout != 0 || h.Retries != nil)
	return route{
		protocol: cmp.Or(h.Protocol, "HTTP"),
		exit:     exit{port: p.number, timeout: h.Timeout, retries: h.Retries.sorted()},
	}
}
