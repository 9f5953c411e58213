// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"cmp"
	"strings"
)

// The facts of a standard Istio installation.
const (
	defaultIstioVersion = "1.29" // the oldest release that is still supported
	defaultNamespace    = "istio-system"
	defaultDomain       = "cluster.local"
	defaultGateway      = "istio-egressgateway"
	defaultHTTPPort     = 80
	defaultTLSPort      = 443

	defaultOutboundTrafficPolicy = "ALLOW_ANY"
)

// WithDefaults returns the mesh with every fact filled in, as Render sees it.
func (m Mesh) WithDefaults() Mesh {
	yes := true
	m.IstioVersion = cmp.Or(m.IstioVersion, defaultIstioVersion)
	m.MutualTLS = cmp.Or(m.MutualTLS, &yes)
	m.RootNamespace = cmp.Or(m.RootNamespace, defaultNamespace)
	m.ClusterDomain = cmp.Or(m.ClusterDomain, defaultDomain)
	m.TrustDomain = cmp.Or(m.TrustDomain, defaultDomain)
	m.OutboundTrafficPolicy = cmp.Or(m.OutboundTrafficPolicy, defaultOutboundTrafficPolicy)

	gateways := map[string]Gateway{}
	for name, gateway := range m.Gateways {
		gateways[name] = gateway.withDefaults(name)
	}
	if len(gateways) == 0 {
		gateways[defaultGateway] = Gateway{}.withDefaults(defaultGateway)
	}
	m.Gateways = gateways
	return m
}

func (g Gateway) withDefaults(name string) Gateway {
	g.Namespace = cmp.Or(g.Namespace, defaultNamespace)
	g.Service = cmp.Or(g.Service, name)
	if len(g.Selector) == 0 {
		g.Selector = map[string]string{"istio": strings.TrimPrefix(g.Service, "istio-")}
	}
	g.Ports.HTTP = cmp.Or(g.Ports.HTTP, defaultHTTPPort)
	g.Ports.TLS = cmp.Or(g.Ports.TLS, defaultTLSPort)
	g.TargetPorts.HTTP = cmp.Or(g.TargetPorts.HTTP, g.Ports.HTTP)
	g.TargetPorts.TLS = cmp.Or(g.TargetPorts.TLS, g.Ports.TLS)
	if len(g.TargetPorts.TCP) == 0 {
		g.TargetPorts.TCP = g.Ports.TCP
	}
	return g
}

// dynamicDNSVersion is the first release whose sidecars look up what a wildcard
// stands for: resolution DYNAMIC_DNS of a ServiceEntry.
// https://istio.io/latest/news/releases/1.30.x/announcing-1.30/change-notes/
const dynamicDNSVersion = "1.30"

// hasDynamicDNS compares text: every release that is supported has a minor
// version of two digits.
func (m Mesh) hasDynamicDNS() bool { return m.IstioVersion >= dynamicDNSVersion }
