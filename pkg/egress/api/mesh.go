// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package api

// A Mesh holds the facts of a cluster, said once for every bundle. It is the
// MeshSpec of the API. The zero Mesh is a standard Istio installation.
type Mesh struct {
	// Name is that of the EgressMesh, for messages. It is empty for the Mesh of a
	// Bundle.
	Name string `json:"-"`
	// Annotations are those of the EgressMesh. Objects do not inherit them.
	Annotations map[string]string `json:"-"`
	// IstioVersion is the Istio release, such as "1.31". Default: "1.29".
	IstioVersion string `json:"istioVersion,omitempty"`
	// MutualTLS says whether the hop from a sidecar to a gateway is Istio
	// mutual TLS, unless a destination says otherwise. Default: true.
	MutualTLS *bool `json:"mutualTLS,omitempty"`
	// RootNamespace is the root namespace of Istio. Default: istio-system.
	RootNamespace string `json:"rootNamespace,omitempty"`
	// ClusterDomain is the DNS domain of the cluster. Default: cluster.local.
	ClusterDomain string `json:"clusterDomain,omitempty"`
	// TrustDomain is the trust domain of the mesh. Default: cluster.local.
	TrustDomain string `json:"trustDomain,omitempty"`
	// OutboundTrafficPolicy is what the mesh configuration says of hosts that
	// nothing declares: ALLOW_ANY or REGISTRY_ONLY. Default: ALLOW_ANY.
	OutboundTrafficPolicy string `json:"outboundTrafficPolicy,omitempty"`
	// ProxyHeaders says whether the mesh configuration (defaultConfig.proxyHeaders)
	// keeps all proxies from adding request ids and Envoy's debug headers to
	// requests: Default or Disabled. Default: Default.
	// https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#ProxyConfig-ProxyHeaders
	ProxyHeaders string `json:"proxyHeaders,omitempty"`
	// AccessLog says whether the gateways log what leaves through them, and what they
	// refuse. Default: false.
	AccessLog bool `json:"accessLog,omitempty"`
	// DNSCapture says whether sidecars answer the DNS of their workloads
	// (ISTIO_META_DNS_CAPTURE in proxyMetadata of the mesh configuration). Then TCP is
	// told by the name of its host, where that has no Addresses. Default: false.
	// https://istio.io/latest/docs/ops/configuration/traffic-management/dns-proxy/
	DNSCapture bool `json:"dnsCapture,omitempty"`
	// DNS is where the DNS servers of the cluster are. NetworkPolicies need it.
	DNS DNS `json:"dns,omitzero"`
	// APIServer is the IP addresses of the API server of Kubernetes, or ranges of
	// them. NetworkPolicies that leave the cluster open need it: there is no
	// Pod to select. Default: it is closed.
	APIServer []string `json:"apiServer,omitempty"`
	// CrossNamespaceBundles are the namespaces whose bundles may have clients of other
	// namespaces; an empty list is none. It consents for those, so a Mesh of a Bundle must
	// not have it. Default: every namespace, with a warning.
	CrossNamespaceBundles []string `json:"crossNamespaceBundles,omitzero"`
	// ExpiredDestinations says what a destination is that has expired: an error, Deny, or a
	// warning, Warn. A Mesh of a Bundle must not have it. Default: Warn.
	ExpiredDestinations string `json:"expiredDestinations,omitempty"`
	// Gateways are the egress gateways, by name. Default: istio-egressgateway.
	Gateways map[string]Gateway `json:"gateways,omitempty"`
}

// A Gateway is an egress gateway that runs in the cluster.
type Gateway struct {
	// Namespace is that of its Pods and its Service. Default: istio-system.
	Namespace string `json:"namespace,omitempty"`
	// Service is the name of its Service. Default: the name of the gateway.
	Service string `json:"service,omitempty"`
	// Selector is the labels of its Pods. Default: istio, with the name of
	// the Service less a leading "istio-", as Istio's Helm chart labels them.
	Selector map[string]string `json:"selector,omitempty"`
	// Ports are those of its Service. Default: HTTP 80 and TLS 443.
	Ports GatewayPorts `json:"ports,omitzero"`
	// TargetPorts are the container ports behind them. Default: the same, and for
	// NetworkPolicies those that istioctl installs too, 8080 for 80 and 8443 for 443.
	TargetPorts GatewayPorts `json:"targetPorts,omitzero"`
	// ProxyHeaders says the same as that of the mesh, of the Pods of this gateway
	// alone. Default: that of the mesh, and Disabled with Deploy, which sets it.
	ProxyHeaders string `json:"proxyHeaders,omitempty"`
	// Deploy makes the workload of the gateway. Default: somebody else does.
	Deploy *Deploy `json:"deploy,omitempty"`
}

// A DNS is where the DNS servers of a cluster are.
type DNS struct {
	// Namespace is that of their Pods. Default: kube-system.
	Namespace string `json:"namespace,omitempty"`
	// Selector is the labels of their Pods. Default: k8s-app=kube-dns.
	Selector map[string]string `json:"selector,omitempty"`
	// Addresses are those of DNS servers that are no Pods, as is that of
	// NodeLocal DNSCache. Default: none.
	Addresses []string `json:"addresses,omitempty"`
	// Port is the container port of these Pods, and the port of these
	// addresses. Default: 53.
	Port int `json:"port,omitempty"`
}

// GatewayPorts are the ports of a gateway that bundles use.
type GatewayPorts struct {
	// HTTP takes traffic that reaches the gateway as plain HTTP.
	HTTP int `json:"http,omitempty"`
	// TLS takes TLS, and everything that the hop carries over mutual TLS.
	TLS int `json:"tls,omitempty"`
	// TCP are ports for TCP that reaches the gateway without mutual TLS: each
	// is for one port of one destination. As target ports they stand in the
	// same order.
	TCP []int `json:"tcp,omitempty"`
}

// Values of ProxyHeaders.
const (
	ProxyHeadersDefault  = "Default"
	ProxyHeadersDisabled = "Disabled"
)

// Values of ExpiredDestinations.
const (
	ExpiredDestinationsDeny = "Deny"
	ExpiredDestinationsWarn = "Warn"
)
