// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"fmt"
	"maps"
	"slices"
	"strings"

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

// accessLogs log at the gateways of a mesh that wants it.
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

// accessLog logs what a gateway does with calls that concern bundles.
func accessLog(labels map[string]string) *telemetry.Telemetry {
	return &telemetry.Telemetry{
		Selector: &selector.WorkloadSelector{MatchLabels: maps.Clone(labels)},
		AccessLogging: []*telemetry.AccessLogging{{
			Providers: []*telemetry.ProviderRef{{Name: accessLogProvider}},
			Filter:    &telemetry.AccessLogging_Filter{Expression: logged()},
		}},
	}
}

// logged is true of what leaves by a lane or arrives on one, be it by SNI or, without mutual
// TLS, by authority: a request that the gateway answers itself leaves by no cluster. It is also
// true of what a policy refuses, for what is of no bundle has no name of a lane. What else
// people lead through the gateway is theirs. An attribute that a call does not have makes
// a term an error, and CEL asks the others all the same.
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes
func logged() string {
	var terms []string
	for _, name := range []string{"xds.cluster_name", "connection.requested_server_name", "request.host"} {
		terms = append(terms, fmt.Sprintf("%s.endsWith('.%s')", name, ir.ReservedDomain))
	}
	for _, details := range []string{"response.code_details", "connection.termination_details"} {
		terms = append(terms, details+".startsWith('rbac_access_denied')")
	}
	return strings.Join(terms, " ||\n")
}
