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

// Retries says how failed requests are repeated.
type Retries struct {
	// Attempts is how often a failed request is repeated, from 0 to 100.
	// 0 turns retries off; then the other fields must be empty.
	Attempts int `json:"attempts"`
	// PerTryTimeout limits each attempt. Default: the timeout of the port.
	PerTryTimeout Duration `json:"perTryTimeout,omitempty"`
	// RetryOn are conditions that Envoy knows, such as 5xx, reset and
	// connect-failure, or HTTP status codes. Default: as the mesh does it.
	RetryOn []string `json:"retryOn,omitempty"`
}

var httpInfo = PatternInfo{
	Name:        "HTTP",
	Application: "speaks plain HTTP",
	Mesh:        "routes by host, leaves as plain HTTP",
	empty:       func() Pattern { return &HTTP{} },
}

func (h *HTTP) route(p *portPlanner) route {
	p.checkPlainHTTP(h.Retries)
	return route{
		protocol: cmp.Or(h.Protocol, "HTTP"),
		exit:     exit{port: p.number, timeout: h.Timeout, retries: h.Retries},
	}
}
