// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/address"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
)

// besideServiceEntry looks for what is declared twice: hosts, addresses that hosts may resolve
// to, and gateways.
func (j *judge) besideServiceEntry(n neighbor.Object) {
	for _, g := range j.Gateways() {
		if slices.Contains(n.Spec.Hosts, g.Host) && slices.Contains(j.Clients.Namespaces, n.Ref.Namespace) {
			j.Report(field.Clients, entryTakesGateway(n, g.Name))
		}
	}
	ranged := false
	j.eachCalled(func(c called) bool {
		switch {
		case !c.view.SeesAny(n):
			return false
		case slices.Contains(n.Spec.Hosts, c.name()):
			return j.besideSameHost(n, c)
		case j.besideMoreExact(n, c):
			return true
		default:
			ranged = ranged || j.besideRange(n, c) // One host stands for all.
			return ranged
		}
	})
}

// besideSameHost looks at two declarations of one host. In one namespace the two unite; one
// from elsewhere is not seen any more.
func (j *judge) besideSameHost(n neighbor.Object, c called) (found bool) {
	for _, theirs := range n.Spec.Ports {
		r := c.RouteAt(theirs.Number)
		own := n.Ref.Namespace == c.client
		switch {
		case r == nil && own:
			j.Report(c.host.Path, entryOpensPort(c, theirs.Number, n))
		case r == nil:
			j.Report(c.host.Path, entryLosesPort(c, theirs.Number, n))
		case own && r.IsHTTP() && !isHTTP(theirs.Protocol):
			j.Report(c.host.Path, entrySpeaksOther(c, theirs, n))
		case own && c.fromSidecar() && leadsElsewhere(n, theirs, c, *r):
			j.Report(c.host.Path, entrySplits(c, theirs.Number, n))
		default:
			continue
		}
		return true
	}
	return false
}

// besideMoreExact looks at hosts below a wildcard.
func (j *judge) besideMoreExact(n neighbor.Object, c called) (found bool) {
	i := slices.IndexFunc(n.Spec.Hosts, func(host string) bool { return ir.Covers(c.name(), host) })
	if i < 0 || !c.fromSidecar() || !slices.ContainsFunc(n.Spec.Ports, c.hasPortOf) {
		return false
	}
	j.Report(c.host.Path, entryBelow(c, n.Spec.Hosts[i], n))
	return true
}

func (c called) hasPortOf(theirs neighbor.Port) bool { return c.HasPort(theirs.Number) }

// besideRange looks at ranges of addresses, which Envoy looks at before names. Requests have a
// name all the same.
func (j *judge) besideRange(n neighbor.Object, c called) (found bool) {
	i := slices.IndexFunc(n.Spec.Addresses, address.IsRange)
	if i < 0 || c.Told != ir.ByName {
		return false
	}
	for _, theirs := range n.Spec.Ports {
		if c.hasPortOf(theirs) && !isHTTP(theirs.Protocol) {
			j.Report(c.host.Path, entryBeforeName(c, theirs.Number, n.Spec.Addresses[i], n))
			return true
		}
	}
	return false
}

// isHTTP reports whether Istio makes requests of a port of a ServiceEntry.
func isHTTP(protocol string) bool {
	return slices.Contains([]string{"HTTP", "HTTP2", "GRPC", "GRPC-WEB", "HTTP_PROXY"}, strings.ToUpper(protocol))
}

// leadsElsewhere reports whether the endpoints of a port are others than those of the bundle.
func leadsElsewhere(n neighbor.Object, theirs neighbor.Port, c called, r ir.Route) bool {
	if len(n.Spec.Endpoints) == 0 && (n.Spec.Resolution != "DNS" && n.Spec.Resolution != "DNS_ROUND_ROBIN") {
		return n.Selects() // The others have none.
	}
	return n.Selects() || !slices.Equal(endpointsOf(n, theirs), ownEndpoints(c, r))
}

func endpointsOf(n neighbor.Object, p neighbor.Port) []string {
	port := cmp.Or(p.TargetPort, p.Number)
	var all []string
	for _, e := range n.Spec.Endpoints {
		all = append(all, fmt.Sprint(e.Address, ":", cmp.Or(e.Ports[p.Name], port)))
	}
	if len(all) == 0 {
		for _, host := range n.Spec.Hosts {
			all = append(all, fmt.Sprint(host, ":", port))
		}
	}
	return slices.Sorted(slices.Values(all))
}

func ownEndpoints(c called, r ir.Route) []string {
	var all []string
	for _, e := range c.Targets(c.host) {
		all = append(all, fmt.Sprint(e.Address, ":", cmp.Or(e.Ports[r.Port], r.Exit.Port)))
	}
	if len(all) == 0 {
		all = []string{fmt.Sprint(c.host.Outside, ":", r.Exit.Port)}
	}
	return slices.Sorted(slices.Values(all))
}
