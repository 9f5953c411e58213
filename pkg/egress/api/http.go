// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package api

// HTTP is the pattern of an application that speaks plain HTTP. The mesh routes
// it by host, and it leaves as plain HTTP.
type HTTP struct {
	// PathOptions are what is so for the requests of every path that Paths does not have.
	PathOptions

	// Protocol is what the application speaks: HTTP, HTTP2 or GRPC.
	// Default: HTTP, which is HTTP/1.1.
	Protocol string `json:"protocol,omitempty"`
	// Allow is what requests may pass the gateway: those that one of its entries
	// describes. It needs ViaGateway. Default: every request.
	Allow []AllowedRequest `json:"allow,omitempty"`
	// Paths are what is so for some paths only, by the path: as it is, or with a * at
	// its end for all that start so. Of several the most exact one is followed. What
	// it does not say is as for the port.
	Paths map[string]PathOptions `json:"paths,omitempty"`
}

var httpInfo = PatternInfo{
	Name:        "HTTP",
	Application: "speaks plain HTTP",
	Mesh:        "routes by host, leaves as plain HTTP",
	New:         func() Pattern { return &HTTP{} },
}

func (*HTTP) isPattern() {}
