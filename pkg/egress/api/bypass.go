// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package api

// A Bypass is traffic that skips the proxies of the clients, and with them
// everything that the mesh does. It takes effect when the Pods of the clients
// are annotated: see egress.Output.Patches.
type Bypass struct {
	// CIDRs are IP addresses and ranges that are called without the proxy.
	CIDRs []string `json:"cidrs,omitempty"`
	// Ports are called without the proxy, on every host.
	Ports []int `json:"ports,omitempty"`
}
