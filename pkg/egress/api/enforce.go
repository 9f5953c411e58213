// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package api

// An Enforce closes ways around the destinations of a bundle. It concerns whole
// namespaces and gateways, and so whatever else is there.
type Enforce struct {
	// RegistryOnly gives each client namespace a Sidecar with REGISTRY_ONLY: the
	// proxies of its workloads lead to what is declared in the namespace itself
	// or in that of a gateway of the mesh, and to nothing else outside.
	RegistryOnly bool `json:"registryOnly,omitempty"`
	// NetworkPolicy gives NetworkPolicies to each client namespace and to each
	// gateway that the bundle uses. Whatever packets no NetworkPolicy is for are
	// dropped there, also those of Pods without a proxy. Destinations with
	// ViaSidecar need addresses: a NetworkPolicy knows no names. NetworkPolicies
	// add up, so others may open more, as for metrics of the gateway.
	NetworkPolicy bool `json:"networkPolicy,omitempty"`
	// Authorization makes the gateways refuse what reaches them under a name that
	// is none of a bundle. A server that somebody wrote for every host (*), and
	// that ends Istio mutual TLS, can still be reached as a name below .egress.
	Authorization bool `json:"authorization,omitempty"`
	// ClusterTraffic says whether RegistryOnly and NetworkPolicy let the clients
	// reach the rest of the cluster. Default: ClusterTrafficAllow.
	ClusterTraffic ClusterTraffic `json:"clusterTraffic,omitempty"`
}

// ClusterTraffic is what clients may reach within the cluster.
type ClusterTraffic string

const (
	// ClusterTrafficAllow leaves all Services and Pods of the cluster open, and
	// APIServer of the mesh. Nodes, and Pods on their network, are closed: a
	// NetworkPolicy cannot select them.
	ClusterTrafficAllow ClusterTraffic = "Allow"
	// ClusterTrafficDeny closes all but the own namespace to the proxy, and all
	// Pods to packets, but those of DNS, of the control plane and of gateways.
	ClusterTrafficDeny ClusterTraffic = "Deny"
)
