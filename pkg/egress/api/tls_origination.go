// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package api

// TLSOrigination is the pattern of an application that speaks plain HTTP to a
// host that wants TLS. The mesh opens the TLS: at the gateway, or at the
// sidecar with ViaSidecar.
type TLSOrigination struct {
	ClientTLS
	// PathOptions are what is so for the requests of every path that Paths does not have.
	PathOptions

	// Protocol is what the application speaks: HTTP, HTTP2 or GRPC.
	// Default: HTTP, which is HTTP/1.1.
	Protocol string `json:"protocol,omitempty"`
	// UpstreamPort is the port of the host that speaks TLS. Default: 443.
	UpstreamPort int `json:"upstreamPort,omitempty"`
	// Allow is what requests may pass the gateway: those that one of its entries
	// describes. It needs ViaGateway. Default: every request.
	Allow []AllowedRequest `json:"allow,omitempty"`
	// Paths are what is so for some paths only, by the path: as it is, or with a * at
	// its end for all that start so. Of several the most exact one is followed. What
	// it does not say is as for the port.
	Paths map[string]PathOptions `json:"paths,omitempty"`
}

var tlsOriginationInfo = PatternInfo{
	Name:        "TLSOrigination",
	Application: "speaks plain HTTP",
	Mesh:        "opens TLS to the host",
	New:         func() Pattern { return &TLSOrigination{} },
}

func (*TLSOrigination) isPattern() {}
