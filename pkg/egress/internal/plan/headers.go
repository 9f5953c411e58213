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

// checkHeaders warns of the header that no route takes away from what sidecars send: Envoy
// adds it where the name that a request is sent by is replaced, after everything else.
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-envoy-original-host
func (m *maker) checkHeaders(p *ir.Plan) {
	if m.mesh.ProxyHeaders != api.ProxyHeadersDefault {
		return
	}
	for _, d := range p.Destinations {
		if _, ok := d.Way.(ir.FromSidecar); ok && renames(d) {
			m.Report(d.Path, nameLeaves())
			return // Once for all: the remedy is one.
		}
	}
}

// renames reports whether requests are sent by another name than they were made with.
func renames(d *ir.Destination) bool {
	return d.Has(func(r ir.Route) bool {
		renames := func(h ir.Host) bool { return d.Renames(h, r) }
		return r.IsHTTP() && slices.ContainsFunc(d.Hosts, renames)
	})
}
