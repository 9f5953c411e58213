// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"fmt"
	"net"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	dfp "github.com/envoyproxy/go-control-plane/envoy/extensions/clusters/dynamic_forward_proxy/v3"
	http "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
)

// dynamicForwardProxy is the type of the clusters that Istio makes of wildcard hosts with resolution DYNAMIC_DNS.
const dynamicForwardProxy = "envoy.clusters.dynamic_forward_proxy"

// dynamicAddress is where a cluster leads to that resolves the very name it is asked for: that of the Host header, or
// the one that the SNI filter found. Envoy gives a Host header without port the port of the scheme that it speaks.
func dynamicAddress(c *cluster.Cluster, options *http.HttpProtocolOptions, d departure, secure bool) ([]string, error) {
	if err := checkDynamic(c, options); err != nil {
		return nil, err
	}
	switch {
	case !d.isHTTP && d.sniTarget == "":
		// Without the filter nothing resolves the name before the connection asks the cluster for an address.
		return nil, blockedf("503 UH: cluster %s does not know the name that is called", c.GetName())
	case !d.isHTTP:
		return []string{d.sniTarget}, nil
	}
	if _, _, err := net.SplitHostPort(d.request.authority); err == nil {
		return []string{d.request.authority}, nil
	}
	port := defaultPorts["http"]
	if secure {
		port = defaultPorts["https"]
	}
	return []string{net.JoinHostPort(d.request.authority, port)}, nil
}

// checkDynamic finds what makes Envoy reject the cluster: HTTP options of its own that do not take the server name and
// the name in the certificate from the request. Without options of its own Envoy sets both.
func checkDynamic(c *cluster.Cluster, options *http.HttpProtocolOptions) error {
	if name := c.GetClusterType().GetName(); name != dynamicForwardProxy {
		return fmt.Errorf("cluster %s: type %s is not supported", c.GetName(), name)
	}
	config := &dfp.ClusterConfig{}
	if err := c.GetClusterType().GetTypedConfig().UnmarshalTo(config); err != nil {
		return fmt.Errorf("cluster %s: %w", c.GetName(), err)
	}
	if config.GetSubClustersConfig() != nil {
		return fmt.Errorf("cluster %s: sub clusters are not supported", c.GetName())
	}
	auto := options.GetUpstreamHttpProtocolOptions()
	if c.GetTypedExtensionProtocolOptions()[httpOptionsKey] == nil || config.GetAllowInsecureClusterOptions() ||
		auto.GetAutoSni() && auto.GetAutoSanValidation() {
		return nil
	}
	return blockedf("503 NC: cluster %s is rejected: it has HTTP options without auto_sni and auto_san_validation",
		c.GetName())
}
