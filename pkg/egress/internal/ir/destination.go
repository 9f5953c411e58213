// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package ir

import (
	"reflect"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
)

// A Destination is some hosts that are reached in one way.
type Destination struct {
	Bundle      BundleID
	Name        string
	Path        field.Path
	Description string
	Owner       string
	Ticket      string
	Expires     api.Date // the last day on which it may be used; empty: there is none

	// Told is how sidecars tell its calls from others.
	Told  Told
	Hosts []Host // sorted by name
	// Allocated says that istiod allocates an address to each host, with which sidecars answer
	// DNS: calls that carry no name are told by that.
	Allocated bool
	Addresses []Address // if it is told by address, sorted, and the one that stands for the host in requests

	Clients Clients
	// Narrowed says that its clients are not all of the bundle's.
	Narrowed bool
	// NamesClients says that it has clients of its own, be they all of the bundle's.
	NamesClients bool

	Way    Way
	Onward Onward
	// OwnRequestIDs says whether request ids are the application's alone: no proxy on the
	// way makes any.
	OwnRequestIDs bool
	Routes        []Route // by port
}

// The ranges in which istiod allocates addresses, unless it is told others.
// https://istio.io/latest/docs/reference/commands/pilot-discovery/#envvars
const (
	AllocatedIPv4 = "240.240.0.0/16"
	AllocatedIPv6 = "2001:2::/48"
)

// Told is how sidecars tell the calls of a destination from others.
type Told int

const (
	// ByName is by the name that a call carries: its SNI, or the host of its request.
	ByName Told = iota
	// ByAddress is by the address that is called.
	ByAddress
	// ByService is by the address of a Service of the cluster that stands for the host.
	ByService
)

// A Host is what applications call.
type Host struct {
	Name string
	// Outside is what it is called outside. It is empty for addresses without
	// a name, and the name itself for a wildcard that leads to every name.
	Outside string
	Path    field.Path
}

// IsWildcard reports whether the host stands for every name below a domain.
func (h Host) IsWildcard() bool { return IsWildcard(h.Name) }

// An Address is an IP address or a range that applications call.
type Address struct {
	Text string
	Path field.Path
}

// Onward is where the traffic of a destination really goes, and how it is led there.
type Onward struct {
	Service *api.Service // nil: hosts are called by their own names
	// WildcardServer is where wildcards lead; empty: to what is called.
	WildcardServer string
	// DynamicDNS says whether sidecars can look up what a wildcard stands for.
	DynamicDNS bool
	Endpoints  []api.Endpoint     // empty: the hosts
	Policy     *api.TrafficPolicy // nil: as the mesh does it
	Proxy      *api.ForwardProxy  // nil: none
}

// IsPlain reports whether it is the hosts themselves, as the mesh leads there.
func (o Onward) IsPlain() bool {
	return len(o.Endpoints) == 0 && o.Policy == nil && o.Proxy == nil
}

// CanBeSpoofed reports whether calls can carry the name of a host to whatever address: an address
// that istiod allocates is the only one at which sidecars look for connections to its host.
func (d *Destination) CanBeSpoofed() bool {
	return d.Told == ByName && (!d.Allocated || d.Has(Route.IsHTTP))
}

// IsReachedLike reports whether two destinations are reached in one way.
func (d *Destination) IsReachedLike(other *Destination) bool {
	return reflect.DeepEqual(d.Way, other.Way) && reflect.DeepEqual(d.Onward, other.Onward)
}

// RouteAt returns the route of a port, and nil if there is none.
func (d *Destination) RouteAt(port int) *Route { return RouteAt(d.Routes, port) }

// HasPort reports whether one of the routes is for a port.
func (d *Destination) HasPort(port int) bool { return d.RouteAt(port) != nil }

// Has reports whether one of the routes is of some kind.
func (d *Destination) Has(kind func(Route) bool) bool { return slices.ContainsFunc(d.Routes, kind) }

// Targets returns where the traffic of a host goes, with the ports there by those that
// applications call. It is empty if traffic goes to the host by its own name.
func (d *Destination) Targets(h Host) []api.Endpoint {
	o := d.Onward
	switch {
	case o.Proxy != nil:
		proxy := api.Endpoint{Address: o.Proxy.Address, Ports: map[int]int{}}
		for _, r := range d.Routes {
			proxy.Ports[r.Port] = o.Proxy.Port
		}
		return []api.Endpoint{proxy}
	case len(o.Endpoints) > 0:
		return o.Endpoints
	case h.IsWildcard() && h.Outside != h.Name:
		return []api.Endpoint{{Address: h.Outside}}
	default:
		return nil
	}
}

// IsOpen reports whether sidecars let a caller of a wildcard choose where it connects to:
// they cannot look up what the wildcard stands for, and nothing else says it.
func (d *Destination) IsOpen() bool {
	_, fromSidecar := d.Way.(FromSidecar)
	return fromSidecar && !d.Onward.DynamicDNS && slices.ContainsFunc(d.Hosts, func(h Host) bool {
		return h.IsWildcard() && len(d.Targets(h)) == 0
	})
}
