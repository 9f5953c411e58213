// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package facts fills in the defaults of what a mesh says of its cluster, and judges its
// gateways.
package facts

import (
	"cmp"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/address"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// The facts of a standard Istio installation.
const (
	defaultIstioVersion = "1.29" // the oldest release that is still supported
	defaultNamespace    = "istio-system"
	defaultDomain       = "cluster.local"
	defaultGateway      = "istio-egressgateway"
	defaultHTTPPort     = 80
	defaultTLSPort      = 443

	defaultOutboundTrafficPolicy = ir.AllowAny

	defaultDNSNamespace = "kube-system"
	defaultDNSPort      = 53
)

// WithDefaults returns a mesh with every fact filled in.
func WithDefaults(m api.Mesh) api.Mesh {
	yes := true
	m.IstioVersion = cmp.Or(m.IstioVersion, defaultIstioVersion)
	m.MutualTLS = cmp.Or(m.MutualTLS, &yes)
	m.RootNamespace = cmp.Or(m.RootNamespace, defaultNamespace)
	m.ClusterDomain = cmp.Or(m.ClusterDomain, defaultDomain)
	m.TrustDomain = cmp.Or(m.TrustDomain, defaultDomain)
	m.ProxyHeaders = cmp.Or(m.ProxyHeaders, api.ProxyHeadersDefault)
	m.ExpiredDestinations = cmp.Or(m.ExpiredDestinations, api.ExpiredDestinationsWarn)
	m.OutboundTrafficPolicy = cmp.Or(m.OutboundTrafficPolicy, defaultOutboundTrafficPolicy)

	m.DNS.Namespace = cmp.Or(m.DNS.Namespace, defaultDNSNamespace)
	m.DNS.Port = cmp.Or(m.DNS.Port, defaultDNSPort)
	if len(m.DNS.Selector) == 0 {
		m.DNS.Selector = map[string]string{"k8s-app": "kube-dns"}
	}
	m.DNS.Addresses = address.Set(m.DNS.Addresses)
	m.APIServer = address.Set(m.APIServer)

	gateways := map[string]api.Gateway{}
	for name, gateway := range m.Gateways {
		gateways[name] = gatewayWithDefaults(gateway, name, m.ProxyHeaders)
	}
	if len(gateways) == 0 {
		gateways[defaultGateway] = gatewayWithDefaults(api.Gateway{}, defaultGateway, m.ProxyHeaders)
	}
	m.Gateways = gateways
	return m
}

func gatewayWithDefaults(g api.Gateway, name, proxyHeaders string) api.Gateway {
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
		g.TargetPorts.TCP = slices.Clone(g.Ports.TCP)
	}
	if g.Deploy != nil {
		g.Deploy = new(deployWithDefaults(*g.Deploy))
		proxyHeaders = api.ProxyHeadersDisabled
	}
	g.ProxyHeaders = cmp.Or(g.ProxyHeaders, proxyHeaders)
	return g
}

// deployWithDefaults fills in what the Helm chart of Istio has, but for the number of
// Pods: one alone would cut all traffic off when its node is drained.
func deployWithDefaults(d api.Deploy) api.Deploy {
	d.Installer = cmp.Or(d.Installer, api.InstallerManifests)
	d.Replicas.Min = cmp.Or(d.Replicas.Min, 2)
	d.Replicas.Max = cmp.Or(d.Replicas.Max, max(5, d.Replicas.Min))
	d.Resources.Requests.CPU = cmp.Or(d.Resources.Requests.CPU, "100m")
	d.Resources.Requests.Memory = cmp.Or(d.Resources.Requests.Memory, "128Mi")
	d.Resources.Limits.CPU = cmp.Or(d.Resources.Limits.CPU, "2")
	d.Resources.Limits.Memory = cmp.Or(d.Resources.Limits.Memory, "1Gi")
	return d
}

// DynamicDNSVersion is the first release whose sidecars look up what a wildcard
// stands for: resolution DYNAMIC_DNS of a ServiceEntry.
// https://istio.io/latest/news/releases/1.30.x/announcing-1.30/change-notes/
const DynamicDNSVersion = "1.30"

// HasDynamicDNS reports whether sidecars look up what a wildcard stands for. It compares
// text: every release that is supported has a minor
// version of two digits.
func HasDynamicDNS(m api.Mesh) bool { return m.IstioVersion >= DynamicDNSVersion }
