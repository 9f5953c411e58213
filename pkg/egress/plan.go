// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

// A bundleID identifies a bundle.
type bundleID struct{ namespace, name string }

func (id bundleID) String() string { return id.namespace + "/" + id.name }

// A destination is a Destination that can be built: every default is applied,
// every reference resolved and every list sorted. Nothing can fail after the
// plan.
type destination struct {
	bundle      bundleID
	name        string
	description string
	owner       string
	hosts       []string
	clients     []string // namespaces
	gateway     *gateway // nil: straight from the sidecar
	mutualTLS   bool     // of the hop to the gateway
	routes      []route  // by port
}

// A gateway is a Gateway that can be built on.
type gateway struct {
	name      string
	namespace string
	host      string // of its Service
	selector  map[string]string
	httpPort  int
	tlsPort   int
}

// A route is what a pattern makes of one port.
type route struct {
	port     int
	protocol string // what sidecars see on the port, as Istio names it
	exit     exit
}

// isHTTP reports whether sidecars and gateways see requests, and not just
// connections.
func (r route) isHTTP() bool { return r.protocol == "HTTP" || r.isHTTP2() }

// isHTTP2 reports whether requests must be carried over HTTP/2.
func (r route) isHTTP2() bool { return r.protocol == "HTTP2" || r.protocol == "GRPC" }

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
	tls     *upstreamTLS // nil: it leaves as it came
	timeout Duration     // 0: none
	retries *Retries     // nil: those of the mesh
}

// upstreamTLS is the TLS that the mesh opens to a host.
type upstreamTLS struct {
	sni             string         // empty: the host
	subjectAltNames []string       // empty: the host
	caCertificates  CACertificates // empty: those of the system
}

// A planner makes the plan of one bundle.
type planner struct {
	bundle      Bundle
	mesh        Mesh
	clients     []string
	diagnostics []Diagnostic
}

func (p *planner) object() ObjectRef {
	return ObjectRef{Kind: kindBundle, Namespace: p.bundle.Namespace, Name: p.bundle.Name}
}

func (p *planner) reportf(code Code, path, format string, args ...any) {
	p.diagnostics = append(p.diagnostics, Diagnostic{
		Code:     code,
		Severity: SeverityError,
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
)

// setMesh chooses the facts that the bundle is planned with.
func (p *planner) setMesh(shared *Mesh) {
	own := p.bundle.Mesh
	if shared != nil && own != nil {
		p.reportf(DuplicateMesh, pathMesh, "must not be set where an %s states the facts of the cluster; remove it", kindMesh)
	}
	p.mesh = cmp.Or(shared, own, &Mesh{}).WithDefaults()
	if own != nil {
		p.diagnostics = append(p.diagnostics, own.portConflicts(p.object(), pathMesh, p.bundle.source)...)
	}
}

// portConflicts finds gateways that have one port for everything. The path leads
// to the mesh.
func (m Mesh) portConflicts(object ObjectRef, path string, s *source) []Diagnostic {
	var diagnostics []Diagnostic
	gateways := m.WithDefaults().Gateways
	for _, name := range slices.Sorted(maps.Keys(gateways)) {
		ports := gateways[name].Ports
		if ports.HTTP != ports.TLS {
			continue
		}
		at := schema.Child(schema.Child(schema.Child(path, "gateways"), name), "ports")
		diagnostics = append(diagnostics, Diagnostic{
			Code:     GatewayPortConflict,
			Severity: SeverityError,
			Position: s.position(at),
			Object:   object,
			Path:     at,
			Message:  fmt.Sprintf("must have different ports for http and tls, got %d for both: a port of a gateway takes plain HTTP or TLS", ports.HTTP),
		})
	}
	return diagnostics
}

// destinations plans a bundle that was checked. It leaves out what has no
// gateway, after reporting it.
func (p *planner) destinations() []*destination {
	if len(p.bundle.Destinations) == 0 {
		p.reportf(MissingField, pathDestinations, "must have at least one destination, such as {stripe: {hosts: [api.stripe.com]}}")
	}
	p.clients = []string{p.bundle.Namespace}
	if len(p.bundle.Clients) > 0 {
		p.clients = p.namespaces(pathClients, p.bundle.Clients)
	}
	var planned []*destination
	for _, name := range slices.Sorted(maps.Keys(p.bundle.Destinations)) {
		if d := p.destination(name, p.bundle.Destinations[name]); d != nil {
			planned = append(planned, d)
		}
	}
	return planned
}

// namespaces returns the namespaces of clients, sorted.
func (p *planner) namespaces(path string, clients []Client) []string {
	var namespaces []string
	for i, client := range clients {
		if slices.Contains(namespaces, client.Namespace) {
			p.reportf(DuplicateClient, schema.Item(path, i)+".namespace", "must stand only once in the list, got %q again", client.Namespace)
		}
		namespaces = append(namespaces, client.Namespace)
	}
	slices.Sort(namespaces)
	return namespaces
}

func (p *planner) destination(name string, from Destination) *destination {
	path := schema.Child(pathDestinations, name)
	d := &destination{
		bundle:      bundleID{p.bundle.Namespace, p.bundle.Name},
		name:        name,
		description: from.Description,
		owner:       from.Owner,
		hosts:       p.hosts(path, from.Hosts),
		clients:     p.narrowed(path, from.Clients),
	}
	via := cmp.Or(from.Via, ViaGateway)
	d.routes = p.routes(path, via, from.Ports)
	if via == ViaSidecar {
		p.checkSidecar(path, from)
		return d
	}
	d.gateway = p.gateway(path, from.Gateway)
	d.mutualTLS = *cmp.Or(from.MutualTLS, p.mesh.MutualTLS)
	if d.gateway == nil {
		return nil
	}
	return d
}

// hosts returns the hosts, sorted, and refuses those of the cluster itself: a
// ServiceEntry would take their traffic over.
func (p *planner) hosts(path string, from []string) []string {
	path = schema.Child(path, "hosts")
	seen := map[string]bool{}
	for i, host := range from {
		if seen[host] {
			p.reportf(DuplicateHost, schema.Item(path, i), "must stand only once in the list, got %q again", host)
		}
		seen[host] = true
		if strings.HasSuffix(host, ".svc") || strings.HasSuffix(host, ".svc."+p.mesh.ClusterDomain) {
			p.reportf(HostInCluster, schema.Item(path, i), "must be a host outside the cluster, got %q, which is a Service; workloads reach it without a bundle", host)
		}
		if strings.HasSuffix(host, "."+laneDomain) {
			p.reportf(ReservedHost, schema.Item(path, i), "must not end in .%s, got %q: gateways know the traffic of bundles by such names", laneDomain, host)
		}
	}
	return slices.Sorted(slices.Values(from))
}

// narrowed returns the clients of a destination: some of those of the bundle.
func (p *planner) narrowed(path string, from []Client) []string {
	if len(from) == 0 {
		return p.clients
	}
	path = schema.Child(path, "clients")
	for i, client := range from {
		if !slices.Contains(p.clients, client.Namespace) {
			p.reportf(UnknownClient, schema.Item(path, i)+".namespace", "must be one of the bundle's clients (%s), got %q; add it to %s first", strings.Join(p.clients, ", "), client.Namespace, pathClients)
		}
	}
	return p.namespaces(path, from)
}

// gateway returns the gateway of a destination, and nil with a report if there
// is none.
func (p *planner) gateway(path, name string) *gateway {
	path = schema.Child(path, "gateway")
	names := slices.Sorted(maps.Keys(p.mesh.Gateways))
	if name == "" && len(names) > 1 {
		p.reportf(AmbiguousGateway, path, "must name one of the gateways of the mesh: %s", strings.Join(names, ", "))
		return nil
	}
	name = cmp.Or(name, names[0])
	from, ok := p.mesh.Gateways[name]
	if !ok {
		p.reportf(UnknownGateway, path, "must name one of the gateways of the mesh (%s), got %q", strings.Join(names, ", "), name)
		return nil
	}
	return &gateway{
		name:      name,
		namespace: from.Namespace,
		host:      fmt.Sprintf("%s.%s.svc.%s", from.Service, from.Namespace, p.mesh.ClusterDomain),
		selector:  from.Selector,
		httpPort:  from.Ports.HTTP,
		tlsPort:   from.Ports.TLS,
	}
}

// checkSidecar refuses what has a meaning only on the way through a gateway.
func (p *planner) checkSidecar(path string, from Destination) {
	const message = "must not be set with `via: Sidecar`; remove it, or use `via: Gateway`"
	if from.Gateway != "" {
		p.reportf(NeedsGateway, schema.Child(path, "gateway"), message)
	}
	if from.MutualTLS != nil {
		p.reportf(NeedsGateway, schema.Child(path, "mutualTLS"), message)
	}
}
