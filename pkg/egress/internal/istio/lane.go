// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
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
	// domain is that of the lanes of one port, which differ in nothing but their hosts.
	domain string
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
			l.domain = strings.Join([]string{strconv.Itoa(r.Port), d.Name, root}, ".")
			l.name = madeUpName(domainOf(h), l.domain)
			l.crossing = carrier.cross(l)
			lanes = append(lanes, l)
		}
	}
	return lanes
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
