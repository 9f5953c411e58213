// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"maps"

	telemetry "istio.io/api/telemetry/v1"
	selector "istio.io/api/type/v1beta1"
)

// accessLogProvider is the provider of every Istio installation that writes to
// the standard output of the proxy.
// https://istio.io/latest/docs/tasks/observability/logs/telemetry-api/
const accessLogProvider = "envoy"

// accessLog logs what leaves through a gateway by way of a bundle. Every lane ends
// in a cluster of its name; what a policy refuses has none.
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes
func accessLog(name string, g Gateway) Object {
	spec := &telemetry.Telemetry{
		Selector: &selector.WorkloadSelector{MatchLabels: maps.Clone(g.Selector)},
		AccessLogging: []*telemetry.AccessLogging{{
			Providers: []*telemetry.ProviderRef{{Name: accessLogProvider}},
			Filter:    &telemetry.AccessLogging_Filter{Expression: "xds.cluster_name.endsWith('." + laneDomain + "')"},
		}},
	}
	return gatewayObject(kindTelemetry, name, g, objectName(g.Service, "egress"), spec)
}

// gatewayObject returns an object that serves a gateway, whatever the bundles.
func gatewayObject(kind, gateway string, g Gateway, name string, spec any) Object {
	o := sharedObject(kind, g.Namespace, name, spec)
	o.Annotations[AnnotationGateway] = gateway
	return o
}
