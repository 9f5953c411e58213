// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

// conflicts remembers what bundles claim, to find where a later one contradicts
// an earlier one. A contradiction is reported at the later bundle and names the
// earlier.
type conflicts struct {
	bundles map[bundleID]*planner
	facts   map[string]factClaim
	hosts   map[hostClaim][]*destination
	// addresses are claimed as hosts are, port by port.
	addresses map[addressClaim][]*destination
	snis      map[string]map[string]lane // by gateway and host
	ports     map[portClaim]lane
	services  map[serviceClaim]*planner
	bypasses  map[string][]*planner // by client
}

// A fact is something that a bundle says of the cluster.
type fact struct {
	name  string
	value any
}

// A factClaim is what the first bundle says that knows of a fact.
type factClaim struct {
	value  any
	bundle *planner
}

// A hostClaim is one host as the workloads of one namespace reach it.
type hostClaim struct{ client, host string }

// An addressClaim is one port of one address or range as the workloads of one
// namespace reach it.
type addressClaim struct {
	client, address string
	port            int
}

// A portClaim is a port of a gateway that takes TCP without mutual TLS.
type portClaim struct {
	gateway string
	port    int
}

// A serviceClaim is the name of a Service.
type serviceClaim struct{ namespace, name string }

func newConflicts() *conflicts {
	return &conflicts{
		bundles:   map[bundleID]*planner{},
		facts:     map[string]factClaim{},
		hosts:     map[hostClaim][]*destination{},
		addresses: map[addressClaim][]*destination{},
		snis:      map[string]map[string]lane{},
		ports:     map[portClaim]lane{},
		services:  map[serviceClaim]*planner{},
		bypasses:  map[string][]*planner{},
	}
}

// addBundle looks at what a bundle says of itself and of the mesh. It returns
// false for a bundle that was added before, which would contradict itself.
func (c *conflicts) addBundle(p *planner) bool {
	id := bundleID{p.bundle.Namespace, p.bundle.Name}
	if first := c.bundles[id]; first != nil {
		p.reportf(DuplicateBundle, "metadata.name", "must be unique in the namespace, got %q again%s; rename or remove one of them", id, first.already("metadata.name"))
		return false
	}
	c.bundles[id] = p
	for _, fact := range p.mesh.facts() {
		first, claimed := c.facts[fact.name]
		if !claimed {
			c.facts[fact.name] = factClaim{fact.value, p}
		} else if !reflect.DeepEqual(first.value, fact.value) {
			p.reportf(MeshConflict, pathMesh+"."+fact.name, "must be the same in every bundle, and differs from %s; state the facts of the cluster once, in an %s", first.bundle.object(), kindMesh)
		}
	}
	return true
}

// facts returns what two meshes cannot state differently, sorted by name.
// Whether hops are mutual TLS is a choice and not a fact, and a gateway that
// only one of them knows is no contradiction.
func (m Mesh) facts() []fact {
	facts := []fact{
		{"clusterDomain", m.ClusterDomain},
		{"istioVersion", m.IstioVersion},
		{"outboundTrafficPolicy", m.OutboundTrafficPolicy},
		{"rootNamespace", m.RootNamespace},
		{"trustDomain", m.TrustDomain},
	}
	for _, name := range slices.Sorted(maps.Keys(m.Gateways)) {
		facts = append(facts, fact{schema.Child("gateways", name), m.Gateways[name]})
	}
	return facts
}

// add looks at what a bundle claims. One that was added before would contradict
// itself.
func (c *conflicts) add(p *planner) {
	if !c.addBundle(p) {
		return
	}
	for _, d := range p.planned {
		c.addDestination(p, d)
	}
	if p.bundle.Bypass != nil {
		for _, client := range p.clients {
			c.bypasses[client] = append(c.bypasses[client], p)
		}
	}
}

// addSecond looks at what can only be told when every bundle is known.
func (c *conflicts) addSecond(p *planner) {
	for _, d := range p.planned {
		c.addBypassed(p, d)
		c.addCovered(p, d)
	}
}

// addDestination looks at what a destination claims for its clients and at its
// gateway.
func (c *conflicts) addDestination(p *planner, d *destination) {
	c.addHosts(p, d)
	c.addAddresses(p, d)
	c.addService(p, d)
	for _, l := range d.lanes() {
		switch {
		case l.mutualTLS, l.isHTTP():
		case l.isTCP():
			c.addPort(p, l)
		default:
			c.addSNI(p, l)
		}
	}
}

// already says where a field of the bundle stands, if that is known.
func (p *planner) already(path string) string {
	if at := p.bundle.source.position(path); at.Line > 0 {
		return fmt.Sprintf("; it stands at %s already", at)
	}
	return ""
}

func (c *conflicts) addHosts(p *planner, d *destination) {
	if d.service.hasAddresses() {
		return // What is called is its own name.
	}
	for _, h := range d.hosts {
		reported := map[*destination]bool{}
		for _, client := range d.clients {
			claim := hostClaim{client, h.name}
			for _, first := range c.hosts[claim] {
				if !reported[first] { // One client stands for all.
					reported[first] = p.reportHost(claim, first, d)
				}
			}
			c.hosts[claim] = append(c.hosts[claim], d)
		}
	}
}

// reportHost looks at two destinations that give one client one host.
func (p *planner) reportHost(claim hostClaim, first, d *destination) (reported bool) {
	path := func() string {
		from := p.bundle.Destinations[d.name]
		at := schema.Child(pathDestinations, d.name)
		if from.Service != nil {
			return schema.Child(schema.Child(at, "service"), "externalName")
		}
		return schema.Item(schema.Child(at, "hosts"), slices.Index(from.Hosts, claim.host))
	}
	switch {
	case first == d:
		return false // The host stands twice in its list.
	case first.bundle == d.bundle:
		p.reportf(DuplicateHost, path(), "must stand in one destination only, got %q again: workloads of %s reach it as destination %q; put the ports of a host into one destination", claim.host, claim.client, first.name)
	case contradict(first, d):
		p.reportf(HostConflict, path(), "must be reached in one way, got %q, which workloads of %s reach in another way as %s; agree on one way, or on different clients", claim.host, claim.client, first)
	default:
		return false
	}
	return true
}

// addAddresses looks at TCP, which is told by address alone. Ranges that hold
// one another are no conflict: the smaller one wins.
func (c *conflicts) addAddresses(p *planner, d *destination) {
	for _, address := range d.addresses {
		for _, r := range d.routes {
			reported := map[*destination]bool{}
			for _, client := range d.clients {
				claim := addressClaim{client, address, r.port}
				for _, first := range c.addresses[claim] {
					if !reported[first] {
						reported[first] = p.reportAddress(claim, first, d)
					}
				}
				c.addresses[claim] = append(c.addresses[claim], d)
			}
		}
	}
}

// reportAddress looks at two destinations that give one client one address.
func (p *planner) reportAddress(claim addressClaim, first, d *destination) (reported bool) {
	path := p.addressPath(d, claim.address)
	switch {
	case first == d:
		return false // The address stands twice in its list.
	case first.bundle == d.bundle:
		p.reportf(DuplicateAddress, path, "must not be %s, which workloads of %s reach on port %d as destination %q; an address and a port belong to one destination", claim.address, claim.client, claim.port, first.name)
	case first.hosts[0].outside != d.hosts[0].outside || contradict(first, d):
		p.reportf(AddressConflict, path, "must not be %s, which workloads of %s reach on port %d in another way as %s; agree on one way, or on different clients", claim.address, claim.client, claim.port, first)
	default:
		return false
	}
	return true
}

// addService looks for two bundles of one namespace that make one Service.
func (c *conflicts) addService(p *planner, d *destination) {
	if d.service == nil {
		return
	}
	claim := serviceClaim{d.bundle.namespace, d.name}
	if first := c.services[claim]; first != nil && first != p {
		p.reportf(DuplicateService, schema.Child(schema.Child(pathDestinations, d.name), "service"), "must have another name: %s makes the Service %q of this namespace already; rename the destination", first.object(), d.name)
		return
	}
	c.services[claim] = p
}

// addSNI looks at TLS that reaches a gateway without mutual TLS around it. Its
// SNI is all that the gateway sees; everything else has a name of the bundle's
// own there, and cannot collide.
func (c *conflicts) addSNI(p *planner, l lane) {
	known := c.snis[l.gateway.host]
	if known == nil {
		known = map[string]lane{}
		c.snis[l.gateway.host] = known
	}
	for _, name := range meeting(known, l.host.name) {
		if first := known[name]; first.port != l.port {
			p.reportf(NeedsMutualTLS, p.portPath(l.destination, l.port), "must not lead to port %d of %s: %s leads to port %d of %s, and without mutual TLS the gateway cannot tell them apart; set `mutualTLS: true`", l.port, l.host.name, first.destination, first.port, name)
			return
		}
	}
	if _, claimed := known[l.host.name]; !claimed {
		known[l.host.name] = l
	}
}

// meeting returns the known names that a host is, is below, or covers.
func meeting(known map[string]lane, name string) []string {
	var names []string
	domain, wildcard := strings.CutPrefix(name, "*")
	for _, other := range slices.Sorted(maps.Keys(known)) {
		otherDomain, otherWildcard := strings.CutPrefix(other, "*")
		if name == other || wildcard && strings.HasSuffix(other, domain) || otherWildcard && strings.HasSuffix(name, otherDomain) {
			names = append(names, other)
		}
	}
	return names
}

// addPort looks at TCP that reaches a gateway without mutual TLS around it. The
// port of the gateway is all that tells where it goes.
func (c *conflicts) addPort(p *planner, l lane) {
	claim := portClaim{l.gateway.host, l.gatewayPort}
	first, claimed := c.ports[claim]
	if !claimed {
		c.ports[claim] = l
		return
	}
	path := parent(p.portPath(l.destination, l.port)) + ".gatewayPort"
	p.reportf(GatewayPortConflict, path, "must not be %d, which %s uses for port %d: without mutual TLS each port with the pattern TCP needs one of its own; choose another, or set `mutualTLS: true`", l.gatewayPort, first.destination, first.port)
}

// addBypassed looks for destinations that their clients would not reach through
// the proxy: another bundle may say for the same clients what skips it.
func (c *conflicts) addBypassed(p *planner, d *destination) {
	reported := map[string]bool{}
	report := func(path, what, client string, by *planner) {
		if !reported[path] { // One client stands for all.
			reported[path] = true
			p.reportf(Bypassed, path, "must not be %s, which workloads of %s call without the proxy: %s says so in %s; remove it there or here", what, client, by.object(), pathBypass)
		}
	}
	for _, client := range d.clients {
		for _, by := range c.bypasses[client] {
			for _, r := range d.routes {
				if slices.Contains(by.bypass.ports, r.port) {
					report(p.portPath(d, r.port), strconv.Itoa(r.port), client, by)
				}
			}
			for _, address := range d.addresses {
				if by.bypass.covers(address) {
					report(p.addressPath(d, address), address, client, by)
				}
			}
		}
	}
}

// portPath leads to where a destination says that it has a port.
func (p *planner) portPath(d *destination, number int) string {
	path := schema.Child(schema.Child(pathDestinations, d.name), "ports")
	i := slices.IndexFunc(p.bundle.Destinations[d.name].Ports, func(port Port) bool { return port.Number == number })
	if i < 0 {
		return path // It is the port that every destination has by default.
	}
	return schema.Child(schema.Item(path, i), "port")
}

// addressPath leads to an address of TCP.
func (p *planner) addressPath(d *destination, address string) string {
	path := schema.Child(schema.Child(pathDestinations, d.name), "addresses")
	return schema.Item(path, slices.IndexFunc(p.bundle.Destinations[d.name].Addresses, func(text string) bool {
		return normalized(text) == address
	}))
}

// addCovered looks for hosts that are reached from the sidecar, and stand below
// a wildcard that leads through a gateway. No route of their own leads them
// past the gateway, so they would follow that of the wildcard.
func (c *conflicts) addCovered(p *planner, d *destination) {
	if d.gateway != nil {
		return
	}
	for _, h := range d.hosts {
		for _, client := range d.clients {
			if first := c.covering(client, h.name); first != nil {
				path := schema.Child(schema.Child(pathDestinations, d.name), "hosts")
				if i := slices.Index(p.bundle.Destinations[d.name].Hosts, h.name); i >= 0 {
					path = schema.Item(path, i)
				}
				p.reportf(HostConflict, path, "must not be %q with `via: Sidecar`: workloads of %s reach what is below its domain through a gateway as %s, and this host with it; use `via: Gateway`", h.name, client, first)
				break
			}
		}
	}
}

// covering returns the destination whose wildcard leads a host through a
// gateway, and nil if there is none.
func (c *conflicts) covering(client, name string) *destination {
	_, domain, found := strings.Cut(strings.TrimPrefix(name, wildcardPrefix), ".")
	for ; found; _, domain, found = strings.Cut(domain, ".") {
		for _, d := range c.hosts[hostClaim{client, wildcardPrefix + domain}] {
			if d.gateway != nil {
				return d
			}
		}
	}
	return nil
}

// contradict reports whether workloads cannot follow both of two destinations
// that share a host. They can if every port that both have is reached alike.
func contradict(a, b *destination) bool {
	sameWay := reflect.DeepEqual(a.way, b.way)
	if a.gateway == nil || b.gateway == nil {
		// The ServiceEntries of a host must agree on its resolution, and of
		// two DestinationRules for it Istio takes one.
		return !sameWay || !reflect.DeepEqual(a.routes, b.routes)
	}
	for _, r := range a.routes {
		i := slices.IndexFunc(b.routes, func(other route) bool { return other.port == r.port })
		if i >= 0 && (!sameWay || !reflect.DeepEqual(r, b.routes[i])) {
			return true
		}
	}
	return false
}

// String names a destination in messages.
func (d *destination) String() string {
	return fmt.Sprintf("destination %q of %s %s", d.name, kindBundle, d.bundle)
}
