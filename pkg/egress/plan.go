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

// A bundleID identifies a bundle.
type bundleID struct{ namespace, name string }

func (id bundleID) String() string { return id.namespace + "/" + id.name }

// A destination is a Destination that can be built: every default is applied,
// every reference resolved and every list sorted. Nothing can fail after the
// plan.
//
// A Destination with TCP beside other patterns is planned as two: what is told
// by name, and what is told by address.
type destination struct {
	way

	bundle      bundleID
	name        string
	part        []string // of the names of its objects, where there are two
	source      *source
	description string
	owner       string
	hosts       []host
	addresses   []string            // of TCP
	clients     []string            // namespaces
	accounts    map[string][]string // of clients, where not all may use it
	// principals are the identities of the clients, as Istio matches them.
	principals []string
	narrowed   bool    // they are not those of the bundle
	routes     []route // by port
}

// A way is how all ports of a destination are reached.
type way struct {
	gateway   *gateway // nil: straight from the sidecar
	mutualTLS bool     // of the hop to the gateway
	service   *Service // nil: hosts are called by their own names
	// wildcardServer is where wildcards lead; empty: to what is called.
	wildcardServer string
	// dynamicDNS says whether sidecars can look up what a wildcard stands for.
	dynamicDNS bool
	endpoints  []Endpoint // empty: the hosts
	policy     *TrafficPolicy
	proxy      *ForwardProxy // nil: none
}

// A host is what applications call.
type host struct {
	name string // as sidecars know it
	// outside is what it is called outside. It is empty for addresses without
	// a name, and the name itself for a wildcard that leads to every name.
	outside string
	parts   []string // of names of objects and of lanes
}

const (
	protocolTCP = "TCP"
	protocolTLS = "TLS"
)

// A route is what a pattern makes of one port.
type route struct {
	port        int
	protocol    string // what sidecars see on the port, as Istio names it
	gatewayPort int    // of TCP without mutual TLS
	exit        exit
}

// isHTTP reports whether sidecars and gateways see requests, and not just
// connections.
func (r route) isHTTP() bool { return r.protocol == "HTTP" || r.isHTTP2() }

// isHTTP2 reports whether requests must be carried over HTTP/2.
func (r route) isHTTP2() bool { return r.protocol == "HTTP2" || r.protocol == "GRPC" }

// isTCP reports whether nothing but the address tells where a connection goes.
func (r route) isTCP() bool { return r.protocol == protocolTCP }

// routeAt returns the route of a port, and nil if there is none.
func routeAt(routes []route, port int) *route {
	i := slices.IndexFunc(routes, func(r route) bool { return r.port == port })
	if i < 0 {
		return nil
	}
	return &routes[i]
}

// httpVersion names what requests are carried over.
func (r route) httpVersion() string {
	if r.isHTTP2() {
		return "HTTP2"
	}
	return "HTTP"
}

// An exit is how traffic leaves the mesh.
type exit struct {
	port    int
	tls     *upstreamTLS     // nil: it leaves as it came
	allow   []AllowedRequest // empty: every request
	timeout Duration         // 0: none
	retries *Retries         // nil: those of the mesh
}

// upstreamTLS is the TLS that the mesh opens to a host.
type upstreamTLS struct {
	sni               string            // empty: the host
	subjectAltNames   []string          // empty: the host
	caCertificates    CACertificates    // empty: those of the system
	clientCertificate ClientCertificate // empty: none
}

// A planner makes the plan of one bundle.
type planner struct {
	bundle      Bundle
	stated      Mesh // as somebody wrote it
	mesh        Mesh // with defaults
	clients     clients
	planned     []*destination
	bypass      bypass
	enforce     Enforce
	diagnostics []Diagnostic
}

// plan plans the bundle, which was checked, with the facts of a shared mesh if
// there is one.
func (p *planner) plan(shared *Mesh) {
	p.setMesh(shared)
	p.clients = p.bundleClients()
	p.planned = p.destinations()
	p.bypass = p.bypassed()
	p.enforce = p.enforced()
}

func (p *planner) id() bundleID { return bundleID{p.bundle.Namespace, p.bundle.Name} }

func (p *planner) object() ObjectRef {
	return ObjectRef{Kind: kindBundle, Namespace: p.bundle.Namespace, Name: p.bundle.Name}
}

// reportf adds an error at a field.
func (p *planner) reportf(code Code, path, format string, args ...any) {
	p.addDiagnosticf(SeverityError, code, path, format, args...)
}

// warnf adds a warning at a field.
func (p *planner) warnf(code Code, path, format string, args ...any) {
	p.addDiagnosticf(SeverityWarning, code, path, format, args...)
}

func (p *planner) addDiagnosticf(severity Severity, code Code, path, format string, args ...any) {
	p.diagnostics = append(p.diagnostics, Diagnostic{
		Code:     code,
		Severity: severity,
		Position: p.bundle.source.position(path),
		Object:   p.object(),
		Path:     path,
		Message:  fmt.Sprintf(format, args...),
	})
}

const (
	pathMesh         = "spec.mesh"
	pathClients      = "spec.clients"
	pathDestinations = "spec.destinations"
	pathBypass       = "spec.bypass"
	pathEnforce      = "spec.enforce"
)

// destinations plans the destinations. It leaves out what has no gateway, after
// reporting it.
func (p *planner) destinations() []*destination {
	if len(p.bundle.Destinations) == 0 {
		p.reportf(MissingField, pathDestinations, "must have at least one destination, such as {stripe: {hosts: [api.stripe.com]}}")
	}
	var planned []*destination
	for _, name := range slices.Sorted(maps.Keys(p.bundle.Destinations)) {
		planned = append(planned, p.destination(name, p.bundle.Destinations[name])...)
	}
	return planned
}

// destination plans a destination: in parts, if it has TCP beside other
// patterns, and not at all without a gateway that it needs.
func (p *planner) destination(name string, from Destination) []*destination {
	path := schema.Child(pathDestinations, name)
	w, ok := p.way(path, from)
	if !ok {
		return nil
	}
	d := destination{
		way:         w,
		bundle:      p.id(),
		name:        name,
		source:      p.bundle.source,
		description: from.Description,
		owner:       from.Owner,
	}
	p.setClients(path, &d, from)
	p.checkHosts(path, from)
	p.checkService(path, name, from)
	routes := p.routes(path, w, from)
	p.checkEndpoints(path, from, routes)
	p.checkTrafficPolicy(path, from, routes)
	var parts []*destination
	byName, byAddress := split(routes, w.service)
	if len(byName) > 0 {
		part := d
		part.hosts, part.routes = p.hosts(name, from), byName
		parts = append(parts, &part)
	}
	if len(byAddress) > 0 && p.checkTCPHost(path, from) {
		part := d
		part.part = []string{laneTCP}
		part.hosts, part.routes = []host{tcpHost(&d, from.Hosts[0])}, byAddress
		part.addresses = slices.Sorted(slices.Values(p.prefixes(schema.Child(path, "addresses"), from.Addresses)))
		parts = append(parts, &part)
	}
	if len(byAddress) == 0 && len(from.Addresses) > 0 {
		p.warnf(UnusedAddresses, schema.Child(path, "addresses"), "has no effect: only TCP is told by these addresses, and not that of a Service, which has its own; remove it")
	}
	return parts
}

// split tells what sidecars know by name from what they know by address. A
// Service has both.
func split(routes []route, s *Service) (byName, byAddress []route) {
	for _, r := range routes {
		if r.isTCP() && !s.hasAddresses() {
			byAddress = append(byAddress, r)
		} else {
			byName = append(byName, r)
		}
	}
	return byName, byAddress
}

// way plans how the destination is reached. It is not ok without a gateway that
// is needed.
func (p *planner) way(path string, from Destination) (w way, ok bool) {
	w = way{
		service:        from.Service.sorted(),
		wildcardServer: from.WildcardServer,
		dynamicDNS:     p.mesh.hasDynamicDNS(),
		endpoints:      sortedEndpoints(from.Endpoints),
		policy:         from.TrafficPolicy.sorted(),
		proxy:          from.ForwardProxy,
	}
	if from.ForwardProxy != nil && len(from.Endpoints) > 0 {
		p.reportf(ForwardProxyConflict, schema.Child(path, "endpoints"), "must not be set beside forwardProxy, which looks the host up itself; remove one of them")
	}
	switch {
	case from.Via == ViaSidecar:
		p.checkSidecar(path, from)
		return w, true
	case w.service.hasAddresses():
		return w, true // which is reported there
	}
	w.gateway = p.gateway(path, from.Gateway)
	w.mutualTLS = *cmp.Or(from.MutualTLS, p.mesh.MutualTLS)
	return w, w.gateway != nil
}

const onlyWithGateway = "must not be set with `via: Sidecar`; remove it, or use `via: Gateway`"

// checkSidecar refuses what has a meaning only on the way through a gateway.
func (p *planner) checkSidecar(path string, from Destination) {
	if from.Gateway != "" {
		p.reportf(NeedsGateway, schema.Child(path, "gateway"), onlyWithGateway)
	}
	if from.MutualTLS != nil {
		p.reportf(NeedsGateway, schema.Child(path, "mutualTLS"), onlyWithGateway)
	}
}
