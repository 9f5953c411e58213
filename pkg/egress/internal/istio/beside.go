// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
)

// Check looks for objects of others that take traffic from a bundle, or lose
// it. What is reported here, and how severely, is what Istio's control plane makes of
// both: the proof follows calls beside each such object, the younger and the older.
//
// It stops with an object that has as many errors as anybody reads, so that n bundles beside
// n objects do not have one for each pair.
func (b *Backend) Check(neighbors []neighbor.Object) []diag.Diagnostic {
	var diagnostics []diag.Diagnostic
	for _, n := range neighbors {
		var found []diag.Diagnostic
		for _, bundle := range b.bundles {
			j := judge{Reporter: diagnose.New(bundle.Subject), bundle: bundle}
			j.judge(n)
			if found = append(found, j.Diagnostics()...); len(found) >= mostOfOne && diag.ErrorOf(found) != nil {
				break
			}
		}
		diagnostics = append(diagnostics, found...)
	}
	return diagnostics
}

// mostOfOne is how many diagnostics are about one object of others, if any is an error.
const mostOfOne = 20

// A judge looks at what stands beside one bundle.
type judge struct {
	*diagnose.Reporter
	*bundle
}

func (j judge) judge(n neighbor.Object) {
	switch n.Ref.Kind {
	case kind.Sidecar:
		j.besideSidecar(n)
	case kind.ServiceEntry:
		j.besideServiceEntry(n)
	case kind.VirtualService:
		j.besideVirtualService(n)
	case kind.DestinationRule:
		j.besideDestinationRule(n)
	case kind.Gateway:
		j.besideGateway(n)
	case kind.AuthorizationPolicy:
		j.besideAuthorizationPolicy(n)
	default: // can take a name and nothing else
	}
}

// A called host is one that the workloads of a client call.
type called struct {
	*ir.Destination

	host   ir.Host
	client string
}

// eachCalled visits the hosts of the bundle that are called by name, by the clients that call
// them, until something is found for one of them: it stands for all.
func (j judge) eachCalled(visit func(c called) (found bool)) {
	for _, d := range j.Destinations {
		for _, h := range d.Hosts {
			for _, client := range d.Clients.Namespaces {
				if visit(called{Destination: d, host: h, client: client}) {
					break
				}
			}
		}
	}
}

// besideSidecar looks for Sidecars that take workloads from those of the bundle, or
// lose them.
func (j judge) besideSidecar(n neighbor.Object) {
	if !j.Enforce.RegistryOnly {
		return
	}
	path := field.Enforce.Child("registryOnly")
	own, selects := slices.Contains(j.Clients.Namespaces, n.Ref.Namespace), n.Spec.WorkloadSelector != nil
	switch {
	case own && selects:
		j.Report(path, sidecarTakesSome(n))
	case own:
		j.Report(path, sidecarTakesAll(n))
	case n.Ref.Namespace == j.Mesh.RootNamespace && !selects:
		j.Report(path, sidecarLoses(j.Clients.Namespaces, n))
	}
}

// besideServiceEntry looks for hosts that are declared twice. In one namespace the
// two unite; one from elsewhere is not seen any more.
func (j judge) besideServiceEntry(n neighbor.Object) {
	j.eachCalled(func(c called) bool {
		if !slices.Contains(n.Spec.Hosts, sidecarName(c.Destination, c.host)) || !n.IsSeenIn(c.client) {
			return false
		}
		for _, theirs := range n.Spec.Ports {
			switch {
			case c.HasPort(theirs.Number):
			case n.Ref.Namespace == c.client:
				j.Report(c.host.Path, entryOpensPort(c, theirs.Number, n))
				return true
			default:
				j.Report(c.host.Path, entryLosesPort(c, theirs.Number, n))
				return true
			}
		}
		return false
	})
}

// besideVirtualService looks for routes of the same hosts. With a gateway, ours wins
// over all but those that name the clients too. Without one, what has no route of ours
// follows theirs.
func (j judge) besideVirtualService(n neighbor.Object) {
	if !n.IsForMesh() {
		return
	}
	j.eachCalled(func(c called) bool {
		name := sidecarName(c.Destination, c.host)
		isFor := func(pattern string) bool { return ir.Covers(pattern, name) }
		if !slices.ContainsFunc(n.Spec.Hosts, isFor) || !n.IsSeenIn(c.client) {
			return false
		}
		_, fromSidecar := c.Way.(ir.FromSidecar)
		exact := slices.Contains(n.Spec.Hosts, name)
		switch {
		case fromSidecar && c.Has(func(r ir.Route) bool { return takes(n, r) && !carrierOf(r).needsSidecarRoute(c.Destination, c.host, r) }):
			j.Report(c.host.Path, routeTakesHost(c, n))
		case !fromSidecar && exact && n.IsShownTo(c.client) && n.Ref.Namespace != c.client:
			j.Report(c.host.Path, routeForSameClients(c, n))
		case exact:
			j.Report(c.host.Path, routeLosesHost(c, n))
		default:
			return false
		}
		return true
	})
}

// takes reports whether a VirtualService for the host of a route leads it elsewhere.
func takes(n neighbor.Object, r ir.Route) bool {
	return slices.ContainsFunc(carrierOf(r).routesOf(n), func(theirs neighbor.Route) bool {
		if len(theirs.Match) == 0 {
			return true
		}
		for _, match := range theirs.Match {
			if match.Port == 0 || match.Port == r.Port {
				return true
			}
		}
		return false
	})
}

// besideGateway looks for servers on the ports of a gateway. Of two that exclude each
// other, Istio skips the younger.
func (j judge) besideGateway(n neighbor.Object) {
	for _, lanes := range j.lanes {
		for _, l := range lanes {
			if !ir.Selects(n.Spec.Selector, l.way.Gateway.Selector) {
				break
			}
			ours := l.crossing.server
			i := slices.IndexFunc(n.Spec.Servers, func(theirs neighbor.Server) bool {
				return theirs.Port.Number == ours.port && excludes(theirs, ours)
			})
			if i >= 0 {
				j.Report(l.host.Path, serverExcludes(l, n, n.Spec.Servers[i]))
				return
			}
		}
	}
}

// excludes reports whether a server leaves no room for one of ours on the same port.
func excludes(theirs neighbor.Server, ours server) bool {
	isPlain := func(protocol string) bool { return protocol != "TLS" && protocol != "HTTPS" }
	sameHost := slices.ContainsFunc(theirs.Hosts, func(name string) bool {
		return name[strings.LastIndex(name, "/")+1:] == ours.host
	})
	return isPlain(theirs.Port.Protocol) != isPlain(ours.protocol) || theirs.Port.Protocol == string(ir.TCP) || sameHost
}

// besideAuthorizationPolicy looks for policies that deny what they do not allow.
func (j judge) besideAuthorizationPolicy(n neighbor.Object) {
	if n.Spec.Action != "" && n.Spec.Action != "ALLOW" {
		return
	}
	for _, g := range j.Gateways() {
		isThere := n.Ref.Namespace == g.Namespace || n.Ref.Namespace == j.Mesh.RootNamespace
		switch {
		case !isThere || !ir.Selects(n.Spec.Selector, g.Selector):
		case len(n.Spec.Rules) == 0:
			j.Report(field.Destinations, policyAllowsNothing(g.Name, n))
		default:
			j.Report(field.Destinations, policyAllowsOthers(g.Name, n, j.Bundle))
		}
	}
}
