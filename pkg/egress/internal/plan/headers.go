// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// ownRequestIDs reports whether no proxy on the way makes a request id.
func (d destination) ownRequestIDs() bool {
	through, ok := d.way.(ir.ThroughGateway)
	return d.mesh.ProxyHeaders == api.ProxyHeadersDisabled && (!ok || through.Gateway.HidesLanes)
}

// checkHeaders warns, for each gateway, of the header that no route takes away: Envoy adds
// it where the name that a request is sent by is replaced, after everything else.
// https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#envoy-v3-api-field-config-route-v3-routeaction-host-rewrite-literal
func (m *maker) checkHeaders(p *ir.Plan) {
	warned := map[string]bool{}
	for _, d := range p.Destinations {
		through, ok := d.Way.(ir.ThroughGateway)
		if !ok || through.Gateway.HidesLanes || warned[through.Gateway.Name] || !d.Has(ir.Route.IsHTTP) {
			continue
		}
		warned[through.Gateway.Name] = true
		m.Report(d.Path, laneLeaves(through.Gateway.Name))
	}
}
