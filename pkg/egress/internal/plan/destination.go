// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/address"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/facts"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// A destination is one that is being planned.
type destination struct {
	*maker

	name   string
	path   field.Path
	from   api.Destination
	way    ir.Way
	onward ir.Onward
}

// plan plans the destination: in parts, if it has TCP beside other patterns, and not at all
// without a gateway that it needs.
func (d destination) plan() []*ir.Destination {
	d.checkExpiry()
	d.onward = d.planOnward()
	var ok bool
	if d.way, ok = d.planWay(); !ok {
		return nil
	}
	clients, narrowed := d.planClients()
	d.checkHosts()
	d.checkService()
	routes := d.planRoutes()
	d.checkEndpoints(routes)
	d.checkTrafficPolicy(routes)
	common := ir.Destination{
		Bundle:      d.id,
		Name:        d.name,
		Path:        d.path,
		Description: d.from.Description,
		Owner:       d.from.Owner,
		Ticket:      d.from.Ticket,
		Expires:     d.from.Expires,
		Clients:     clients,
		Narrowed:    narrowed,
		Way:         d.way,
		Onward:      d.onward,

		NamesClients:  len(d.from.Clients) > 0,
		OwnRequestIDs: d.ownRequestIDs(),
	}
	return d.parts(common, routes)
}

// parts tells what sidecars know by name from what they know by address. A Service has
// both.
func (d destination) parts(common ir.Destination, routes []ir.Route) []*ir.Destination {
	var parts []*ir.Destination
	byName, byAddress := d.split(routes)
	addresses := d.addresses()
	requested := d.requested(byName, addresses)
	if len(byName) > 0 {
		part := common
		part.Hosts, part.Told = d.hosts()
		part.Routes, part.Addresses = byName, requested
		part.Allocated = d.isToldByDNS() && part.Has(ir.Route.IsTCP)
		parts = append(parts, &part)
	}
	if len(byAddress) > 0 && d.checkTCPHost() {
		part := common
		part.Told = ir.ByAddress
		part.Hosts = []ir.Host{{Name: d.from.Hosts[0], Outside: d.from.Hosts[0], Path: d.path.Child("hosts").Item(0)}}
		part.Routes, part.Addresses = byAddress, addresses
		d.checkRanges(addresses)
		parts = append(parts, &part)
	}
	if len(byAddress)+len(requested) == 0 && len(addresses) > 0 {
		d.Report(d.path.Child("addresses"), unusedAddresses())
	}
	return parts
}

// requested returns the address that stands for a host in requests: of several, Istio puts one into
// its routes. That of a host with TLS does not: sidecars would look for its TLS at this address
// alone.
func (d destination) requested(byName []ir.Route, addresses []ir.Address) []ir.Address {
	isConnection := func(r ir.Route) bool { return !r.IsHTTP() }
	isOne := len(addresses) == 1 && !address.IsRange(addresses[0].Text) && len(d.from.Hosts) == 1 && !hasWildcard(d.from)
	if !isOne || slices.ContainsFunc(byName, isConnection) {
		return nil
	}
	return addresses
}

func (d destination) split(routes []ir.Route) (byName, byAddress []ir.Route) {
	for _, r := range routes {
		if r.IsTCP() && !isService(d.from) && !d.isToldByDNS() {
			byAddress = append(byAddress, r)
		} else {
			byName = append(byName, r)
		}
	}
	return byName, byAddress
}

// isToldByDNS reports whether sidecars can tell TCP by the name that its application looked up.
func (d destination) isToldByDNS() bool {
	return d.mesh.DNSCapture && d.from.Service == nil && len(d.from.Addresses) == 0
}

func (d destination) planOnward() ir.Onward {
	if d.from.ForwardProxy != nil && len(d.from.Endpoints) > 0 {
		d.Report(d.path.Child("endpoints"), endpointsBesideProxy())
	}
	return ir.Onward{
		Service:        sortedService(d.from.Service),
		WildcardServer: d.from.WildcardServer,
		DynamicDNS:     facts.HasDynamicDNS(d.mesh),
		Endpoints:      sortedEndpoints(d.from.Endpoints),
		Policy:         sortedPolicy(d.from.TrafficPolicy),
		Proxy:          plainProxy(d.from.ForwardProxy),
	}
}

// planWay plans how the destination is reached. It is not ok without a gateway that is
// needed.
func (d destination) planWay() (way ir.Way, ok bool) {
	switch {
	case d.from.Via == api.ViaSidecar:
		d.refuseHop()
		return ir.FromSidecar{}, true
	case isService(d.from):
		return ir.FromSidecar{}, true // which checkServiceAddresses reports
	}
	gateway := d.gateway()
	if gateway == nil {
		return nil, false
	}
	return ir.ThroughGateway{Gateway: gateway, MutualTLS: *cmp.Or(d.from.MutualTLS, d.mesh.MutualTLS)}, true
}

// refuseHop refuses what has a meaning only on the way through a gateway.
func (d destination) refuseHop() {
	if d.from.Gateway != "" {
		d.Report(d.path.Child("gateway"), onlyThroughGateway())
	}
	if d.from.MutualTLS != nil {
		d.Report(d.path.Child("mutualTLS"), onlyThroughGateway())
	}
}

// gateway returns the gateway of the destination, and nil with a report if there is none.
func (d destination) gateway() *ir.Gateway {
	path := d.path.Child("gateway")
	if d.from.Gateway == "" && len(d.gateways) > 1 {
		d.Report(path, ambiguousGateway(d.gateways))
		return nil
	}
	name := cmp.Or(d.from.Gateway, d.gateways[0])
	if d.planned[name] == nil {
		d.Report(path, unknownGateway(d.gateways, name))
	}
	return d.planned[name]
}

// checkExpiry reports a destination whose last day is over. Without a day to judge by, none is.
func (d destination) checkExpiry() {
	if d.from.Expires == "" || d.from.Expires >= d.asOf {
		return
	}
	finding := expired(d.from, d.asOf)
	if d.mesh.ExpiredDestinations == api.ExpiredDestinationsDeny {
		finding.Severity = diag.SeverityError
	}
	d.Report(d.path.Child("expires"), finding)
}
