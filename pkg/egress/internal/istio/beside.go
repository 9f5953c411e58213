// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"maps"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/precedence"
)

// Check looks for objects of others that take traffic from a bundle, or lose
// it. What is reported here, and how severely, is what Istio's control plane makes of
// both: the proof follows calls beside each such object, the younger and the older.
//
// It stops with an object that has as many errors as anybody reads, so that n bundles beside
// n objects do not have one for each pair.
func (b *Backend) Check(neighbors []neighbor.Object) []diag.Diagnostic {
	if len(neighbors) == 0 {
		return nil
	}
	found, full := make([][]diag.Diagnostic, len(neighbors)), make([]bool, len(neighbors))
	for _, bundle := range b.bundles {
		j := newJudge(bundle, neighbors)
		for i, n := range neighbors {
			if full[i] {
				continue
			}
			j.Reporter = diagnose.New(bundle.Subject)
			j.judge(n)
			found[i] = append(found[i], j.Diagnostics()...)
			full[i] = len(found[i]) >= mostOfOne && diag.ErrorOf(found[i]) != nil
		}
	}
	return slices.Concat(found...)
}

// mostOfOne is how many diagnostics are about one object of others, if any is an error.
const mostOfOne = 20

// A judge looks at what stands beside one bundle.
type judge struct {
	*diagnose.Reporter
	*bundle

	views    map[string]precedence.View // of the clients, by namespace
	sidecars map[string]neighbor.Object // of others, which clients follow
	policies []neighbor.Object
}

func newJudge(b *bundle, neighbors []neighbor.Object) *judge {
	j := &judge{bundle: b, views: map[string]precedence.View{}, sidecars: map[string]neighbor.Object{}}
	for _, client := range b.Clients.Namespaces {
		j.views[client], j.sidecars[client] = viewOf(b.Mesh, client, []*bundle{b}, neighbors)
	}
	for _, n := range neighbors {
		if n.Ref.Kind == kind.AuthorizationPolicy && precedence.Allows(n) {
			j.policies = append(j.policies, n)
		}
	}
	return j
}

// viewWithout returns what the proxies of a namespace see without any Sidecar.
func viewWithout(mesh api.Mesh, namespace string) precedence.View {
	return precedence.View{Namespace: namespace, Root: mesh.RootNamespace, Domain: mesh.ClusterDomain}
}

// viewOf returns what the sidecars of a client see: what the Sidecar of bundles imports, and without
// one what that of somebody else does, which it returns too.
func viewOf(
	mesh api.Mesh, client string, bundles []*bundle, neighbors []neighbor.Object,
) (view precedence.View, sidecar neighbor.Object) {
	view = viewWithout(mesh, client)
	for _, b := range bundles {
		if b.Enforce.RegistryOnly && slices.Contains(b.Clients.Namespaces, client) {
			view.Listeners = []neighbor.Listener{{Hosts: imports(b.Plan, client)}}
			return view, neighbor.Object{}
		}
	}
	sidecar, _ = view.Sidecar(neighbors)
	view.Listeners = sidecar.Spec.Egress
	return view, sidecar
}

func (j *judge) judge(n neighbor.Object) {
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
	case neighbor.EnvoyFilter:
		j.besideEnvoyFilter(n)
	default: // can take a name and nothing else
	}
}

// A called host is one that the workloads of a client call.
type called struct {
	*ir.Destination

	host   ir.Host
	client string
	view   precedence.View
}

// name is that by which sidecars know the host.
func (c called) name() string { return sidecarName(c.Destination, c.host) }

func (c called) fromSidecar() bool {
	_, ok := c.Way.(ir.FromSidecar)
	return ok
}

// eachCalled visits the hosts of the bundle by the clients that call them, until something is
// found for one of them: it stands for all.
func (j *judge) eachCalled(visit func(c called) (found bool)) {
	for _, d := range j.Destinations {
		for _, h := range d.Hosts {
			for _, client := range d.Clients.Namespaces {
				if visit(called{Destination: d, host: h, client: client, view: j.views[client]}) {
					break
				}
			}
		}
	}
}

// besideVirtualService looks for routes of the same hosts.
func (j *judge) besideVirtualService(n neighbor.Object) {
	j.eachCalled(func(c called) bool {
		var worst precedence.Outcome
		var name string
		var port int
		for _, r := range c.Routes {
			if outcome, of := c.view.Beside(n, c.claim(r)); outcome > worst {
				worst, name, port = outcome, of, r.Port
			}
		}
		if worst == precedence.Apart {
			return false
		}
		j.Report(c.host.Path, besideRoute(c, n, worst, name, port))
		return true
	})
}

// claim is what the bundle says of a port of the host.
func (c called) claim(r ir.Route) precedence.Claim {
	claim := precedence.Claim{Name: c.name(), Port: r.Port, Layer: r.Protocol.Layer()}
	switch way := c.Way.(type) {
	case ir.ThroughGateway:
		claim.Reach = neighbor.Named
		if way.Gateway.Namespace == c.client {
			claim.Reach = neighbor.Private
		}
	case ir.FromSidecar:
		if carrierOf(r).needsSidecarRoute(c.Destination, c.host, r) {
			claim.Reach = neighbor.Private
		}
	}
	return claim
}

// besideGateway looks for servers on the ports of a gateway. Of two that exclude each
// other, Istio skips the younger.
func (j *judge) besideGateway(n neighbor.Object) {
	for _, lanes := range j.lanes {
		for _, l := range lanes {
			if !selects(n, l.way.Gateway) {
				break
			}
			i := slices.IndexFunc(n.Spec.Servers, l.isExcludedBy)
			if i >= 0 {
				j.Report(l.host.Path, serverExcludes(l, n, n.Spec.Servers[i]))
				return
			}
		}
	}
}

// isExcludedBy reports whether a server leaves no room for that of the lane on the same port,
// which may be named as that of the Service or of the container.
func (l lane) isExcludedBy(theirs neighbor.Server) bool {
	ours := l.crossing.server
	if theirs.Port.Number != ours.port && !slices.Contains(l.containerPorts(), theirs.Port.Number) {
		return false
	}
	isPlain := func(protocol string) bool { return protocol != "TLS" && protocol != "HTTPS" }
	sameHost := slices.ContainsFunc(theirs.Hosts, func(name string) bool {
		return name[strings.LastIndex(name, "/")+1:] == ours.host
	})
	return isPlain(theirs.Port.Protocol) != isPlain(ours.protocol) || theirs.Port.Protocol == string(ir.TCP) || sameHost
}

// selects reports whether an object is for the Pods of a gateway. They have the labels of the
// Helm chart too, which are made of its name.
func selects(n neighbor.Object, g *ir.Gateway) bool { return ir.Selects(n.Spec.Selector, podLabels(g)) }

func podLabels(g *ir.Gateway) map[string]string {
	labels := map[string]string{"app": g.Service, "istio": strings.TrimPrefix(g.Service, "istio-")}
	maps.Copy(labels, g.Selector)
	return labels
}
