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

// checkHeaders warns of the headers that no route takes away from what sidecars send: Envoy adds
// them where the name or the path that a request is sent by is replaced, after everything else.
func (m *maker) checkHeaders(p *ir.Plan) {
	var first *ir.Destination
	var leave []string
	for _, d := range p.Destinations {
		if _, ok := d.Way.(ir.FromSidecar); !ok {
			continue
		}
		for _, r := range d.Routes {
			leave = append(leave, d.Originals(r, m.mesh.ProxyHeaders)...)
		}
		if first == nil && len(leave) > 0 {
			first = d
		}
	}
	if first != nil {
		m.Report(first.Path, originalsLeave(setOf(leave))) // Once for all: the remedy is one.
	}
}
