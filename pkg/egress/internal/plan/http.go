// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

func (p port) http(pattern *api.HTTP) ir.Route {
	own := api.PathOptions{
		Timeout: pattern.Timeout,
		Retries: pattern.Retries,
		Rewrite: pattern.Rewrite,
		Headers: pattern.Headers,
		Fault:   pattern.Fault,
	}
	p.protocol = pattern.Protocol
	p.checkPlainHTTP()
	p.checkAllow(pattern.Allow)
	p.checkShapes(own, pattern.Paths, pattern.Allow)
	p.checkWildcardHTTP(own != (api.PathOptions{}) || len(pattern.Paths) > 0)
	return ir.Route{
		Protocol: cmp.Or(ir.Protocol(pattern.Protocol), ir.HTTP),
		Exit: ir.Exit{
			Port:   p.number,
			Allow:  sortedRequests(pattern.Allow),
			Shapes: p.shapes(own, pattern.Paths),
		},
	}
}

// checkWildcardHTTP judges wildcards where traffic names its host by authority.
func (p port) checkWildcardHTTP(shaped bool) {
	_, throughGateway := p.way.(ir.ThroughGateway)
	switch {
	case !hasWildcard(p.from):
	case throughGateway:
		p.reportField("pattern", httpWildcardThroughGateway())
	case shaped:
		p.reportField("pattern", httpWildcardShaped())
	case !hasTarget(p.from):
		p.reportField("pattern", httpWildcardToNowhere())
	}
}
