// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

// checkBeside looks for objects of others that take traffic from a bundle, or lose
// it. What is reported here, and how severely, is what Istio's control plane makes of
// both: the proof follows calls beside each such object, the younger and the older.
func (p *planner) checkBeside(neighbors []neighbor) {
	for _, n := range neighbors {
		switch n.object.Kind {
		case kindSidecar:
			p.besideSidecar(n)
		case kindServiceEntry:
			p.besideServiceEntry(n)
		case kindVirtualService:
			p.besideVirtualService(n)
		case kindDestinationRule:
			p.besideDestinationRule(n)
		case kindGateway:
			p.besideGateway(n)
		case kindAuthorizationPolicy:
			p.besideAuthorizationPolicy(n)
		default: // can take a name and nothing else
		}
	}
}

// besideSidecar looks for Sidecars that take workloads from those of the bundle, or
// lose them.
func (p *planner) besideSidecar(n neighbor) {
	if !p.enforce.RegistryOnly {
		return
	}
	path := schema.Child(pathEnforce, "registryOnly")
	own, selects := slices.Contains(p.clients.namespaces, n.object.Namespace), n.spec.WorkloadSelector != nil
	switch {
	case own && selects:
		p.warnf(SidecarConflict, path, "does not concern the workloads that %s selects: they follow that alone; set its outboundTrafficPolicy to REGISTRY_ONLY", n)
	case own:
		p.reportf(SidecarConflict, path, "must not be set for namespace %s, whose workloads %s selects: Istio follows one of the two, the older; remove that one, or set its outboundTrafficPolicy to REGISTRY_ONLY and this to false", n.object.Namespace, n)
	case n.object.Namespace == p.mesh.RootNamespace && !selects:
		p.warnf(SidecarConflict, path, "takes the workloads of %s from %s, which is for namespaces without a Sidecar: what it says does not concern them any more", strings.Join(p.clients.namespaces, ", "), n)
	}
}

// besideServiceEntry looks for hosts that are declared twice. In one namespace the
// two unite; one from elsewhere is not seen any more.
func (p *planner) besideServiceEntry(n neighbor) {
	p.eachCalled(func(d *destination, h host, client string) bool {
		if !slices.Contains(n.spec.Hosts, h.name) || !n.isSeenIn(client) {
			return false
		}
		for _, theirs := range n.spec.Ports {
			switch {
			case routeAt(d.routes, theirs.Number) != nil:
			case n.object.Namespace == client:
				p.warnf(ServiceEntryConflict, p.hostPath(d, h.name), "does not hold port %d of %s, which %s opens to workloads of %s beside this bundle; add the port here, or remove it there", theirs.Number, h.name, n, client)
				return true
			default:
				p.warnf(ServiceEntryConflict, p.hostPath(d, h.name), "closes port %d of %s for workloads of %s, which %s opens: of two declarations of a host, sidecars follow that of their own namespace; add the port here if they need it", theirs.Number, h.name, client, n)
				return true
			}
		}
		return false
	})
}

// besideVirtualService looks for routes of the same hosts. With a gateway, ours wins
// over all but those that name the clients too. Without one, what has no route of ours
// follows theirs.
func (p *planner) besideVirtualService(n neighbor) {
	if !n.isForMesh() {
		return
	}
	p.eachCalled(func(d *destination, h host, client string) bool {
		if !slices.ContainsFunc(n.spec.Hosts, func(name string) bool { return covers(name, h.name) }) || !n.isSeenIn(client) {
			return false
		}
		exact := slices.Contains(n.spec.Hosts, h.name)
		switch {
		case d.gateway == nil && slices.ContainsFunc(d.routes, func(r route) bool { return n.takes(r) && !d.hasRoute(h, r) }):
			p.reportf(VirtualServiceConflict, p.hostPath(d, h.name), "must not be %q beside %s, which leads calls of workloads of %s elsewhere; take the host out there, or do not show it to %s with exportTo", h.name, n, client, client)
		case d.gateway != nil && exact && n.isShownTo(client) && n.object.Namespace != client:
			p.reportf(VirtualServiceConflict, p.hostPath(d, h.name), "must not be %q beside %s, which is for the host and for workloads of %s as well: sidecars follow one of the two, the older; take the host out there", h.name, n, client)
		case exact:
			p.warnf(VirtualServiceConflict, p.hostPath(d, h.name), "takes %s for workloads of %s from %s, which has no effect on them any more; take the host out there", h.name, client, n)
		default:
			return false
		}
		return true
	})
}

// hasRoute reports whether a VirtualService of ours leads a port of a host straight
// from the sidecar.
func (d *destination) hasRoute(h host, r route) bool {
	return r.isHTTP() && d.sidecarRoute(h, r) != nil || !r.isHTTP() && d.exitSubset(r) != ""
}

// besideDestinationRule looks for rules on the way to a gateway, beyond it, and
// straight to a host.
func (p *planner) besideDestinationRule(n neighbor) {
	for _, g := range p.gateways() {
		if n.host(p.mesh.ClusterDomain) == g.host {
			p.besideHopRule(n, g)
		}
	}
	p.besideLaneRule(n)
	p.eachCalled(func(d *destination, h host, client string) bool {
		if d.gateway != nil || !covers(n.spec.Host, h.name) || !n.isSeenIn(client) {
			return false
		}
		ours := d.sidecarDestinationRule(h, client) != nil
		exact := n.spec.Host == h.name
		switch {
		case ours && exact && n.object.Namespace == client:
			p.reportf(DestinationRuleConflict, p.hostPath(d, h.name), "must not be %q beside %s, which is for the host and for workloads of %s as well: of the two, sidecars follow the older; remove that one, or move what it says here", h.name, n, client)
		case !ours && n.isInLookupOf(client, p.mesh) && slices.ContainsFunc(d.routes, func(r route) bool { return n.opensTLS(r.port) }):
			p.reportf(DestinationRuleConflict, p.hostPath(d, h.name), "must not be %q beside %s, which makes the sidecars of %s open TLS to it, also around TLS that is there already; remove that one, or use TLSOrigination here", h.name, n, client)
		default:
			return false
		}
		return true
	})
}

// isInLookupOf reports whether the proxies of a namespace look for a DestinationRule
// where this one stands: there, or in the root namespace.
func (n neighbor) isInLookupOf(namespace string, m Mesh) bool {
	return n.object.Namespace == namespace || n.object.Namespace == m.RootNamespace
}

// besideHopRule looks at a rule for a gateway. Those of one namespace unite, unless
// they are for different proxies.
func (p *planner) besideHopRule(n neighbor, g *gateway) {
	for _, client := range p.clients.namespaces {
		switch own := n.object.Namespace == client; {
		case own && len(n.spec.ExportTo) > 0:
			p.reportf(DestinationRuleConflict, pathClients, "must not have namespace %s beside %s: its rule for gateway %q has exportTo and that of this bundle has none, so they do not unite and sidecars follow the older alone; take exportTo out there", client, n, g.name)
		case !own && n.isSeenIn(client):
			p.warnf(DestinationRuleConflict, pathClients, "takes workloads of %s from %s: for gateway %q they follow the rules of their own namespace, so subsets of that one do not exist for them; copy it to %s, without exportTo, if they need them", client, n, g.name, client)
		}
	}
}

// besideLaneRule looks for rules so wide that they make gateways open TLS to hosts
// for which there is no rule of ours.
func (p *planner) besideLaneRule(n neighbor) {
	for _, d := range p.planned {
		if d.gateway == nil || !n.isInLookupOf(d.gateway.namespace, p.mesh) || !n.isSeenIn(d.gateway.namespace) {
			continue
		}
		for _, l := range d.lanes() {
			own := l.policy != nil || l.exitSubset(l.route) != ""
			if !own && covers(n.spec.Host, l.name) && n.opensTLS(l.exit.port) {
				p.reportf(DestinationRuleConflict, p.hostPath(d, l.host.name), "must not be %q beside %s, whose host %q makes gateway %q open TLS to it, also around TLS that is there already; name the Services of the cluster there, as in \"*.%s\"", l.host.name, n, n.spec.Host, l.gateway.name, p.mesh.ClusterDomain)
				return
			}
		}
	}
}

// besideGateway looks for servers on the ports of a gateway. Of two that exclude each
// other, Istio skips the younger.
func (p *planner) besideGateway(n neighbor) {
	for _, d := range p.planned {
		if d.gateway == nil || !n.selects(d.gateway) {
			continue
		}
		for _, l := range d.lanes() {
			ours := l.cross().server
			i := slices.IndexFunc(n.spec.Servers, func(theirs neighborServer) bool {
				return theirs.Port.Number == int(ours.Port.Number) && theirs.excludes(ours.Port.Protocol, ours.Hosts[0])
			})
			if i >= 0 {
				p.reportf(GatewayConflict, p.hostPath(d, l.host.name), "must not be %q on gateway %q beside %s, whose server for %s speaks %s on port %d of it: of the two, Istio skips the younger; use another port or another gateway for one of them", l.host.name, l.gateway.name, n, strings.Join(n.spec.Servers[i].Hosts, ", "), n.spec.Servers[i].Port.Protocol, ours.Port.Number)
				return
			}
		}
	}
}

// excludes reports whether a server leaves no room for one of ours on the same port.
func (s neighborServer) excludes(protocol, host string) bool {
	plain := func(protocol string) bool { return protocol != "TLS" && protocol != "HTTPS" }
	same := slices.ContainsFunc(s.Hosts, func(name string) bool { return name[strings.LastIndex(name, "/")+1:] == host })
	return plain(s.Port.Protocol) != plain(protocol) || s.Port.Protocol == protocolTCP || same
}

// besideAuthorizationPolicy looks for policies that deny what they do not allow.
func (p *planner) besideAuthorizationPolicy(n neighbor) {
	if n.spec.Action != "" && n.spec.Action != "ALLOW" {
		return
	}
	for _, g := range p.gateways() {
		in := n.object.Namespace == g.namespace || n.object.Namespace == p.mesh.RootNamespace
		switch {
		case !in || !n.selects(g):
		case len(n.spec.Rules) == 0:
			p.reportf(AuthorizationPolicyConflict, pathDestinations, "must not lead through gateway %q beside %s, which allows nothing there; give it rules, or a selector that leaves out the gateway", g.name, n)
		default:
			p.warnf(AuthorizationPolicyConflict, pathDestinations, "lead through gateway %q, where %s denies whatever it does not allow; let it allow the SNIs \"*.%s.%s.%s\" (connection.sni)", g.name, n, p.bundle.Name, p.bundle.Namespace, laneDomain)
		}
	}
}

// eachCalled visits the hosts of the bundle by the clients that call them, until
// something is found for one of them: it stands for all.
func (p *planner) eachCalled(visit func(d *destination, h host, client string) (found bool)) {
	for _, d := range p.planned {
		for _, h := range d.hosts {
			for _, client := range d.clients {
				if visit(d, h, client) {
					break
				}
			}
		}
	}
}

// checkNames looks for objects of others that stand where objects of the bundles
// would.
func checkNames(planners []*planner, objects []Object, neighbors []neighbor) []Diagnostic {
	if len(neighbors) == 0 {
		return nil
	}
	made := map[ObjectRef]Object{}
	for _, o := range objects {
		made[ObjectRef{o.Kind, o.Namespace, o.Name}] = o
	}
	var diagnostics []Diagnostic
	for _, n := range neighbors {
		o, meets := made[n.object]
		if !meets {
			continue
		}
		p := planners[max(0, slices.IndexFunc(planners, func(p *planner) bool { return p.id().String() == o.Annotations[AnnotationBundle] }))]
		diagnostics = append(diagnostics, Diagnostic{
			Code:     NameConflict,
			Severity: SeverityError,
			Position: p.bundle.source.position("metadata.name"),
			Object:   p.object(),
			Path:     "metadata.name",
			Message:  "must be another: its objects include " + n.String() + ", which has no label " + LabelManagedBy + ": " + ManagedBy + " and so belongs to somebody else; rename or remove one of the two",
		})
	}
	return diagnostics
}
