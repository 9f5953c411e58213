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
	"github.com/egressbundle/egressbundle/pkg/egress/internal/shard"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// What leads from a gateway to the hosts. The lanes of a domain share an object where it says
// the same of all of them, or can tell them apart.

// exitDrafts returns the objects for the lanes of a destination.
func exitDrafts(lanes []lane, h *hop) []draft.Draft {
	var drafts []draft.Draft
	for _, one := range apart(lanes) {
		drafts = append(drafts, exitDraft(kind.ServiceEntry, one, func() any { return one.Items[0].serviceEntry() }))
	}
	for _, domain := range together(lanes) {
		for _, s := range routeShards(domain) {
			drafts = append(drafts, exitDraft(kind.VirtualService, s, func() any { return exitVirtualService(s.Items, h) }))
		}
		for _, s := range ruleShards(domain) {
			drafts = append(drafts, exitDraft(kind.DestinationRule, s, func() any { return exitRule(s.Items) }))
		}
	}
	return drafts
}

// apart leaves each lane to itself.
func apart(lanes []lane) []shard.Shard[lane] {
	var each []shard.Shard[lane]
	for _, l := range lanes {
		name := append(partsOf(l.destination, l.host), strconv.Itoa(l.route.Port))
		each = append(each, shard.Shard[lane]{Name: name, Items: []lane{l}})
	}
	return each
}

// together groups lanes by their domains.
func together(lanes []lane) []shard.Shard[lane] {
	var domains []shard.Shard[lane]
	at := map[string]int{}
	for _, l := range lanes {
		i, known := at[l.domain]
		if !known {
			i = len(domains)
			at[l.domain] = i
			domains = append(domains, shard.Shard[lane]{Name: domainName(l)})
		}
		domains[i].Items = append(domains[i].Items, l)
	}
	return domains
}

func domainName(l lane) []string {
	if l.host.IsWildcard() {
		return []string{laneWildcard, l.route.Name()}
	}
	return []string{l.route.Name()}
}

// requestRoutes is how many routes of requests an object holds: they are longer than others.
const requestRoutes = shard.Size / 4

// routeShards shares routes where they tell the lanes apart: those of requests see the
// authority, and those of connections nothing of the hop.
func routeShards(domain shard.Shard[lane]) []shard.Shard[lane] {
	first := domain.Items[0]
	if !first.route.IsHTTP() {
		return apart(domain.Items)
	}
	size := max(1, requestRoutes/countMatches(first))
	shards := shard.SplitInto(size, domain.Items, func(l lane) string { return l.name })
	for i := range shards {
		shards[i].Name = slices.Concat(domain.Name, shards[i].Name)
	}
	return shards
}

// countMatches returns how many matches the routes of a lane have.
func countMatches(l lane) int {
	count := 0
	for _, matches := range matchesOf(l) {
		count += len(matches)
	}
	return count
}

// exitVirtualService leads from the hop to the ends of lanes.
func exitVirtualService(lanes []lane, h *hop) *networking.VirtualService {
	spec := &networking.VirtualService{
		ExportTo: []string{"."},
		Gateways: []string{h.gatewayOf[lanes[0].crossing.server.name]},
		Hosts:    []string{hostOf(lanes)},
	}
	for _, l := range lanes {
		carrierOf(l.route).addExitRoute(spec, l)
	}
	return spec
}

// ruleShards shares rules unless they open TLS or a tunnel, which are for one host each.
func ruleShards(domain shard.Shard[lane]) []shard.Shard[lane] {
	switch first := domain.Items[0]; {
	case !first.hasRule():
		return nil
	case exitSubset(first.destination, first.route) != "":
		return apart(domain.Items)
	default:
		return []shard.Shard[lane]{domain}
	}
}

// hasRule reports whether anything is said of how connections are made at the end of a lane.
func (l lane) hasRule() bool {
	return hasPolicy(l.destination, l.route) || exitSubset(l.destination, l.route) != ""
}

// exitRule says how connections are made at the ends of lanes. It opens TLS and tunnels in a
// subset, which adds to the policy for all: if the rule is missing, calls fail and do not
// leave in plain text, or past the proxy.
func exitRule(lanes []lane) *networking.DestinationRule {
	l := lanes[0]
	spec := &networking.DestinationRule{
		ExportTo:      []string{"."},
		Host:          hostOf(lanes),
		TrafficPolicy: trafficPolicy(l.destination, l.route),
	}
	if name := exitSubset(l.destination, l.route); name != "" {
		spec.Subsets = []*networking.Subset{{Name: name, TrafficPolicy: l.exitPolicy()}}
	}
	return spec
}

// exitPolicy opens the TLS or the tunnel of a lane.
func (l lane) exitPolicy() *networking.TrafficPolicy {
	namespace := l.way.Gateway.Namespace
	if l.destination.Onward.Proxy != nil {
		return tunnelPolicy(l.host, l.route, namespace)
	}
	return &networking.TrafficPolicy{Tls: upstreamTLS(l.route.Exit.TLS, l.host.Outside, namespace)}
}

// hostOf returns the host that stands for lanes of one domain. A single lane has its own: for
// each Service that a gateway knows, istiod tries every wildcard of its DestinationRules.
func hostOf(lanes []lane) string {
	if len(lanes) == 1 {
		return lanes[0].name
	}
	return ir.WildcardPrefix + lanes[0].domain
}

// unknownHost is the message that no Service has the host of a DestinationRule. It is wrong
// about a wildcard, which the analyzer takes for the name of a Service.
// https://istio.io/latest/docs/reference/config/analysis/ist0174/
const unknownHost = "IST0174"

func exitDraft(kindName string, s shard.Shard[lane], spec func() any) draft.Draft {
	l, ref := s.Items[0], exitRef(kindName, s)
	if len(s.Items) == 1 {
		return draft.OfRoute(l.destination, l.host, l.route, ref, spec)
	}
	d := draft.OfPort(l.destination, l.route, ref, spec)
	if kindName == kind.DestinationRule {
		d.Annotations = map[string]string{object.AnnotationSuppress: unknownHost}
	}
	return d
}

func exitRef(kindName string, s shard.Shard[lane]) diag.ObjectRef {
	l := s.Items[0]
	return diag.ObjectRef{Kind: kindName, Namespace: l.way.Gateway.Namespace, Name: draft.Name(l.destination, s.Name...)}
}

// exitRefs returns the objects for one of the lanes of a destination, in the order in which a
// call meets them.
func exitRefs(lanes []lane, l lane) []diag.ObjectRef {
	domains := together(lanes)
	domain := domains[slices.IndexFunc(domains, holds(l))]
	var refs []diag.ObjectRef
	add := func(kindName string, shards []shard.Shard[lane]) {
		if i := slices.IndexFunc(shards, holds(l)); i >= 0 {
			refs = append(refs, exitRef(kindName, shards[i]))
		}
	}
	add(kind.VirtualService, routeShards(domain))
	add(kind.ServiceEntry, apart([]lane{l}))
	add(kind.DestinationRule, ruleShards(domain))
	return refs
}

// holds reports whether a lane is one of a shard.
func holds(l lane) func(shard.Shard[lane]) bool {
	return func(s shard.Shard[lane]) bool {
		return slices.ContainsFunc(s.Items, func(one lane) bool { return one.name == l.name })
	}
}
