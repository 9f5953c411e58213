// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package ir

import (
	"cmp"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/address"
)

// A Leaving is where traffic goes when it leaves the last proxy of the mesh: an IP address,
// a range of them or a name, and a port.
type Leaving struct {
	Address string
	Port    int
}

// Leavings returns where the traffic of a destination leaves to.
func (d *Destination) Leavings() []Leaving {
	var all []Leaving
	for _, h := range d.Hosts {
		for _, r := range d.Routes {
			all = append(all, d.LeavingsOf(h, r)...)
		}
	}
	return all
}

// LeavingsOf returns where the traffic of one port of a host leaves to.
func (d *Destination) LeavingsOf(h Host, r Route) []Leaving {
	var all []Leaving
	for _, target := range d.Targets(h) {
		all = append(all, Leaving{Address: target.Address, Port: cmp.Or(target.Ports[r.Port], r.Exit.Port)})
	}
	if len(all) > 0 {
		return all
	}
	for _, called := range d.calledOutside(h) {
		all = append(all, Leaving{Address: called, Port: r.Exit.Port})
	}
	return all
}

// calledOutside returns what the last proxy calls that has no other target.
func (d *Destination) calledOutside(h Host) []string {
	_, fromSidecar := d.Way.(FromSidecar)
	switch {
	case d.Told == ByService:
		return d.Onward.Service.Addresses
	case fromSidecar && d.Told == ByAddress:
		var called []string
		for _, a := range d.Addresses {
			called = append(called, a.Text)
		}
		return called
	default:
		return []string{h.Outside}
	}
}

// IsUnknown reports whether a NetworkPolicy cannot name where traffic leaves to: it is a
// name, and none of a Service of the cluster.
func (p *Plan) IsUnknown(l Leaving) bool {
	return !address.IsIP(l.Address) && !address.IsRange(l.Address) && p.NamespaceOf(l.Address) == ""
}
