// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/shard"
)

// planRoutes lets the pattern of each port plan it.
func (d destination) planRoutes() []ir.Route {
	listed := len(d.from.Ports) > 0
	ports := d.from.Ports
	if !listed {
		ports = []api.Port{{Number: 443, Pattern: &api.TLSPassthrough{}}}
	}
	path := d.path.Child("ports")
	if len(ports) > shard.Size {
		d.Report(path, tooManyPorts(len(ports)))
		ports = ports[:shard.Size]
	}
	toProxy := d.planProxyTLS()
	var routes []ir.Route
	for i, from := range ports {
		p := port{destination: d, path: path, listed: listed, number: from.Number}
		if listed {
			p.path = path.Item(i)
		}
		if ir.RouteAt(routes, from.Number) != nil {
			d.Report(p.path.Child("port"), portTwice(from.Number))
			continue
		}
		r := p.route(from.Pattern)
		r.Port, r.Path, r.Listed = from.Number, p.path, listed
		p.checkReserved(r)
		if toProxy != nil && !r.IsHTTP() {
			r.Exit.TLS = toProxy
		}
		routes = append(routes, r)
	}
	slices.SortFunc(routes, func(a, b ir.Route) int { return cmp.Compare(a.Port, b.Port) })
	return routes
}

// A port is one that is being planned.
type port struct {
	destination

	path   field.Path // of the port, or of the list that has none
	listed bool
	number int
	// protocol is what applications speak, with patterns that let them choose.
	protocol ir.Protocol
}

// route plans the port as its pattern says.
func (p port) route(pattern api.Pattern) ir.Route {
	switch pattern := pattern.(type) {
	case *api.HTTP:
		return p.http(pattern)
	case *api.TCP:
		return p.tcp(pattern)
	case *api.TLSOrigination:
		return p.tlsOrigination(pattern)
	case *api.TLSPassthrough:
		return p.tlsPassthrough()
	default:
		panic(fmt.Sprintf("plan: no route for the pattern %T", pattern))
	}
}

// portsOfSidecars are those on which sidecars listen at every address: two for all that
// applications send and get, one that says whether they are ready, and one for metrics.
// https://istio.io/latest/docs/ops/deployment/application-requirements/#ports-used-by-istio
//
// What is told by address has a listener of its own. Otherwise Istio leaves a listener for HTTP
// out, and Envoy takes no configuration in which a listener for TLS meets one of the first
// two: its Pod is never ready.
var portsOfSidecars = []int{15001, 15006, 15021, 15090}

// checkReserved refuses ports on which sidecars listen themselves.
func (p port) checkReserved(r ir.Route) {
	byAddress := r.IsTCP() || isService(p.from) && !r.IsHTTP()
	if slices.Contains(portsOfSidecars, p.number) && !byAddress {
		p.reportField("port", portOfSidecars(p.number))
	}
}

// reportField reports a finding at a field of the port, and at the list of ports if that is
// empty.
func (p port) reportField(name string, f diagnose.Finding) { p.Report(p.fieldPath(name), f) }

func (p port) fieldPath(name string) field.Path {
	if !p.listed {
		return p.path
	}
	return p.path.Child(name)
}

// requests plans what patterns have in common whose application speaks plain HTTP.
func (p port) requests(
	protocol string, allow []api.AllowedRequest, own api.PathOptions, paths map[string]api.PathOptions,
) ir.Route {
	p.protocol = cmp.Or(ir.Protocol(protocol), ir.HTTP)
	p.checkPlainHTTP()
	p.checkAllow(allow)
	p.checkShapes(own, paths, allow)
	return ir.Route{Protocol: p.protocol, Exit: ir.Exit{Allow: sortedRequests(allow), Shapes: p.shapes(own, paths)}}
}

// checkPlainHTTP judges what patterns have in common whose application speaks
// plain HTTP.
func (p port) checkPlainHTTP() {
	if p.number == 443 {
		p.reportField("port", plainHTTPOn443())
	}
	if p.onward.Proxy != nil {
		p.reportField("pattern", requestsThroughProxy())
	}
}

// checkAllow refuses limits of requests where nothing but the caller's own proxy
// would keep them.
func (p port) checkAllow(allow []api.AllowedRequest) {
	if _, fromSidecar := p.way.(ir.FromSidecar); fromSidecar && len(allow) > 0 {
		p.reportField("allow", allowFromSidecar())
	}
	for i, r := range allow {
		if len(r.Methods)+len(r.Paths) == 0 {
			p.Report(p.fieldPath("allow").Item(i), emptyAllow())
		}
		for j, path := range r.Paths {
			p.checkPath(p.fieldPath("allow").Item(i).Child("paths").Item(j), path)
		}
	}
}

// sortedRequests returns descriptions of requests in an order of their own: they
// are a set, as are the methods and the paths of each.
func sortedRequests(from []api.AllowedRequest) []api.AllowedRequest {
	var sorted []api.AllowedRequest
	for _, r := range from {
		sorted = append(sorted, api.AllowedRequest{
			Methods: setOf(r.Methods),
			Paths:   setOf(r.Paths),
		})
	}
	compare := func(a, b api.AllowedRequest) int {
		return cmp.Or(slices.Compare(a.Paths, b.Paths), slices.Compare(a.Methods, b.Methods))
	}
	slices.SortFunc(sorted, compare)
	return slices.CompactFunc(sorted, func(a, b api.AllowedRequest) bool { return compare(a, b) == 0 })
}

// setOf returns words in an order of their own, each once.
func setOf(words []string) []string { return slices.Compact(slices.Sorted(slices.Values(words))) }
