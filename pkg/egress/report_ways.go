// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"
)

// waysAround returns what may be tried around the bundle, with what stops it.
func (p *planner) waysAround() []WayAround {
	var ways []WayAround
	for _, client := range p.clients.namespaces {
		ways = append(ways,
			WayAround{Way: NoSidecar, From: client, StoppedBy: p.dropping(client), Note: p.opened(client)},
			WayAround{Way: DirectIP, From: client, StoppedBy: p.blocking(client), Note: p.registryOnlyMesh()},
		)
	}
	for _, d := range p.planned {
		ways = append(ways, p.waysTo(d)...)
	}
	for _, g := range p.gateways() {
		w := WayAround{Way: UnlistedRoute, Note: fmt.Sprintf("Of gateway %s.", g.name)}
		if p.enforce.Authorization {
			w.StoppedBy = []ObjectRef{{kindAuthorizationPolicy, g.namespace, p.hopTo(g).defaultDenyName()}}
		}
		ways = append(ways, w)
	}
	for i := range ways {
		ways[i].Bundle = p.id().String()
	}
	return united(ways)
}

// waysTo returns what may be tried around one destination.
func (p *planner) waysTo(d *destination) []WayAround {
	var ways []WayAround
	for _, client := range d.clients {
		if d.isNamed() {
			stoppedBy, note := d.leading(client)
			ways = append(ways, WayAround{Way: SpoofedHost, From: client, StoppedBy: stoppedBy, Note: note})
		}
	}
	if d.gateway != nil {
		ways = append(ways, p.intrusions(d)...)
	}
	for i := range ways {
		ways[i].Destinations = []string{d.name}
	}
	return ways
}

// isNamed reports whether sidecars know the destination by a name that its
// callers send.
func (d *destination) isNamed() bool { return len(d.addresses) == 0 && !d.service.hasAddresses() }

// dropping are the NetworkPolicies that drop what leaves a Pod of a client.
func (p *planner) dropping(client string) []ObjectRef {
	if !p.enforce.NetworkPolicy {
		return nil
	}
	return []ObjectRef{{kindNetworkPolicy, client, p.policyName()}}
}

// blocking is what stops a call that nothing declares.
func (p *planner) blocking(client string) []ObjectRef {
	if !p.enforce.RegistryOnly {
		return p.dropping(client)
	}
	return append([]ObjectRef{{kindSidecar, client, sidecarName}}, p.dropping(client)...)
}

// opened says what the NetworkPolicy leaves open to every Pod of a client.
func (p *planner) opened(client string) string {
	var open []string
	for _, d := range p.planned {
		if d.gateway == nil && slices.Contains(d.clients, client) {
			open = append(open, d.name)
		}
	}
	if len(p.bypass.prefixes) > 0 {
		open = append(open, pathBypass+".cidrs")
	}
	var notes []string
	if len(open) > 0 {
		notes = append(notes, "The addresses of "+strings.Join(slices.Compact(open), ", ")+" are open to every Pod of the namespace.")
	}
	if p.enforce.ClusterTraffic == ClusterTrafficAllow {
		notes = append(notes, "The rest of the cluster stays open, and may lead on.")
	}
	if !p.enforce.NetworkPolicy {
		return ""
	}
	return strings.Join(notes, " ")
}

// registryOnlyMesh says that no object has to stop what the mesh itself does.
func (p *planner) registryOnlyMesh() string {
	if p.mesh.OutboundTrafficPolicy == defaultOutboundTrafficPolicy {
		return ""
	}
	return "Sidecars stop it too: the configuration of the mesh says REGISTRY_ONLY."
}

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

// hopTo names what the bundle has at a gateway.
func (p *planner) hopTo(g *gateway) *hop { return &hop{bundle: p.id(), gateway: g} }

// intrusions are what others may try who are no clients of a destination.
func (p *planner) intrusions(d *destination) []WayAround {
	name := p.hopTo(d.gateway).objectName()
	var drops, denies []ObjectRef
	if p.enforce.NetworkPolicy {
		drops = []ObjectRef{{kindNetworkPolicy, d.gateway.namespace, name}}
	}
	note := "Without mutual TLS the gateway cannot tell who calls."
	if d.mutualTLS {
		denies, note = []ObjectRef{{kindAuthorizationPolicy, d.gateway.namespace, name}}, ""
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
