// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"
)

// A hop is the way from the sidecars to a gateway for one bundle: the servers
// of the gateway that take its traffic, and the subsets that sidecars send it
// to.
type hop struct {
	bundle  bundleID
	gateway *gateway
	servers map[string]*networking.Server
	subsets map[string]map[string]*networking.Subset // by client namespace
	// gatewayOf is the name of the Gateway that holds a server.
	gatewayOf map[string]string
	// snis are what arrives over mutual TLS, by who may send it.
	snis grouping[string, string]
}

// newHops returns the hops of the destinations of a bundle, by the name of the
// gateway.
func newHops(destinations []*destination) map[string]*hop {
	hops := map[string]*hop{}
	for _, d := range destinations {
		if d.gateway == nil {
			continue
		}
		h := hops[d.gateway.name]
		if h == nil {
			h = &hop{
				bundle:    d.bundle,
				gateway:   d.gateway,
				servers:   map[string]*networking.Server{},
				subsets:   map[string]map[string]*networking.Subset{},
				gatewayOf: map[string]string{},
				snis:      grouping[string, string]{},
			}
			hops[d.gateway.name] = h
		}
		h.add(d)
	}
	for _, h := range hops {
		for _, s := range h.gatewayShards() {
			for _, server := range s.items {
				h.gatewayOf[server] = h.gatewayName(s)
			}
		}
	}
	return hops
}

// hopTo names what the bundle has at a gateway.
func (p *planner) hopTo(g *gateway) *hop { return &hop{bundle: p.id(), gateway: g} }

func (h *hop) add(d *destination) {
	for _, l := range d.lanes() {
		c := l.cross()
		h.servers[c.server.Port.Name] = c.server
		for _, client := range d.clients {
			if h.subsets[client] == nil {
				h.subsets[client] = map[string]*networking.Subset{}
			}
			h.subsets[client][c.subset.Name] = c.subset
		}
		if l.mutualTLS {
			h.permit(l)
		}
	}
}

// permit notes who may send what arrives on a lane.
func (h *hop) permit(l lane) {
	h.snis.add(strings.Join(l.principals, " "), "*."+l.branch())
}

// branch returns the domain of all lanes that are alike in who may use them:
// those of one kind of the bundle, or of one kind of a destination that has
// clients of its own.
func (l lane) branch() string {
	root := laneRoot(l.bundle, l.kind)
	if l.narrowed {
		return l.destination.name + "." + root
	}
	return root
}

// A crossing is how a lane crosses the hop.
type crossing struct {
	server *networking.Server
	subset *networking.Subset
}

// cross says how the lane crosses. Everything over mutual TLS goes to the TLS
// port of the gateway, where SNI tells it apart; so a bundle does not meet what
// others have on the HTTP port, which takes plain HTTP or TLS and never both.
//
// TLS inside mutual TLS is opaque to the gateway, so each lane has a server, a
// subset and an SNI of its own. HTTP shares them with all who have the same
// clients: the gateway tells requests apart by authority, and a server knows no
// request of another branch. Without mutual TLS, TLS is told by its own SNI, and TCP by
// a port of the gateway that is for it alone.
func (l lane) cross() crossing {
	root := l.branch()
	switch {
	case l.isHTTP() && l.mutualTLS:
		return crossing{
			server(labelName(l.branchName("http-mutual-tls")...), l.gateway.tlsPort, "HTTPS", "*."+root, tlsMode(networking.ServerTLSSettings_ISTIO_MUTUAL)),
			l.subset(mutualTLSPolicy("mesh."+root, l.isHTTP2()), l.branchName(strings.ToLower(l.httpVersion()))...),
		}
	case l.isHTTP():
		return crossing{
			server(labelName(l.branchName("http")...), l.gateway.httpPort, "HTTP", "*."+root, nil),
			l.subset(plaintextPolicy(), "plaintext"),
		}
	case l.mutualTLS:
		subset := l.subset(mutualTLSPolicy(l.name, false), l.ownName()...)
		return crossing{server(subset.Name, l.gateway.tlsPort, protocolTLS, l.name, tlsMode(networking.ServerTLSSettings_ISTIO_MUTUAL)), subset}
	case l.isTCP():
		return crossing{
			server(labelName(l.ownName()...), l.gatewayPort, protocolTCP, l.name, nil),
			l.subset(plaintextPolicy(), "plaintext"),
		}
	default:
		return crossing{
			server(labelName(l.ownName()...), l.gateway.tlsPort, protocolTLS, l.host.name, tlsMode(networking.ServerTLSSettings_PASSTHROUGH)),
			l.subset(plaintextPolicy(), "plaintext"),
		}
	}
}

// branchName names what all lanes of a branch share.
func (l lane) branchName(name string) []string {
	if l.narrowed {
		return []string{l.destination.name, name}
	}
	return []string{name}
}

// ownName returns what tells the lane from all others of the bundle.
func (l lane) ownName() []string {
	return slices.Concat([]string{l.destination.name}, l.host.parts, []string{portName(l.protocol, l.port)})
}

func tlsMode(mode networking.ServerTLSSettings_TLSmode) *networking.ServerTLSSettings {
	return &networking.ServerTLSSettings{Mode: mode}
}

func server(name string, port int, protocol, host string, tls *networking.ServerTLSSettings) *networking.Server {
	return &networking.Server{
		Port:  &networking.Port{Name: name, Number: uint32(port), Protocol: protocol},
		Hosts: []string{host},
		Tls:   tls,
	}
}

// subset has a name that is unique to the bundle: the subsets of all bundles
// for one gateway are merged.
func (d *destination) subset(policy *networking.TrafficPolicy, parts ...string) *networking.Subset {
	parts = append([]string{d.bundle.namespace, d.bundle.name}, parts...)
	return &networking.Subset{Name: labelName(parts...), TrafficPolicy: policy}
}

// mutualTLSPolicy is written out in full, because Istio never upgrades the way
// to a gateway by itself.
func mutualTLSPolicy(sni string, http2 bool) *networking.TrafficPolicy {
	policy := &networking.TrafficPolicy{
		Tls: &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_ISTIO_MUTUAL, Sni: sni},
	}
	if http2 {
		policy.ConnectionPool = &networking.ConnectionPoolSettings{
			Http: &networking.ConnectionPoolSettings_HTTPSettings{
				H2UpgradePolicy: networking.ConnectionPoolSettings_HTTPSettings_UPGRADE,
			},
		}
	}
	return policy
}

// plaintextPolicy keeps a mesh-wide DestinationRule from turning TLS on.
func plaintextPolicy() *networking.TrafficPolicy {
	return &networking.TrafficPolicy{
		Tls: &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_DISABLE},
	}
}

func (h *hop) gatewayShards() []shard[string] {
	return shards(slices.Collect(maps.Keys(h.servers)), itself, maxItems)
}

func (h *hop) gatewayName(s shard[string]) string {
	return labelName(append([]string{h.bundle.namespace, h.bundle.name, h.gateway.name}, s.name...)...)
}

func (h *hop) objectName(parts ...string) string {
	return objectName(append([]string{h.bundle.namespace, h.bundle.name, h.gateway.name}, parts...)...)
}

// gateways open the gateway for the traffic of the bundle.
func (h *hop) gateways() []Object {
	var objects []Object
	for _, s := range h.gatewayShards() {
		spec := &networking.Gateway{Selector: maps.Clone(h.gateway.selector)}
		for _, name := range s.items {
			spec.Servers = append(spec.Servers, h.servers[name])
		}
		objects = append(objects, newObject(kindGateway, h.gateway.namespace, h.gatewayName(s), h.bundle, spec))
	}
	return objects
}

// destinationRules define the subsets, in each client namespace and without
// exportTo: there the rules of all bundles are merged, with each other and with
// those that somebody wrote by hand. In the namespace of the gateway one rule
// of a client would hide them all.
func (h *hop) destinationRules() []Object {
	var objects []Object
	for client, subsets := range h.subsets {
		for _, s := range shards(slices.Collect(maps.Keys(subsets)), itself, maxItems) {
			spec := &networking.DestinationRule{Host: h.gateway.host}
			for _, name := range s.items {
				spec.Subsets = append(spec.Subsets, proto.CloneOf(subsets[name])) // objects share nothing
			}
			objects = append(objects, newObject(kindDestinationRule, client, h.objectName(s.name...), h.bundle, spec))
		}
	}
	return objects
}
