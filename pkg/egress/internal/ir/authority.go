// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package ir

import (
	"fmt"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
)

// The ports that schemes imply (RFC 9110, section 4.2).
const (
	httpPort  = 80
	httpsPort = 443
)

// AuthorityAs is what the requests of a path call a host outside.
func (r Route) AuthorityAs(host string, s Shape) string {
	if s.Rewrite != nil && s.Rewrite.Authority != "" {
		return s.Rewrite.Authority
	}
	return r.Authority(host)
}

// Authority is what requests call a host outside, where nothing else is said.
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
func (d *Destination) Renames(h Host, r Route, s Shape) bool {
	if s.Rewrite != nil && s.Rewrite.Authority != "" {
		return true
	}
	if d.Onward.Service != nil {
		return h.Outside != ""
	}
	return len(d.Addresses) > 0 || !h.IsWildcard() && authority(h.Name, r.Port, httpPort) != r.Authority(h.Outside)
}

// The headers by which Envoy tells what a request was before its host and its path were
// replaced. It adds them after everything else: no route can take them away.
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-envoy-original-host
const (
	OriginalHost = "X-Envoy-Original-Host"
	OriginalPath = "X-Envoy-Original-Path"
)

// Originals returns those of them that requests of a route leave with. A gateway is called by
// the name of a lane, which it replaces always. Whether it keeps them back, its Pods say, and
// for sidecars the mesh.
func (d *Destination) Originals(r Route, hidden string) []string {
	through, throughGateway := d.Way.(ThroughGateway)
	hides := hidden == api.ProxyHeadersDisabled
	if throughGateway {
		hides = through.Gateway.HidesLanes
	}
	if hides || !r.IsHTTP() {
		return nil
	}
	var headers []string
	if throughGateway || d.renamesAny(r) {
		headers = append(headers, OriginalHost)
	}
	if slices.ContainsFunc(r.Exit.Shapes, Shape.RewritesURI) {
		headers = append(headers, OriginalPath)
	}
	return headers
}

func (d *Destination) renamesAny(r Route) bool {
	return slices.ContainsFunc(d.Hosts, func(h Host) bool {
		return slices.ContainsFunc(r.Exit.Shapes, func(s Shape) bool { return d.Renames(h, r, s) })
	})
}

// OriginalsOf returns the first of some destinations whose requests leave with any of them, and
// all with which those of the destinations do, sorted. It returns nil if none do.
func OriginalsOf(destinations []*Destination, hidden string) (first *Destination, headers []string) {
	for _, d := range destinations {
		for _, r := range d.Routes {
			headers = append(headers, d.Originals(r, hidden)...)
		}
		if first == nil && len(headers) > 0 {
			first = d
		}
	}
	slices.Sort(headers)
	return first, slices.Compact(headers)
}
