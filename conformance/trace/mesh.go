// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package trace follows single calls through the Envoy configuration that Istio's control plane generates.
//
// A Mesh loads manifests into pilot's in-memory discovery server. Trace then takes one call from the listener of the
// caller's sidecar to its route and its cluster, and, where that cluster is a gateway's, through the gateway's listener,
// filter chain, route and cluster, until the call leaves the mesh. It does with the configuration what Envoy would do:
// where a call goes is read from endpoints and not from the names of clusters, and configuration that it does not
// understand is a failure, never a pass.
//
// Outside of tests, Wrap of istio.io/istio/pkg/test lends a test.Failer.
package trace

import (
	"cmp"
	"fmt"
	"net/netip"

	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"

	corev1 "k8s.io/api/core/v1"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/networking/util"
	"istio.io/istio/pilot/pkg/serviceregistry/util/label"
	"istio.io/istio/pilot/test/xds"
	"istio.io/istio/pilot/test/xdstest"
	meshdefaults "istio.io/istio/pkg/config/mesh"
	dns "istio.io/istio/pkg/dns/server"
	"istio.io/istio/pkg/spiffe"
	"istio.io/istio/pkg/test"

	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/conformance/packet"
)

const (
	proxyVersion  = "1.31.0"
	clusterDomain = "cluster.local"
	trustDomain   = "cluster.local"
)

// sourceAddress is the address of the pod that makes the calls.
var sourceAddress = netip.MustParseAddr("10.244.0.1")

// Options describe a mesh.
type Options struct {
	// Manifests is a YAML stream of Istio's kinds and built-in kinds in any order.
	Manifests string
	// OutboundTrafficPolicy is REGISTRY_ONLY, the default, ALLOW_ANY or ALLOW_ANY_DYNAMIC_DNS.
	OutboundTrafficPolicy string
	// UpgradesHTTP is set if h2UpgradePolicy of the mesh is UPGRADE.
	UpgradesHTTP bool
	// DNSCapture is set if sidecars answer the DNS of their workloads.
	DNSCapture bool
	// Gateways are the gateway workloads. The default is cluster.DefaultGateway.
	Gateways []cluster.Gateway
}

// A Mesh is a mesh whose configuration Istio's control plane has computed.
type Mesh struct {
	t        test.Failer
	server   *xds.FakeDiscoveryServer
	services map[string]corev1.ServiceSpec // by namespace/name
	policies packet.Policies
	captured bool // DNSCapture
	gateways map[netip.AddrPort]*gateway
	sidecars map[string]*proxy
}

// A gateway is a gateway workload. It has a proxy in each locality that it is met in.
type gateway struct {
	workload cluster.Gateway
	ip       string
	proxies  map[string]*proxy // by locality
}

// NewMesh computes the configuration of a mesh. Manifests that cannot be loaded fail the test.
func NewMesh(t test.Failer, opts Options) *Mesh {
	t.Helper()
	if len(opts.Gateways) == 0 {
		opts.Gateways = []cluster.Gateway{cluster.DefaultGateway()}
	}
	world, err := newWorld(opts)
	if err != nil {
		t.Fatalf("mesh: %v", err)
	}
	policies, err := packet.New(opts.Manifests)
	if err != nil {
		t.Fatalf("mesh: %v", err)
	}
	config, err := meshConfig(opts)
	if err != nil {
		t.Fatalf("mesh: %v", err)
	}
	m := &Mesh{
		t:        t,
		services: world.services,
		policies: policies,
		captured: opts.DNSCapture,
		gateways: map[netip.AddrPort]*gateway{},
		sidecars: map[string]*proxy{},
	}
	m.server = xds.NewFakeDiscoveryServer(t, xds.FakeOptions{
		Configs:           world.configs,
		KubernetesObjects: world.objects,
		MeshConfig:        config,
	})
	for i, g := range opts.Gateways {
		m.addGateway(g, podIP(i))
	}
	return m
}

func meshConfig(opts Options) (*meshconfig.MeshConfig, error) {
	policy := cmp.Or(opts.OutboundTrafficPolicy, "REGISTRY_ONLY")
	mode, ok := meshconfig.MeshConfig_OutboundTrafficPolicy_Mode_value[policy]
	if !ok {
		return nil, fmt.Errorf("outbound traffic policy %q: want REGISTRY_ONLY, ALLOW_ANY or ALLOW_ANY_DYNAMIC_DNS", policy)
	}
	c := meshdefaults.DefaultMeshConfig()
	c.OutboundTrafficPolicy.Mode = meshconfig.MeshConfig_OutboundTrafficPolicy_Mode(mode)
	if opts.UpgradesHTTP {
		c.H2UpgradePolicy = meshconfig.MeshConfig_UPGRADE
	}
	return c, nil
}

func (m *Mesh) addGateway(g cluster.Gateway, ip string) {
	gw := &gateway{workload: g, ip: ip, proxies: map[string]*proxy{}}
	for _, p := range g.Ports {
		m.gateways[netip.AddrPortFrom(netip.MustParseAddr(ip), uint16(p.TargetPort))] = gw
	}
}

// gatewayProxy returns the proxy of a gateway that the calls of a locality meet.
func (m *Mesh) gatewayProxy(gw *gateway, locality string) *proxy {
	g := gw.workload
	locality = cmp.Or(g.Locality, locality)
	if gw.proxies[locality] == nil {
		gw.proxies[locality] = m.newProxy(g.String(), locality, &model.Proxy{
			Type:            model.Router,
			ID:              g.Service + "-0." + g.Namespace,
			IPAddresses:     []string{gw.ip},
			ConfigNamespace: g.Namespace,
			Labels:          g.Labels,
			Metadata:        &model.NodeMetadata{Labels: g.Labels, ServiceAccount: g.ServiceAccount},
		})
	}
	return gw.proxies[locality]
}

// sidecar returns the proxy of the workload that makes a call.
func (m *Mesh) sidecar(c Call) *proxy {
	key := fmt.Sprint(c.Namespace, c.serviceAccount(), c.Labels, c.Locality)
	if m.sidecars[key] == nil {
		m.sidecars[key] = m.newProxy("sidecar in "+c.Namespace, c.Locality, &model.Proxy{
			Type:            model.SidecarProxy,
			ID:              "client." + c.Namespace,
			IPAddresses:     []string{sourceAddress.String()},
			ConfigNamespace: c.Namespace,
			Labels:          c.Labels,
			Metadata: &model.NodeMetadata{
				Labels: c.Labels, ServiceAccount: c.serviceAccount(), DNSCapture: model.StringBool(m.captured),
			},
		})
	}
	return m.sidecars[key]
}

// SidecarClusters returns how many clusters the sidecar of a caller has.
func (m *Mesh) SidecarClusters(c Call) int { return len(m.sidecar(c).clusters) }

// GatewayClusters returns how many clusters the gateways have.
func (m *Mesh) GatewayClusters() int {
	seen := map[*gateway]bool{} // A gateway has several ports.
	n := 0
	for _, gw := range m.gateways {
		if !seen[gw] {
			seen[gw] = true
			n += len(m.gatewayProxy(gw, "").clusters)
		}
	}
	return n
}

// newProxy computes the configuration of a proxy. Where it runs is also among its labels, as in a cluster.
func (m *Mesh) newProxy(name, locality string, node *model.Proxy) *proxy {
	node.Metadata.IstioVersion = proxyVersion
	node.Locality = util.ConvertLocality(locality)
	node.Labels = label.AugmentLabels(node.Labels, "", locality, "", "")
	node = m.server.SetupProxy(node)
	p := &proxy{
		name:      name,
		listeners: m.server.Listeners(node),
		endpoints: map[string]*endpoint.ClusterLoadAssignment{},
	}
	if node.Metadata.DNSCapture {
		p.names = dns.BuildNameTable(dns.Config{Node: node, Push: m.server.PushContext()}).GetTable()
	}
	p.routes = xdstest.ExtractRouteConfigurations(m.server.RoutesFromListeners(node, p.listeners))
	p.clusters = xdstest.ExtractClusters(m.server.Clusters(node))
	for _, assignment := range m.server.Endpoints(node) {
		p.endpoints[assignment.GetClusterName()] = assignment
	}
	return p
}

// gatewayAt returns the gateway that listens at the addresses, and nil if none does.
func (m *Mesh) gatewayAt(addresses []string) (*gateway, netip.AddrPort, error) {
	for _, a := range addresses {
		port, err := netip.ParseAddrPort(a)
		if err != nil || m.gateways[port] == nil {
			continue
		}
		if len(addresses) > 1 {
			return nil, netip.AddrPort{}, fmt.Errorf("a gateway among other endpoints is not supported: %v", addresses)
		}
		return m.gateways[port], port, nil
	}
	return nil, netip.AddrPort{}, nil
}

func (m *Mesh) identity(namespace, serviceAccount string) string {
	return spiffe.Identity{TrustDomain: trustDomain, Namespace: namespace, ServiceAccount: serviceAccount}.String()
}
