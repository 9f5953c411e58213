// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"maps"
	"slices"

	telemetry "istio.io/api/telemetry/v1"
	selector "istio.io/api/type/v1beta1"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/draft"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/name"
)

// accessLogProvider is the provider of every Istio installation that writes to
// the standard output of the proxy.
// https://istio.io/latest/docs/tasks/observability/logs/telemetry-api/
const accessLogProvider = "envoy"

// accessLogs log what leaves through the gateways of a mesh that wants it.
func accessLogs(mesh api.Mesh) []draft.Draft {
	if !mesh.AccessLog {
		return nil
	}
	var drafts []draft.Draft
	for _, gateway := range slices.Sorted(maps.Keys(mesh.Gateways)) {
		g := mesh.Gateways[gateway]
		ref := diag.ObjectRef{Kind: kind.Telemetry, Namespace: g.Namespace, Name: name.Object(g.Service, "egress")}
		drafts = append(drafts, draft.OfGateway(gateway, ref, func() any { return accessLog(g.Selector) }))
	}
	return drafts
}

// accessLog logs what leaves through a gateway by way of a bundle. Every lane ends
// in a cluster of its name; what a policy refuses has none.
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes
func accessLog(labels map[string]string) *telemetry.Telemetry {
	return &telemetry.Telemetry{
		Selector: &selector.WorkloadSelector{MatchLabels: maps.Clone(labels)},
		AccessLogging: []*telemetry.AccessLogging{{
			Providers: []*telemetry.ProviderRef{{Name: accessLogProvider}},
			Filter:    &telemetry.AccessLogging_Filter{Expression: "xds.cluster_name.endsWith('." + ir.ReservedDomain + "')"},
		}},
	}
}
