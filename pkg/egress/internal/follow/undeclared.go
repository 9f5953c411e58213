// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/explain"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/address"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kube"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/precedence"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// isOfBundles reports whether a destination is for the call, whoever its clients are.
func (w *walk) isOfBundles() bool {
	d, _ := w.anyones()
	return d != nil
}

// bypass returns the plan by which the call skips the proxy, if there is one.
func (w *walk) bypass() *ir.Plan {
	i := slices.IndexFunc(w.plans, func(p *ir.Plan) bool {
		if p.Bypass == nil || !slices.Contains(p.Clients.Namespaces, w.Call.Namespace) {
			return false
		}
		return slices.Contains(p.Bypass.Ports, w.port) || w.address.IsValid() &&
			slices.ContainsFunc(p.Bypass.Prefixes, func(prefix string) bool { return address.Contains(prefix, w.address) })
	})
	if i < 0 {
		return nil
	}
	return w.plans[i]
}

// unproxied follows a call that no proxy sees: nothing but NetworkPolicies stops it.
func (w *walk) unproxied(why string) {
	refs := w.stops[object.Stop{Attempt: object.NoSidecar, From: w.Call.Namespace}]
	if len(refs) > 0 && !w.packetsPass() {
		w.stopPackets(refs, why)
		return
	}
	w.Verdict = explain.Open
	w.Exit = &explain.Exit{To: []string{hostPort(w.calledHost(), w.port)}}
	w.notef("%s", why)
	if len(refs) > 0 {
		w.notef("NetworkPolicies let port %d pass, for destinations that leave from sidecars or a bypass.", w.port)
	}
}

// packetsPass reports whether the NetworkPolicies of bundles let the call leave from its Pod.
func (w *walk) packetsPass() bool {
	return slices.ContainsFunc(w.plans, func(p *ir.Plan) bool {
		return p.Enforce.NetworkPolicy && slices.Contains(p.Clients.Namespaces, w.Call.Namespace) &&
			kube.LetsPass(p, w.Call.Namespace, w.address, w.port)
	})
}

// stopPackets stops a call by NetworkPolicies.
func (w *walk) stopPackets(by []diag.ObjectRef, why string) {
	const does = "drops its packets"
	s := w.stop(w.objectOf(by[0], does), explain.Node, why+" NetworkPolicies let nothing else leave its Pod.",
		"The connection does not open, until the time is up.")
	for _, ref := range by[1:] {
		s.By = append(s.By, w.objectOf(ref, does))
	}
	if w.scheme != schemeTCP {
		s.Curl = curlTimeout
	}
}

// undeclared follows a call that no bundle is for.
func (w *walk) undeclared() {
	if n, ok := w.declaredByOthers(); ok {
		w.Verdict = explain.Unknown
		by := explain.Object{Ref: n.Ref, Does: "is for it, and no bundle is", Position: n.Position}
		w.Hops = []explain.Hop{{Proxy: explain.Sidecar, Objects: []explain.Object{by}}}
		return
	}
	if w.isInside() && !w.isOfBundles() {
		w.Verdict = explain.Unknown
		w.notef("It is for a Service of the cluster, and bundles say what is reached outside.")
		return
	}
	by, isClosed := w.enclosure()
	if !isClosed {
		w.leaveUndeclared(by)
		return
	}
	closed := &explain.Log{Code: "0", Flags: noHealthyHost, Cluster: blackHole, SNI: w.inspected()}
	w.Hops = []explain.Hop{{Proxy: explain.Sidecar, Log: closed}}
	why := fmt.Sprintf("No bundle lets namespace %s call it.", w.Call.Namespace)
	if name := w.elsewhere(); name != "" {
		why = w.atAnotherAddress(name)
	}
	if w.isRequest() && w.readsRequests() {
		w.Hops[0].Log = w.logOfAnswer(statusBadGateway, directResponse, w.authority())
		w.Hops[0].Log.Route = blockAll
		w.stopAnswered(by, statusBadGateway, why, "")
		return
	}
	if w.isRequest() {
		w.notef("If a Service that the sidecar knows has HTTP on port %d, the answer is %d instead.", w.port, statusBadGateway)
	}
	w.stopClosed(by, explain.Sidecar, why)
	if w.isRequest() {
		w.Stop.Curl = curlEmptyReply
	}
}

// curlEmptyReply is the exit status of curl where a server closes without an answer.
const curlEmptyReply = 52

// leaveUndeclared follows a call that the sidecar lets leave as it came.
func (w *walk) leaveUndeclared(by explain.Object) {
	hop := explain.Hop{Proxy: explain.Sidecar, Objects: []explain.Object{by}, Log: w.log(passthrough, w.inspected())}
	if w.isRequest() {
		hop.Authority = w.authority()
	}
	if w.isRequest() && w.readsRequests() {
		hop.Log = w.logOfRequest(hop.Authority, passthrough, "")
	}
	w.Hops = []explain.Hop{hop}
	// The same NetworkPolicies stop Pods without a proxy.
	if policies := w.stops[object.Stop{Attempt: object.NoSidecar, From: w.Call.Namespace}]; len(policies) > 0 && !w.packetsPass() {
		w.Hops[0].Log = nil // The application gives up before the proxy does.
		w.stopPackets(policies, "No bundle is for it.")
		return
	}
	if name := w.allocatedTo(); name != "" && !w.address.IsValid() {
		w.Hops[0].Log = nil // What becomes of packets to such an address, the network decides.
		by.Does = "lets it pass to the address that istiod has allocated"
		w.stop(by, explain.Sidecar, w.atAllocatedAddress(name), "The connection opens, and fails when the proxy cannot connect on.")
		return
	}
	w.Verdict = explain.Open
	w.Exit = &explain.Exit{To: []string{hostPort(w.calledHost(), w.port)}}
	if name := w.elsewhere(); name != "" {
		w.notef("%s", w.atAnotherAddress(name))
	}
}

// elsewhere names the destination that is for the call at another address: that with which the DNS
// of the sidecar answers, which nobody here knows.
func (w *walk) elsewhere() string {
	t := w.target
	if t.address = (netip.Addr{}); !w.address.IsValid() {
		return ""
	}
	return w.allocated(func(d *ir.Destination, h ir.Host) bool {
		r := d.RouteAt(w.port)
		return r != nil && t.fits(d, h, *r)
	})
}

func (w *walk) atAnotherAddress(name string) string {
	return fmt.Sprintf("It is of %s at the address with which the DNS of the sidecar answers, and not at %s. "+
		"If that is not such an address, the sidecar of the Pod does not answer DNS (ISTIO_META_DNS_CAPTURE), "+
		"or the application has asked another server.", name, w.address)
}

func (w *walk) atAllocatedAddress(name string) string {
	return fmt.Sprintf("The DNS of the sidecar answers for %s with an address that istiod has allocated for %s, "+
		"and no port %d is declared there. Outside of the mesh that address leads nowhere.", w.host, name, w.port)
}

// calledHost is where the application connects to, by its address if that is known.
func (w *walk) calledHost() string {
	if w.address.IsValid() {
		return w.address.String()
	}
	return w.host
}

// enclosure returns what decides about calls that nothing declares, and whether it stops them.
func (w *walk) enclosure() (by explain.Object, isClosed bool) {
	for _, ref := range w.stops[object.Stop{Attempt: object.DirectIP, From: w.Call.Namespace}] {
		if ref.Kind == kind.Sidecar {
			return w.objectOf(ref, "lets nothing pass that is not declared"), true
		}
	}
	mesh, view := w.mesh(), w.view()
	mode := mesh.OutboundTrafficPolicy
	by = explain.Object{Ref: diag.ObjectRef{Kind: "ConfigMap", Namespace: mesh.RootNamespace, Name: "istio"}}
	if n, ok := view.Sidecar(w.neighbors); ok && n.Spec.OutboundTrafficPolicy.Mode != "" {
		mode = n.Spec.OutboundTrafficPolicy.Mode
		by = explain.Object{Ref: n.Ref, Position: n.Position}
	}
	by.Does = "has outboundTrafficPolicy " + mode
	return by, mode != ir.AllowAny
}

// view returns what the sidecars of the caller see.
func (w *walk) view() precedence.View {
	return w.backend.View(w.mesh(), w.Call.Namespace, w.neighbors)
}

// declaredByOthers returns an object of somebody else that sidecars may follow for the call.
func (w *walk) declaredByOthers() (neighbor.Object, bool) {
	view := w.view()
	i := slices.IndexFunc(w.neighbors, func(n neighbor.Object) bool { return view.SeesAny(n) && w.isDeclaredBy(n) })
	if i < 0 {
		return neighbor.Object{}, false
	}
	return w.neighbors[i], true
}

// isDeclaredBy reports whether an object of somebody else is for the call. A VirtualService alone
// leads requests only, and where sidecars read them.
func (w *walk) isDeclaredBy(n neighbor.Object) bool {
	isFor := slices.ContainsFunc(n.Spec.Hosts, func(host string) bool { return ir.Covers(n.FullName(host, w.domain), w.host) })
	isAt := slices.ContainsFunc(n.Spec.Addresses, func(text string) bool { return address.Contains(text, w.address) })
	switch n.Ref.Kind {
	case kind.ServiceEntry:
		return (isFor || isAt) && slices.ContainsFunc(n.Spec.Ports, func(p neighbor.Port) bool { return p.Number == w.port })
	case kind.VirtualService:
		return isFor && n.IsForMesh() && w.isRequest() && len(n.Spec.HTTP) > 0 && w.readsRequests()
	default:
		return false
	}
}

// noteUnjudged notes what may stop or lead the call and is not looked into.
func (w *walk) noteUnjudged() {
	for _, n := range w.neighbors {
		if n.Ref.Kind == kind.NetworkPolicy && n.Ref.Namespace == w.Call.Namespace {
			w.notef("%s is not looked into: it may drop the packets of the call.", n)
		}
	}
	if w.address.IsValid() || w.Call.NoSidecar || w.allocatedTo() != "" {
		return
	}
	for _, p := range w.plans {
		if !slices.Contains(p.Clients.Namespaces, w.Call.Namespace) {
			continue
		}
		if p.Bypass != nil && len(p.Bypass.Prefixes) > 0 {
			w.notef("If %s has an address in %s, the call skips the proxy: a bypass of EgressBundle %s is for these.",
				w.host, strings.Join(p.Bypass.Prefixes, ", "), p.Bundle)
		}
		for _, d := range p.Destinations {
			if d.Told == ir.ByAddress && d.HasPort(w.port) && slices.Contains(d.Clients.Namespaces, w.Call.Namespace) {
				w.notef("If %s has an address in %s, the call follows %s instead: sidecars know addresses before names.",
					w.host, textsOf(d.Addresses), p.NameOf(d))
			}
		}
	}
}

// allocatedTo names the destination for whose host sidecars of the caller answer with an address that
// no range of a bundle has. It returns nothing if there is none.
func (w *walk) allocatedTo() string {
	return w.allocated(func(_ *ir.Destination, h ir.Host) bool { return h.Name == w.host })
}

// allocated names the destination of the caller with a host that is meant, of those to whose hosts istiod
// allocates addresses. It returns nothing if there is none.
func (w *walk) allocated(isMeant func(*ir.Destination, ir.Host) bool) string {
	for _, p := range w.plans {
		for _, d := range p.Destinations {
			has := func(h ir.Host) bool { return isMeant(d, h) }
			if d.Allocated && slices.Contains(d.Clients.Namespaces, w.Call.Namespace) && slices.ContainsFunc(d.Hosts, has) {
				return p.NameOf(d)
			}
		}
	}
	return ""
}
