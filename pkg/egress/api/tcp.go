// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package api

// TCP is the pattern of an application that speaks any protocol over TCP. The
// mesh knows it by the address that is called; so its destination needs
// Addresses, unless sidecars answer DNS (DNSCapture of the Mesh): without them it
// is known by the address that they answer with.
type TCP struct {
	// GatewayPort is one of the ports for TCP of the gateway, for this port
	// alone. It must be set where the hop to the gateway is not mutual TLS,
	// and not be set anywhere else.
	GatewayPort int `json:"gatewayPort,omitempty"`
}

var tcpInfo = PatternInfo{
	Name:        "TCP",
	Application: "speaks any protocol over TCP",
	Mesh:        "routes by address, or by name where sidecars answer DNS",
	New:         func() Pattern { return &TCP{} },
}

func (*TCP) isPattern() {}
