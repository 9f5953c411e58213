// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"fmt"

	accesslog "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	cel "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/filters/cel/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tcp "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
)

// AccessLogs returns the CEL expressions that filter the access logs of a gateway, named NAMESPACE/SERVICE, one for each
// log of each filter chain. A log without a filter has an empty one.
func (m *Mesh) AccessLogs(gateway string) []string {
	m.t.Helper()
	var expressions []string
	seen := map[*listener.Listener]bool{}
	for _, gw := range m.gateways {
		if gw.workload.String() != gateway {
			continue
		}
		for _, l := range m.gatewayProxy(gw, "").listeners {
			if seen[l] {
				continue // A gateway has several ports.
			}
			seen[l] = true
			for _, chain := range l.GetFilterChains() {
				found, err := accessLogs(chain)
				if err != nil {
					m.t.Fatalf("listener %s: %v", l.GetName(), err)
				}
				expressions = append(expressions, found...)
			}
		}
	}
	return expressions
}

func accessLogs(chain *listener.FilterChain) ([]string, error) {
	var logs []*accesslog.AccessLog
	for _, f := range chain.GetFilters() {
		switch {
		case f.GetTypedConfig().MessageIs(&hcm.HttpConnectionManager{}):
			var config hcm.HttpConnectionManager
			if err := f.GetTypedConfig().UnmarshalTo(&config); err != nil {
				return nil, err
			}
			logs = append(logs, config.GetAccessLog()...)
		case f.GetTypedConfig().MessageIs(&tcp.TcpProxy{}):
			var config tcp.TcpProxy
			if err := f.GetTypedConfig().UnmarshalTo(&config); err != nil {
				return nil, err
			}
			logs = append(logs, config.GetAccessLog()...)
		}
	}
	var expressions []string
	for _, log := range logs {
		expression, err := filterOf(log.GetFilter())
		if err != nil {
			return nil, err
		}
		expressions = append(expressions, expression)
	}
	return expressions, nil
}

func filterOf(filter *accesslog.AccessLogFilter) (string, error) {
	if filter == nil {
		return "", nil
	}
	var expression cel.ExpressionFilter
	if err := filter.GetExtensionFilter().GetTypedConfig().UnmarshalTo(&expression); err != nil {
		return "", fmt.Errorf("access log filter %v is not supported: %w", filter, err)
	}
	return expression.GetExpression(), nil
}
