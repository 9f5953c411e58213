// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

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
	enforced  enforcements
	// named is who has a port that is told by name.
	named map[portOfClient]*destination
}

// A portOfClient is a port that the workloads of one namespace call.
type portOfClient struct {
	client string
	port   int
}

// A fact is something that a bundle says of the cluster: of what, in which field,
// and what.
type fact struct {
	of, field string
	value     any
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
		enforced:  newEnforcements(),
		named:     map[portOfClient]*destination{},
	}
}

// addBundle looks at what a bundle says of itself and of the mesh. It returns
// false for a bundle that was added before, which would contradict itself.
func (c *conflicts) addBundle(p *planner) bool {
	id := p.id()
	if first := c.bundles[id]; first != nil {
		p.reportf(DuplicateBundle, "metadata.name", "must be unique in the namespace, got %q again%s; rename or remove one of them", id, first.already("metadata.name"))
		return false
	}
	c.bundles[id] = p
	for _, fact := range p.mesh.facts() {
		first, claimed := c.facts[fact.of]
		if !claimed {
			c.facts[fact.of] = factClaim{fact.value, p}
		} else if first.bundle != p && !reflect.DeepEqual(first.value, fact.value) {
			p.reportf(MeshConflict, pathMesh+"."+fact.field, "must be the same in every bundle, and differs from %s; state the facts of the cluster once, in an %s", first.bundle.located(), kindMesh)
		}
	}
	return true
}

// facts returns what two meshes cannot state differently, sorted by field. That of
// a gateway is what its name stands for, and which Service it is.
// Whether hops are mutual TLS is a choice and not a fact, and a gateway that
// only one of them knows is no contradiction.
func (m Mesh) facts() []fact {
	var facts []fact
	for field, value := range map[string]any{
		"apiServer":             m.APIServer,
		"clusterDomain":         m.ClusterDomain,
		"dns":                   m.DNS,
		"istioVersion":          m.IstioVersion,
		"outboundTrafficPolicy": m.OutboundTrafficPolicy,
		"rootNamespace":         m.RootNamespace,
		"trustDomain":           m.TrustDomain,
	} {
		facts = append(facts, fact{field, field, value})
	}
	for name, g := range m.Gateways {
		field := schema.Child("gateways", name)
		facts = append(facts, fact{field, field, g}, fact{"Service " + g.Namespace + "/" + g.Service, field, workload{g, name}})
	}
	slices.SortFunc(facts, func(a, b fact) int { return cmp.Or(cmp.Compare(a.field, b.field), cmp.Compare(a.of, b.of)) })
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
		for _, client := range p.clients.namespaces {
			c.bypasses[client] = append(c.bypasses[client], p)
		}
	}
	c.addEnforced(p)
}

// addSecond looks at what can only be told when every bundle is known.
func (c *conflicts) addSecond(p *planner) {
	for _, d := range p.planned {
		c.addBypassed(p, d)
		c.addCovered(p, d)
		c.addShadowing(p, d)
	}
	c.addClosed(p)
}

// addDestination looks at what a destination claims for its clients and at its
// gateway.
func (c *conflicts) addDestination(p *planner, d *destination) {
	c.addHosts(p, d)
	c.addAddresses(p, d)
	c.addService(p, d)
	c.addNamed(d)
	if d.mutualTLS {
		return // What arrives at the gateway has a name of its own.
	}
	for _, l := range d.lanes() {
		switch {
		case l.isHTTP():
		case l.isTCP():
			c.addPort(p, l)
		default:
			c.addSNI(p, l)
		}
	}
}

// already says where a field of the bundle stands, if that is known.
func (p *planner) already(path string) string {
	if at := p.bundle.source.position(path); at.File != "" {
		return fmt.Sprintf("; it stands at %s already", at)
	}
	return ""
}

// addService looks for two bundles of one namespace that make one Service.
func (c *conflicts) addService(p *planner, d *destination) {
	if d.service == nil {
		return
	}
	claim := serviceClaim{d.bundle.namespace, d.name}
	if first := c.services[claim]; first != nil && first != p {
		p.reportf(DuplicateService, schema.Child(schema.Child(pathDestinations, d.name), "service"), "must have another name: %s makes the Service %q of this namespace already; rename the destination", first.located(), d.name)
		return
	}
	c.services[claim] = p
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
		other := routeAt(b.routes, r.port)
		if other != nil && (!sameWay || !reflect.DeepEqual(r, *other)) {
			return true
		}
	}
	return false
}

// String names a destination in messages, and where it stands.
func (d *destination) String() string {
	return fmt.Sprintf("destination %q of %s %s%s", d.name, kindBundle, d.bundle, inParentheses(d.source.position(schema.Child(pathDestinations, d.name))))
}

// located names the bundle in messages, and where it stands.
func (p *planner) located() string {
	return p.object().String() + inParentheses(p.bundle.source.position(""))
}

func inParentheses(at Position) string {
	if at.File == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", at)
}
