// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package ir holds plans, as values only: what bundles mean, with every default applied,
// every reference resolved and every list sorted.
//
// It builds no objects, and reads no YAML and no CUE. Each value knows the field of the bundle
// that it comes from, so that rules about plans can say where.
package ir

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/source"
)

// A BundleID identifies a bundle.
type BundleID struct{ Namespace, Name string }

// String returns NAMESPACE/NAME.
func (id BundleID) String() string { return id.Namespace + "/" + id.Name }

// A Plan is what one bundle means.
type Plan struct {
	Subject source.Subject // the bundle, for messages
	Bundle  BundleID
	Mesh    api.Mesh // with defaults
	Clients Clients
	// Destinations are sorted by name. One that has TCP beside other patterns is two:
	// what is told by name, and what is told by address.
	Destinations []*Destination
	Bypass       *Bypass     // nil: nothing skips the proxies
	Enforce      api.Enforce // with defaults
}

// Clients are workloads, by namespace.
type Clients struct {
	Namespaces []string // sorted
	// Accounts are the service accounts of a namespace, sorted; none means every
	// one.
	Accounts map[string][]string
}

// Equal reports whether two are the same workloads.
func (c Clients) Equal(other Clients) bool {
	sameAccounts := func(namespace string) bool {
		return slices.Equal(c.Accounts[namespace], other.Accounts[namespace])
	}
	return slices.Equal(c.Namespaces, other.Namespaces) && !slices.ContainsFunc(c.Namespaces, func(n string) bool { return !sameAccounts(n) })
}

// AreNamed reports whether each is a service account that is named, and none is a whole
// namespace.
func (c Clients) AreNamed() bool {
	return !slices.ContainsFunc(c.Namespaces, func(n string) bool { return len(c.Accounts[n]) == 0 })
}

// A Bypass is what skips the proxies of the clients.
type Bypass struct {
	Prefixes []string // ranges, sorted
	Ports    []int    // sorted
}

// NameOf names a destination in messages, and where it stands.
func (p *Plan) NameOf(d *Destination) string {
	return fmt.Sprintf("destination %q of %s%s", d.Name, p.Subject.Object, source.InParentheses(p.Subject.Position(d.Path)))
}

// Gateways returns the gateways that the bundle uses, sorted by name.
func (p *Plan) Gateways() []*Gateway {
	used := map[string]*Gateway{}
	for _, d := range p.Destinations {
		if way, ok := d.Way.(ThroughGateway); ok {
			used[way.Gateway.Name] = way.Gateway
		}
	}
	var gateways []*Gateway
	for _, name := range slices.Sorted(maps.Keys(used)) {
		gateways = append(gateways, used[name])
	}
	return gateways
}

// NamespaceOf returns the namespace of a Service of the cluster that an address names, and
// nothing if it names none.
func (p *Plan) NamespaceOf(address string) string {
	service, ok := strings.CutSuffix(strings.TrimSuffix(address, "."+p.Mesh.ClusterDomain), ".svc")
	if !ok {
		return ""
	}
	return service[strings.LastIndex(service, ".")+1:]
}

// AllowAny is the OutboundTrafficPolicy of a mesh whose workloads reach what nothing
// declares.
const AllowAny = "ALLOW_ANY"

// Through returns the destinations that are reached through a gateway of the mesh.
func (p *Plan) Through(g *Gateway) []*Destination {
	var through []*Destination
	for _, d := range p.Destinations {
		if way, ok := d.Way.(ThroughGateway); ok && way.Gateway.Name == g.Name {
			through = append(through, d)
		}
	}
	return through
}

// FromSidecarsOf returns the destinations that a client reaches straight from the sidecar.
func (p *Plan) FromSidecarsOf(client string) []*Destination {
	var direct []*Destination
	for _, d := range p.Destinations {
		if _, ok := d.Way.(FromSidecar); ok && slices.Contains(d.Clients.Namespaces, client) {
			direct = append(direct, d)
		}
	}
	return direct
}

// GatewayNamespaces returns the namespaces, but for that of a client itself, in which the mesh
// has gateways: the client must see what stands there to reach any. They are sorted.
func (p *Plan) GatewayNamespaces(client string) []string {
	namespaces := map[string]bool{}
	for _, g := range p.Mesh.Gateways {
		if g.Namespace != client {
			namespaces[g.Namespace] = true
		}
	}
	return slices.Sorted(maps.Keys(namespaces))
}

// Selects reports whether a selector selects what has some labels.
func Selects(selector, labels map[string]string) bool {
	for key, value := range selector {
		if labels[key] != value {
			return false
		}
	}
	return true
}
