// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"slices"
	"strconv"

	networking "istio.io/api/networking/v1"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/draft"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
)

// A lane is the way of one port of one host through a gateway. It has a made-up
// name of its own, by which the gateway knows what arrives and where it leaves.
//
// The name of the host itself would not do: of several ServiceEntries for one
// host a gateway follows a single one, unless they agree in everything, and of
// several DestinationRules as well.
type lane struct {
	destination *ir.Destination
	way         ir.ThroughGateway
	host        ir.Host
	route       ir.Route

	// branch is the domain of all lanes that are alike in who may use them.
	branch string
	// name is the host of the ServiceEntry that the gateway follows, and on the hop the
	// SNI of TLS and TCP, and the authority of HTTP, whose SNI is that of its branch.
	name     string
	crossing crossing
}

// lanesOf returns the lanes of a destination, by host and port.
func lanesOf(d *ir.Destination, way ir.ThroughGateway) []lane {
	var lanes []lane
	for _, h := range d.Hosts {
		for _, r := range d.Routes {
			l := lane{destination: d, way: way, host: h, route: r}
			carrier := carrierOf(r)
			root := laneRoot(d.Bundle, carrier.laneKind(d, h))
			l.branch = root
			if d.Narrowed {
				l.branch = d.Name + "." + root
			}
			l.name = madeUpName(domainOf(h), strconv.Itoa(r.Port), d.Name, root)
			l.crossing = carrier.cross(l)
			lanes = append(lanes, l)
		}
	}
	return lanes
}

// drafts returns what leads from the gateway to the host.
func (l lane) drafts(h *hop) []draft.Draft {
	drafts := []draft.Draft{
		l.draft(kind.ServiceEntry, func() any { return l.serviceEntry() }),
		l.draft(kind.VirtualService, func() any { return l.virtualService(h) }),
	}
	if l.hasDestinationRule() {
		drafts = append(drafts, l.draft(kind.DestinationRule, func() any { return l.destinationRule() }))
	}
	return drafts
}

func (l lane) draft(kindName string, spec func() any) draft.Draft {
	return draft.OfRoute(l.destination, l.host, l.route, l.ref(kindName), spec)
}

func (l lane) ref(kindName string) diag.ObjectRef {
	name := draft.Name(l.destination, append(partsOf(l.destination, l.host), strconv.Itoa(l.route.Port))...)
	return diag.ObjectRef{Kind: kindName, Namespace: l.way.Gateway.Namespace, Name: name}
}

// serviceEntry tells the gateway where the lane ends. What arrives as TCP is
// called TLS, which is what it was on the hop: a port that is said to be TCP
// takes every address, in the sidecars of the gateway's namespace too.
func (l lane) serviceEntry() *networking.ServiceEntry {
	targets := workloads(l.destination.Targets(l.host), l.route)
	if len(targets) == 0 {
		targets = []*networking.WorkloadEntry{{Address: l.host.Outside}}
	}
	port := servicePort(l.route, l.route.Exit.Port)
	if l.route.IsTCP() {
		port.Protocol = string(ir.TLS)
	}
	return &networking.ServiceEntry{
		Endpoints:  targets,
		ExportTo:   []string{"."},
		Hosts:      []string{l.name},
		Location:   networking.ServiceEntry_MESH_EXTERNAL,
		Ports:      []*networking.ServicePort{port},
		Resolution: resolution(targets),
	}
}

// virtualService leads from the hop to the end of the lane.
func (l lane) virtualService(h *hop) *networking.VirtualService {
	spec := &networking.VirtualService{
		ExportTo: []string{"."},
		Gateways: []string{h.gatewayOf[l.crossing.server.name]},
		Hosts:    []string{l.name},
	}
	carrierOf(l.route).addExitRoute(spec, l)
	return spec
}

// hasDestinationRule reports whether anything is to be said of how connections are made at
// the end of the lane.
func (l lane) hasDestinationRule() bool {
	return hasPolicy(l.destination, l.route) || exitSubset(l.destination, l.route) != ""
}

// destinationRule says how connections are made at the end of the lane. It opens
// TLS and tunnels in a subset, which adds to the policy for all: if the rule is
// missing, calls fail and do not leave in plain text, or past the proxy.
func (l lane) destinationRule() *networking.DestinationRule {
	spec := &networking.DestinationRule{
		ExportTo:      []string{"."},
		Host:          l.name,
		TrafficPolicy: trafficPolicy(l.destination, l.route),
	}
	if name := exitSubset(l.destination, l.route); name != "" {
		policy := &networking.TrafficPolicy{}
		if l.route.Exit.TLS != nil {
			policy.Tls = upstreamTLS(l.route.Exit.TLS, l.host.Outside, l.way.Gateway.Namespace)
		} else {
			policy.Tunnel = tunnel(l.host, l.route)
		}
		spec.Subsets = []*networking.Subset{{Name: name, TrafficPolicy: policy}}
	}
	return spec
}

// ownName returns what tells the lane from all others of the bundle.
func (l lane) ownName() []string {
	return slices.Concat([]string{l.destination.Name}, partsOf(l.destination, l.host), []string{l.route.Name()})
}

// branchName names what all lanes of the branch share.
func (l lane) branchName(name string) []string {
	if l.destination.Narrowed {
		return []string{l.destination.Name, name}
	}
	return []string{name}
}

// to returns the subset of the gateway that the lane is sent to.
func (l lane) to() *networking.Destination {
	return &networking.Destination{
		Host:   l.way.Gateway.Host,
		Port:   portSelector(l.crossing.server.port),
		Subset: l.crossing.subset.name,
	}
}

// onward returns where the lane leaves to.
func (l lane) onward() *networking.Destination { return exitTo(l.name, l.destination, l.route) }
