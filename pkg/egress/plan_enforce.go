// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

// enforced plans what closes the ways around the destinations, with every
// default applied.
func (p *planner) enforced() Enforce {
	if p.bundle.Enforce == nil {
		return Enforce{}
	}
	e := *p.bundle.Enforce
	if !e.RegistryOnly && !e.NetworkPolicy {
		if !e.Authorization {
			p.reportf(MissingField, pathEnforce, "must turn on registryOnly, networkPolicy or authorization, such as {networkPolicy: true}; remove it if nothing is enforced")
		}
		if e.ClusterTraffic != "" {
			p.reportf(Unenforceable, schema.Child(pathEnforce, "clusterTraffic"), "must not be set without registryOnly or networkPolicy, which are what it is about; remove it, or set one of them")
		}
	}
	e.ClusterTraffic = cmp.Or(e.ClusterTraffic, ClusterTrafficAllow)
	if e.RegistryOnly {
		p.checkRegistryOnly()
	}
	if e.NetworkPolicy {
		p.checkNetworkPolicy()
	}
	if e.Authorization {
		p.checkAuthorization()
	}
	return e
}

// checkRegistryOnly refuses a Sidecar for more than a namespace.
// https://istio.io/latest/docs/reference/config/networking/sidecar/
func (p *planner) checkRegistryOnly() {
	if slices.Contains(p.clients.namespaces, p.mesh.RootNamespace) {
		p.reportf(Unenforceable, schema.Child(pathEnforce, "registryOnly"), "must not be set with the client %s, which is the root namespace: a Sidecar there is for every namespace of the mesh; move its workloads, or leave it out of the clients", p.mesh.RootNamespace)
	}
}

// checkNetworkPolicy refuses clients that are no mere clients, and destinations
// that NetworkPolicies cannot name, and warns of what they close beside.
func (p *planner) checkNetworkPolicy() {
	path := schema.Child(pathEnforce, "networkPolicy")
	for _, client := range p.clients.namespaces {
		if what := p.serves(client); what != "" {
			p.reportf(Unenforceable, path, "must not be set with the client %s, which is the namespace of %s: its Pods would be cut off; leave it out of the clients", client, what)
		}
	}
	for _, d := range p.planned {
		if d.gateway == nil && slices.ContainsFunc(d.leavings(), p.isUnknown) {
			p.reportf(NeedsAddress, schema.Child(pathDestinations, d.name), "must lead to IP addresses with `via: Sidecar` where spec.enforce.networkPolicy is set: NetworkPolicies know no names; add {endpoints: [{address: 203.0.113.7}]}, or give the forwardProxy by its IP address, or use `via: Gateway`")
		}
	}
	if p.bundle.Bypass != nil && len(p.bundle.Bypass.Ports) > 0 {
		p.warnf(Bypassed, schema.Child(pathBypass, "ports"), "skip the proxies and lead to no host outside: spec.enforce.networkPolicy lets no packet out for them; list the addresses in cidrs")
	}
	for _, g := range p.gateways() {
		p.warnf(ClosesGateway, path, "drops what reaches gateway %q from namespaces that no bundle with networkPolicy names, and what leaves it to other ports, also where somebody wrote the configuration by hand; add a NetworkPolicy for that", g.name)
		if g.portsAssumed {
			p.warnf(AssumedPorts, path, "lets clients reach the container ports %s of gateway %q, as the Helm chart of Istio has them; istioctl makes others, 8080 and 8443: set targetPorts in the mesh to what they are", joinInts(g.containerPorts()), g.name)
		}
	}
}

// serves says what of the mesh or the cluster runs in a namespace, if it is known.
func (p *planner) serves(namespace string) string {
	switch namespace {
	case p.mesh.RootNamespace:
		return "the control plane"
	case p.mesh.DNS.Namespace:
		return "the DNS of the cluster"
	}
	for _, name := range slices.Sorted(maps.Keys(p.mesh.Gateways)) {
		if p.mesh.Gateways[name].Namespace == namespace {
			return "gateway " + name
		}
	}
	return ""
}

// checkAuthorization refuses a rule that nothing would follow, and warns of what
// it closes beside.
func (p *planner) checkAuthorization() {
	path := schema.Child(pathEnforce, "authorization")
	if len(p.gateways()) == 0 {
		p.reportf(NeedsGateway, path, "must not be set where every destination has `via: Sidecar`: it is for gateways; remove it, or use `via: Gateway`")
	}
	for _, g := range p.gateways() {
		p.warnf(ClosesGateway, path, "closes gateway %q for everything that is of no bundle, also for routes that somebody wrote by hand", g.name)
	}
}

// gateways returns the gateways that the bundle uses, sorted by name.
func (p *planner) gateways() []*gateway {
	used := map[string]*gateway{}
	for _, d := range p.planned {
		if d.gateway != nil {
			used[d.gateway.name] = d.gateway
		}
	}
	var gateways []*gateway
	for _, name := range slices.Sorted(maps.Keys(used)) {
		gateways = append(gateways, used[name])
	}
	return gateways
}

// A leaving is where traffic goes when it leaves the last proxy of the mesh: an IP
// address, a range of them or a name, and a port. For NetworkPolicies, a Service of
// the cluster is its namespace.
type leaving struct {
	namespace string
	address   string
	port      int
}

func (l leaving) key() string { return fmt.Sprint(l.namespace, " ", l.address, " ", l.port) }

// leavings returns where the traffic of the destination leaves to.
func (d *destination) leavings() []leaving {
	var all []leaving
	for _, h := range d.hosts {
		for _, r := range d.routes {
			all = append(all, d.leavingsOf(h, r)...)
		}
	}
	return all
}

func (d *destination) leavingsOf(h host, r route) []leaving {
	var all []leaving
	for _, target := range d.targets(h, r) {
		port := int(cmp.Or(target.Ports[portName(r.protocol, r.port)], uint32(r.exit.port)))
		all = append(all, leaving{address: target.Address, port: port})
	}
	var addresses []string
	switch {
	case len(all) > 0:
		return all
	case d.service.hasAddresses():
		addresses = d.service.Addresses
	case d.gateway == nil && len(d.addresses) > 0:
		addresses = d.addresses
	default:
		addresses = []string{h.outside}
	}
	for _, address := range addresses {
		all = append(all, leaving{address: address, port: r.exit.port})
	}
	return all
}

// isUnknown reports whether a NetworkPolicy cannot name where traffic goes.
func (p *planner) isUnknown(l leaving) bool {
	return !isIP(l.address) && !isRange(l.address) && p.namespaceOf(l.address) == ""
}
