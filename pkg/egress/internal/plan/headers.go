// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// ownRequestIDs reports whether no proxy on the way makes a request id.
func (d destination) ownRequestIDs() bool {
	through, ok := d.way.(ir.ThroughGateway)
	return d.mesh.ProxyHeaders == api.ProxyHeadersDisabled && (!ok || through.Gateway.HidesLanes)
}

// checkHeaders warns of the headers that no route takes away from what sidecars send: Envoy adds
// them where the name or the path that a request is sent by is replaced, after everything else.
func (m *maker) checkHeaders(p *ir.Plan) {
	direct := slices.DeleteFunc(slices.Clone(p.Destinations), func(d *ir.Destination) bool {
		_, throughGateway := d.Way.(ir.ThroughGateway)
		return throughGateway
	})
	if first, headers := ir.OriginalsOf(direct, m.mesh.ProxyHeaders); first != nil {
		m.Report(first.Path, originalsLeave(headers)) // Once for all: the remedy is one.
	}
}
