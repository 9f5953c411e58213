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

// setMesh chooses the facts that the bundle is planned with.
func (p *planner) setMesh(shared *Mesh) {
	own := p.bundle.Mesh
	if shared != nil && own != nil {
		p.reportf(DuplicateMesh, pathMesh, "must not be set where an %s states the facts of the cluster; remove it", kindMesh)
	}
	p.stated = *cmp.Or(shared, own, &Mesh{})
	p.mesh = p.stated.WithDefaults()
	if own != nil {
		p.diagnostics = append(p.diagnostics, own.problems(p.object(), pathMesh, p.bundle.source)...)
	}
}

func (m Mesh) object() ObjectRef { return ObjectRef{Kind: kindMesh, Name: m.name} }

// problems finds what is wrong with gateways. The path leads to the mesh.
func (m Mesh) problems(object ObjectRef, path string, s *source) []Diagnostic {
	var diagnostics []Diagnostic
	gateways := m.WithDefaults().Gateways
	names := slices.Sorted(maps.Keys(gateways))
	for i, name := range names {
		g := gateways[name]
		problems := slices.Concat(g.portProblems(), g.deployProblems())
		for _, first := range names[:i] {
			problems = append(problems, g.sameAs(first, gateways[first])...)
		}
		for _, problem := range problems {
			at := schema.Child(schema.Child(path, "gateways"), name) + "." + problem.field
			diagnostics = append(diagnostics, Diagnostic{
				Code:     problem.code,
				Severity: SeverityError,
				Position: s.position(at),
				Object:   object,
				Path:     at,
				Message:  problem.message,
			})
		}
	}
	return diagnostics
}

// A gatewayProblem is what is wrong with a field of a gateway.
type gatewayProblem struct {
	code           Code
	field, message string
}

// sameAs finds what two gateways share that each must have alone.
func (g Gateway) sameAs(name string, first Gateway) []gatewayProblem {
	var problems []gatewayProblem
	if g.Namespace != first.Namespace {
		return nil
	}
	if g.Service == first.Service {
		problems = append(problems, gatewayProblem{DuplicateGateway, "service", fmt.Sprintf("must not be %q, which gateway %q has in namespace %s; name another, or remove one of the two", g.Service, name, g.Namespace)})
	}
	if (g.Deploy != nil || first.Deploy != nil) && (within(g.Selector, first.Selector) || within(first.Selector, g.Selector)) {
		problems = append(problems, gatewayProblem{DuplicateGateway, "selector", fmt.Sprintf("must not select the Pods of gateway %q of namespace %s as well; give each a label value of its own", name, g.Namespace)})
	}
	return problems
}

// within reports whether whatever has all of some labels has the others too.
func within(others, all map[string]string) bool {
	for key, value := range others {
		if all[key] != value {
			return false
		}
	}
	return true
}

func (g Gateway) portProblems() []gatewayProblem {
	var problems []gatewayProblem
	add := func(field, format string, args ...any) {
		problems = append(problems, gatewayProblem{GatewayPortConflict, field, fmt.Sprintf(format, args...)})
	}
	ports := g.Ports
	if ports.HTTP == ports.TLS {
		add("ports", "must have different ports for http and tls, got %d for both: a port of a gateway takes plain HTTP or TLS", ports.HTTP)
	}
	for i, port := range ports.TCP {
		if port == ports.HTTP || port == ports.TLS || slices.Contains(ports.TCP[:i], port) {
			add("ports", "must have different ports for http, tls and each of tcp, got %d twice", port)
		}
	}
	if len(g.TargetPorts.TCP) != len(ports.TCP) {
		add("targetPorts", "must have a tcp port for each of ports, got %d for %d", len(g.TargetPorts.TCP), len(ports.TCP))
	}
	targets := slices.Concat([]int{g.TargetPorts.HTTP, g.TargetPorts.TLS}, g.TargetPorts.TCP)
	for i, port := range targets {
		switch {
		case slices.Contains(targets[:i], port) && (i > 1 || ports.HTTP != ports.TLS):
			add("targetPorts", "must have different ports for http, tls and each of tcp, got %d twice", port)
		case port >= firstProxyPort && port <= lastProxyPort:
			add("targetPorts", "must not be from %d to %d, which the proxy uses itself, got %d", firstProxyPort, lastProxyPort, port)
		}
	}
	return problems
}

// The ports that Istio's proxy has for itself.
// https://istio.io/latest/docs/ops/deployment/application-requirements/#ports-used-by-istio
const (
	firstProxyPort = 15000
	lastProxyPort  = 15090
)

// allowAny says once that the mesh lets workloads reach everything: a bundle that
// leaves that as it is restricts nobody.
func allowAny(shared *Mesh, planners []*planner) []Diagnostic {
	const field = "outboundTrafficPolicy"
	i := slices.IndexFunc(planners, func(p *planner) bool {
		return p.mesh.OutboundTrafficPolicy == defaultOutboundTrafficPolicy && !p.enforce.RegistryOnly
	})
	if i < 0 {
		return nil
	}
	p := planners[i]
	d := Diagnostic{
		Code:     AllowAny,
		Severity: SeverityWarning,
		Position: p.bundle.source.position(schema.Child(pathMesh, field)),
		Object:   p.object(),
		Path:     schema.Child(pathMesh, field),
		Message:  "is ALLOW_ANY: workloads reach every host, declared or not, so bundles restrict nobody; set it to REGISTRY_ONLY in the configuration of the mesh, and here, or set spec.enforce.registryOnly of the bundle",
	}
	if shared != nil {
		d.Object = shared.object()
		d.Path = schema.Child("spec", field)
		d.Position = shared.source.position(d.Path)
	}
	return []Diagnostic{d}
}

// A gateway is a Gateway that can be built on.
type gateway struct {
	name      string
	namespace string
	service   string
	host      string // of its Service
	selector  map[string]string
	httpPort  int
	tlsPort   int
	tcpPorts  []int
	// targetPorts are the container ports behind these.
	targetPorts GatewayPorts
	// portsAssumed says whether nobody stated them.
	portsAssumed bool
	// deployed says whether its workload is among the objects.
	deployed bool
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
		service:   from.Service,
		host:      fmt.Sprintf("%s.%s.svc.%s", from.Service, from.Namespace, p.mesh.ClusterDomain),
		selector:  from.Selector,
		httpPort:  from.Ports.HTTP,
		tlsPort:   from.Ports.TLS,
		tcpPorts:  from.Ports.TCP,

		targetPorts:  from.TargetPorts,
		portsAssumed: p.stated.Gateways[name].TargetPorts.isZero() && from.Deploy == nil,
		deployed:     from.Deploy != nil && from.Deploy.Installer == InstallerManifests,
	}
}

func (g GatewayPorts) isZero() bool { return g.HTTP == 0 && g.TLS == 0 && len(g.TCP) == 0 }

// containerPort returns the container port behind a port of the Service.
func (g *gateway) containerPort(port int) int {
	switch port {
	case g.httpPort:
		return g.targetPorts.HTTP
	case g.tlsPort:
		return g.targetPorts.TLS
	default:
		return g.targetPorts.TCP[slices.Index(g.tcpPorts, port)]
	}
}

// containerPorts returns all container ports.
func (g *gateway) containerPorts() []int {
	return slices.Concat([]int{g.targetPorts.HTTP, g.targetPorts.TLS}, g.targetPorts.TCP)
}
