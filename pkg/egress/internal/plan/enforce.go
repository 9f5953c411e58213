// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"maps"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/facts"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// enforce plans what closes the ways around the destinations of a plan.
func (m *maker) enforce(p *ir.Plan) api.Enforce {
	if m.bundle.Enforce == nil {
		return api.Enforce{}
	}
	e := *m.bundle.Enforce
	if !e.RegistryOnly && !e.NetworkPolicy {
		if !e.Authorization {
			m.Report(field.Enforce, emptyEnforce())
		}
		if e.ClusterTraffic != "" {
			m.Report(field.Enforce.Child("clusterTraffic"), clusterTrafficOfNothing())
		}
	}
	e.ClusterTraffic = cmp.Or(e.ClusterTraffic, api.ClusterTrafficAllow)
	if e.RegistryOnly {
		m.checkRegistryOnly()
	}
	if e.NetworkPolicy {
		m.checkNetworkPolicy(p)
	}
	if e.Authorization {
		m.checkAuthorization(p.Gateways())
	}
	return e
}

// checkRegistryOnly refuses a Sidecar for more than a namespace.
// https://istio.io/latest/docs/reference/config/networking/sidecar/
func (m *maker) checkRegistryOnly() {
	if slices.Contains(m.clients.Namespaces, m.mesh.RootNamespace) {
		m.Report(field.Enforce.Child("registryOnly"), sidecarForMesh(m.mesh.RootNamespace))
	}
	if m.bundle.Mesh == nil {
		return // Whatever it is, it is the same for all bundles.
	}
	usual := facts.WithDefaults(api.Mesh{}).Gateways
	if !maps.Equal(namespacesOf(usual), namespacesOf(m.mesh.Gateways)) {
		m.Report(field.Mesh.Child("gateways"), sidecarOfOneMesh(m.clients.Namespaces))
	}
}

func namespacesOf(gateways map[string]api.Gateway) map[string]bool {
	namespaces := map[string]bool{}
	for _, g := range gateways {
		namespaces[g.Namespace] = true
	}
	return namespaces
}

// checkNetworkPolicy refuses clients that are no mere clients, and destinations
// that NetworkPolicies cannot name, and warns of what they close beside.
func (m *maker) checkNetworkPolicy(p *ir.Plan) {
	path := field.Enforce.Child("networkPolicy")
	for _, client := range m.clients.Namespaces {
		if server := m.serverIn(client); server != "" {
			m.Report(path, policyForServer(client, server))
		}
	}
	for _, d := range p.Destinations {
		_, fromSidecar := d.Way.(ir.FromSidecar)
		if fromSidecar && slices.ContainsFunc(d.Leavings(), p.IsUnknown) {
			m.Report(d.Path, policyOfName())
		}
	}
	if p.Bypass != nil && len(p.Bypass.Ports) > 0 {
		m.Report(field.Bypass.Child("ports"), bypassIntoPolicy())
	}
	for _, g := range p.Gateways() {
		m.Report(path, policyClosesGateway(g.Name))
		if assumed := g.AssumedTargets(); len(assumed) > 0 {
			m.Report(path, assumedPorts(assumed, g.Name))
		}
	}
}

// serverIn says what of the mesh or the cluster runs in a namespace, if it is known.
func (m *maker) serverIn(namespace string) string {
	switch namespace {
	case m.mesh.RootNamespace:
		return "the control plane"
	case m.mesh.DNS.Namespace:
		return "the DNS of the cluster"
	}
	for _, name := range m.gateways {
		if m.mesh.Gateways[name].Namespace == namespace {
			return "gateway " + name
		}
	}
	return ""
}

// checkAuthorization refuses a rule that nothing would follow, and warns of what
// it closes beside.
func (m *maker) checkAuthorization(gateways []*ir.Gateway) {
	path := field.Enforce.Child("authorization")
	if len(gateways) == 0 {
		m.Report(path, authorizationWithoutGateway())
	}
	for _, g := range gateways {
		m.Report(path, authorizationClosesGateway(g.Name))
	}
}
