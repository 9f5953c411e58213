// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/name"
)

// The kinds of lanes. Each is a branch of its own, so that the wildcard of one
// covers none of another.
const (
	laneClosed   = "closed" // HTTP whose clients are not all of the bundle's
	laneHTTP     = "http"
	laneTCP      = "tcp"
	laneTLS      = "tls"
	laneWildcard = "wildcard"
)

// laneRoot returns the domain of all lanes of one kind of a bundle.
func laneRoot(b ir.BundleID, kind string) string { return kind + "." + laneDomain(b) }

// laneDomain returns the domain of all lanes of a bundle.
func laneDomain(b ir.BundleID) string {
	return strings.Join([]string{b.Name, b.Namespace, ir.ReservedDomain}, ".")
}

// addressName returns the host of the ServiceEntry of what sidecars know by
// address. It is none that anybody calls: what else the host may be called for is no concern
// of a connection that is told by its address.
func addressName(d *ir.Destination, h ir.Host) string {
	return madeUpName(h.Name, d.Name, laneRoot(d.Bundle, laneTCP))
}

// sidecarName returns the name by which sidecars know a host.
func sidecarName(d *ir.Destination, h ir.Host) string {
	if d.Told == ir.ByAddress {
		return addressName(d, h)
	}
	return h.Name
}

func sidecarNames(d *ir.Destination, hosts []ir.Host) []string {
	names := make([]string, len(hosts))
	for i, h := range hosts {
		names[i] = sidecarName(d, h)
	}
	return names
}

// maxDomain is the length of a DNS name.
const maxDomain = 253

// madeUpName puts a host in front of what makes it unique to the bundle. So bundles never
// meet at a gateway, nor do they meet what somebody wrote by hand, whatever hosts they share.
func madeUpName(host string, parts ...string) string {
	tail := "." + strings.Join(parts, ".")
	if len(host)+len(tail) > maxDomain {
		host = name.Hash(host)
	}
	return host + tail
}

// domainOf returns a host without what makes it a wildcard.
func domainOf(h ir.Host) string { return strings.TrimPrefix(h.Name, ir.WildcardPrefix) }

// partsOf returns what names of objects say of a host.
func partsOf(d *ir.Destination, h ir.Host) []string {
	switch {
	case d.Told == ir.ByService:
		return nil // The destination has no other host.
	case h.IsWildcard():
		return []string{laneWildcard, domainOf(h)}
	default:
		return []string{h.Name}
	}
}
