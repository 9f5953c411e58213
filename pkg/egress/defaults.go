// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"cmp"
	"slices"
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

	defaultDNSNamespace = "kube-system"
	defaultDNSPort      = 53
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

	m.DNS.Namespace = cmp.Or(m.DNS.Namespace, defaultDNSNamespace)
	m.DNS.Port = cmp.Or(m.DNS.Port, defaultDNSPort)
	if len(m.DNS.Selector) == 0 {
		m.DNS.Selector = map[string]string{"k8s-app": "kube-dns"}
	}
	m.DNS.Addresses = addressSet(m.DNS.Addresses)
	m.APIServer = addressSet(m.APIServer)

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
	if g.Deploy != nil {
		g.Deploy = new(g.Deploy.withDefaults())
	}
	return g
}

// withDefaults fills in what the Helm chart of Istio has, but for the number of
// Pods: one alone would cut all traffic off when its node is drained.
func (d Deploy) withDefaults() Deploy {
	d.Installer = cmp.Or(d.Installer, InstallerManifests)
	d.Replicas.Min = cmp.Or(d.Replicas.Min, 2)
	d.Replicas.Max = cmp.Or(d.Replicas.Max, max(5, d.Replicas.Min))
	d.Resources.Requests.CPU = cmp.Or(d.Resources.Requests.CPU, "100m")
	d.Resources.Requests.Memory = cmp.Or(d.Resources.Requests.Memory, "128Mi")
	d.Resources.Limits.CPU = cmp.Or(d.Resources.Limits.CPU, "2")
	d.Resources.Limits.Memory = cmp.Or(d.Resources.Limits.Memory, "1Gi")
	return d
}

// addressSet returns addresses in an order of their own, each once.
func addressSet(from []string) []string {
	var set []string
	for _, address := range from {
		set = append(set, normalized(address))
	}
	slices.Sort(set)
	return slices.Compact(set)
}

// dynamicDNSVersion is the first release whose sidecars look up what a wildcard
// stands for: resolution DYNAMIC_DNS of a ServiceEntry.
// https://istio.io/latest/news/releases/1.30.x/announcing-1.30/change-notes/
const dynamicDNSVersion = "1.30"

// hasDynamicDNS compares text: every release that is supported has a minor
// version of two digits.
func (m Mesh) hasDynamicDNS() bool { return m.IstioVersion >= dynamicDNSVersion }
