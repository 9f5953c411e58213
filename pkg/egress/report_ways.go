// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"
)

// closings are what all bundles close together: Sidecars, NetworkPolicies and
// policies of gateways concern whoever is there.
type closings struct {
	sidecars map[string]bool                     // by client
	drops    map[string][]ObjectRef              // by client: NetworkPolicies
	open     map[string][]string                 // by client: what they leave open
	gateways map[string][]ObjectRef              // by gateway: NetworkPolicies
	denials  map[string][]ObjectRef              // by gateway: default-deny
	hops     map[bundleID]map[string][]ObjectRef // by bundle and gateway: who may pass
}

func newClosings(planners []*planner) closings {
	c := closings{
		sidecars: map[string]bool{},
		drops:    map[string][]ObjectRef{},
		open:     map[string][]string{},
		gateways: map[string][]ObjectRef{},
		denials:  map[string][]ObjectRef{},
		hops:     map[bundleID]map[string][]ObjectRef{},
	}
	for _, p := range planners {
		c.hops[p.id()] = map[string][]ObjectRef{}
		for name, h := range newHops(p.planned) {
			c.hops[p.id()][name] = refs(h.authorizationPolicies())
		}
		for _, client := range p.clients.namespaces {
			c.sidecars[client] = c.sidecars[client] || p.enforce.RegistryOnly
			c.open[client] = append(c.open[client], p.opened(client)...)
			c.drops[client] = append(c.drops[client], refs(p.clientPolicies(client))...)
		}
		for _, g := range p.gateways() {
			c.gateways[g.name] = append(c.gateways[g.name], refs(p.gatewayPolicies(g))...)
			if p.enforce.Authorization {
				c.denials[g.name] = append(c.denials[g.name], ObjectRef{kindAuthorizationPolicy, g.namespace, p.hopTo(g).defaultDenyName()})
			}
		}
	}
	return c
}

// opened names what the bundle lets every Pod of a client send packets to.
func (p *planner) opened(client string) []string {
	var open []string
	for _, d := range p.planned {
		if d.gateway == nil && slices.Contains(d.clients, client) {
			open = append(open, d.String())
		}
	}
	if len(p.bypass.prefixes) > 0 {
		open = append(open, fmt.Sprintf("%s.cidrs of %s", pathBypass, p.object()))
	}
	return slices.Compact(open)
}

// waysAround returns what may be tried around the bundle, with what stops it.
func (p *planner) waysAround(c closings) []WayAround {
	var ways []WayAround
	for _, client := range p.clients.namespaces {
		ways = append(ways,
			WayAround{Way: NoSidecar, From: client, StoppedBy: c.drops[client], Note: p.leftOpen(c, client)},
			WayAround{Way: DirectIP, From: client, StoppedBy: p.blocking(c, client), Note: p.skipped()},
		)
	}
	for _, d := range p.planned {
		ways = append(ways, p.waysTo(c, d)...)
	}
	for _, g := range p.gateways() {
		note := fmt.Sprintf("Of gateway %s.", g.name)
		if len(c.denials[g.name]) > 0 {
			note += fmt.Sprintf(" But a server for every host (*) that ends Istio mutual TLS can be reached as any name below .%s.", laneDomain)
		}
		ways = append(ways, WayAround{Way: UnlistedRoute, StoppedBy: c.denials[g.name], Note: note})
	}
	for i := range ways {
		ways[i].Bundle = p.id().String()
	}
	return united(ways)
}

// blocking is what stops a call that nothing declares: the Sidecar of the
// namespace, or else the configuration of the mesh, and then NetworkPolicies.
func (p *planner) blocking(c closings, client string) []ObjectRef {
	var blocking []ObjectRef
	if c.sidecars[client] {
		blocking = append(blocking, ObjectRef{kindSidecar, client, sidecarName})
	}
	if p.mesh.OutboundTrafficPolicy != defaultOutboundTrafficPolicy {
		blocking = append(blocking, p.meshConfig())
	}
	return append(blocking, c.drops[client]...)
}

// meshConfig is where Istio has the configuration of the mesh.
// https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/
func (p *planner) meshConfig() ObjectRef {
	return ObjectRef{"ConfigMap", p.mesh.RootNamespace, "istio"}
}

// leftOpen says what NetworkPolicies leave open to every Pod of a client.
func (p *planner) leftOpen(c closings, client string) string {
	if len(c.drops[client]) == 0 {
		return ""
	}
	var notes []string
	if open := c.open[client]; len(open) > 0 {
		notes = append(notes, "The addresses of "+strings.Join(open, ", ")+" are open to every Pod of the namespace.")
	}
	if p.enforce.ClusterTraffic == ClusterTrafficAllow {
		notes = append(notes, "The rest of the cluster stays open, and may lead on.")
	}
	return strings.Join(notes, " ")
}

// skipped says that sidecars do not see everything.
func (p *planner) skipped() string {
	if p.bundle.Bypass == nil {
		return ""
	}
	return fmt.Sprintf("No sidecar sees what %s names.", pathBypass)
}

// waysTo returns what may be tried around one destination.
func (p *planner) waysTo(c closings, d *destination) []WayAround {
	var ways []WayAround
	for _, client := range d.clients {
		if d.isNamed() {
			stoppedBy, note := d.leading(client)
			ways = append(ways, WayAround{Way: SpoofedHost, From: client, StoppedBy: stoppedBy, Note: note})
		}
	}
	if d.gateway != nil {
		ways = append(ways, p.intrusions(c, d)...)
	}
	for i := range ways {
		ways[i].Destinations = []string{d.name}
	}
	return ways
}

// isNamed reports whether sidecars know the destination by a name that its
// callers send.
func (d *destination) isNamed() bool { return len(d.addresses) == 0 && !d.service.hasAddresses() }

// leading is what leads a call to the host that it names, wherever it connects to.
func (d *destination) leading(client string) (leading []ObjectRef, note string) {
	entries := d.serviceEntries(client)
	isOpen := func(o Object) bool {
		spec, ok := o.Spec.(*networking.ServiceEntry)
		return ok && spec.GetResolution() == networking.ServiceEntry_NONE
	}
	if slices.ContainsFunc(entries, isOpen) {
		return nil, "The wildcard leads to whatever address is called."
	}
	note = "It leads to the host itself."
	if slices.ContainsFunc(d.routes, func(r route) bool { return r.protocol == protocolTLS }) {
		note += " What the application asks for within its TLS, nobody sees."
	}
	if d.gateway != nil {
		return refs(d.meshVirtualServices()), note
	}
	return refs(entries), note
}

func refs(objects []Object) []ObjectRef {
	var refs []ObjectRef
	for _, o := range objects {
		refs = append(refs, ObjectRef{o.Kind, o.Namespace, o.Name})
	}
	return refs
}

// intrusions are what others may try who are no clients of a destination.
func (p *planner) intrusions(c closings, d *destination) []WayAround {
	drops, note := c.gateways[d.gateway.name], ""
	var denies []ObjectRef
	if d.mutualTLS {
		denies = c.hops[d.bundle][d.gateway.name]
	} else {
		note = "Without mutual TLS the gateway cannot tell who calls."
	}
	if !d.mutualTLS && len(drops) > 0 {
		note += " Namespaces that reach it for another destination reach this one."
	}
	ways := []WayAround{{Way: OtherNamespace, StoppedBy: slices.Concat(drops, denies), Note: note}}
	for _, client := range d.clients {
		if len(d.accounts[client]) > 0 {
			ways = append(ways, WayAround{Way: OtherIdentity, From: client, StoppedBy: denies})
		} else {
			ways = append(ways, WayAround{Way: OtherIdentity, From: client, Note: "Every service account of the namespace is a client."})
		}
	}
	return ways
}

// united joins ways that differ in the destination only.
func united(ways []WayAround) []WayAround {
	var all []WayAround
	known := map[string]int{}
	for _, w := range ways {
		key := fmt.Sprint(w.Way, w.From, w.StoppedBy, w.Note)
		i, ok := known[key]
		if !ok {
			known[key] = len(all)
			all = append(all, w)
			continue
		}
		all[i].Destinations = slices.Compact(append(all[i].Destinations, w.Destinations...))
	}
	return all
}
