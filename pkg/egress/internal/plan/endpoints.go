// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/address"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/shard"
)

// sortedEndpoints returns endpoints in an order of their own: they are a set.
func sortedEndpoints(from []api.Endpoint) []api.Endpoint {
	weighted := slices.ContainsFunc(from, func(e api.Endpoint) bool { return e.Weight > 1 })
	var endpoints []api.Endpoint
	for _, e := range from {
		e.Weight = cmp.Or(e.Weight, 1)
		if !weighted {
			e.Weight = 0 // Each gets as much.
		}
		e.Address = address.Normalize(e.Address)
		if len(e.Ports) == 0 {
			e.Ports = nil
		}
		endpoints = append(endpoints, e)
	}
	slices.SortFunc(endpoints, func(a, b api.Endpoint) int { return cmp.Compare(a.Address, b.Address) })
	return endpoints
}

// plainProxy returns a proxy with its address as it is, however it is written.
func plainProxy(from *api.ForwardProxy) *api.ForwardProxy {
	if from == nil {
		return nil
	}
	return &api.ForwardProxy{Address: address.Normalize(from.Address), Port: from.Port}
}

// checkEndpoints judges where the traffic is said to go.
func (d destination) checkEndpoints(routes []ir.Route) {
	path := d.path.Child("endpoints")
	if len(d.from.Endpoints) > shard.Size {
		d.Report(path, tooManyEndpoints(len(d.from.Endpoints)))
	}
	seen := map[string]bool{}
	for i, e := range d.from.Endpoints {
		at, target := path.Item(i), address.Normalize(e.Address)
		if seen[target] {
			d.Report(at.Child("address"), endpointTwice(e.Address))
		}
		seen[target] = true
		d.checkTarget(at.Child("address"), target)
		for _, port := range slices.Sorted(maps.Keys(e.Ports)) {
			if ir.RouteAt(routes, port) == nil {
				d.Report(at.Child("ports").Child(strconv.Itoa(port)), unknownPort(routes, port))
			}
		}
	}
	if d.from.ForwardProxy != nil {
		d.checkTarget(d.path.Child("forwardProxy").Child("address"), address.Normalize(d.from.ForwardProxy.Address))
	}
	d.checkCalled(d.path.Child("addresses"), d.from.Addresses)
	d.checkLookup(routes)
}

// checkLookup refuses ranges of addresses for a host that the sidecar looks up:
// Istio takes them only where nothing is looked up.
func (d destination) checkLookup(routes []ir.Route) {
	if d.from.Via != api.ViaSidecar || !slices.ContainsFunc(routes, ir.Route.IsTCP) {
		return
	}
	lookup := slices.ContainsFunc(d.from.Endpoints, func(e api.Endpoint) bool { return !address.IsIP(e.Address) })
	if d.from.ForwardProxy != nil {
		lookup = lookup || !address.IsIP(d.from.ForwardProxy.Address)
	}
	for i, text := range d.from.Addresses {
		if lookup && address.IsRange(address.Normalize(text)) {
			d.Report(d.path.Child("addresses").Item(i), rangeOfName(text))
		}
	}
}
