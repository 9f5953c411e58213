// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package ir

import "fmt"

// The ports that schemes imply (RFC 9110, section 4.2).
const (
	httpPort  = 80
	httpsPort = 443
)

// Authority is what requests call a host outside.
func (r Route) Authority(host string) string {
	if r.Exit.TLS != nil {
		return authority(host, r.Exit.Port, httpsPort)
	}
	return authority(host, r.Exit.Port, httpPort)
}

func authority(host string, port, implied int) string {
	if port == implied {
		return host
	}
	return fmt.Sprintf("%s:%d", host, port)
}

// Renames reports whether applications call a host with another authority than it expects.
// A Service has several names, and none of them is the host's; nor is an address.
func (d *Destination) Renames(h Host, r Route) bool {
	if d.Onward.Service != nil {
		return h.Outside != ""
	}
	return len(d.Addresses) > 0 || !h.IsWildcard() && authority(h.Name, r.Port, httpPort) != r.Authority(h.Outside)
}

// TellsLane reports whether requests leave a gateway with the name of their lane, which
// Envoy adds unless the configuration of the gateway's Pods keeps it back.
func (d *Destination) TellsLane() bool {
	through, ok := d.Way.(ThroughGateway)
	return ok && !through.Gateway.HidesLanes && d.Has(Route.IsHTTP)
}
