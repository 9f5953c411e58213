// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"maps"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/report"
)

// mesh returns what the plans take for granted of the cluster. What is a fact they agree on.
func (a audit) mesh() report.Mesh {
	var mesh report.Mesh
	gateways, logs := map[string]report.Gateway{}, map[string]bool{}
	for _, p := range a.plans {
		addFacts(&mesh, p)
		for name, g := range p.Mesh.Gateways {
			gateways[name] = gatewayOf(name, g)
		}
		for _, g := range p.Gateways() {
			logs[g.Name] = logs[g.Name] || p.Mesh.AccessLog
		}
	}
	for _, name := range slices.Sorted(maps.Keys(gateways)) {
		g := gateways[name]
		g.AccessLog = logs[name]
		mesh.Gateways = append(mesh.Gateways, g)
	}
	return mesh
}

func addFacts(mesh *report.Mesh, p *ir.Plan) {
	from := p.Mesh
	mesh.IstioVersion = from.IstioVersion
	mesh.RootNamespace = from.RootNamespace
	mesh.ClusterDomain = from.ClusterDomain
	mesh.TrustDomain = from.TrustDomain
	mesh.CrossNamespaceBundles = slices.Clone(from.CrossNamespaceBundles)
	mesh.ExpiredDestinations = from.ExpiredDestinations
	mesh.DNSCapture = from.DNSCapture
	mesh.OutboundTrafficPolicy = from.OutboundTrafficPolicy
	if mesh.ProxyHeaders != api.ProxyHeadersDefault {
		mesh.ProxyHeaders = from.ProxyHeaders
	}
	if p.Enforce.NetworkPolicy {
		mesh.DNS = from.DNS
		mesh.DNS.Selector = maps.Clone(from.DNS.Selector)
		mesh.DNS.Addresses = slices.Clone(from.DNS.Addresses)
		if p.Enforce.ClusterTraffic == api.ClusterTrafficAllow {
			mesh.APIServer = slices.Clone(from.APIServer)
		}
	}
}

func gatewayOf(name string, from api.Gateway) report.Gateway {
	g := report.Gateway{
		Name:         name,
		Namespace:    from.Namespace,
		Service:      from.Service,
		Selector:     maps.Clone(from.Selector),
		Ports:        portsOf(from.Ports),
		TargetPorts:  portsOf(from.TargetPorts),
		ProxyHeaders: from.ProxyHeaders,
	}
	if from.Deploy != nil {
		g.NodeSelector = maps.Clone(from.Deploy.NodeSelector)
	}
	return g
}

func portsOf(p api.GatewayPorts) api.GatewayPorts {
	p.TCP = slices.Clone(p.TCP)
	return p
}
