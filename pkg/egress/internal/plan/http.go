// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

func (p port) http(pattern *api.HTTP) ir.Route {
	p.checkPlainHTTP(pattern.Retries)
	p.checkAllow(pattern.Allow)
	p.checkWildcardHTTP(pattern.Timeout != 0 || pattern.Retries != nil)
	return ir.Route{
		Protocol: cmp.Or(ir.Protocol(pattern.Protocol), ir.HTTP),
		Exit: ir.Exit{
			Port:    p.number,
			Allow:   sortedRequests(pattern.Allow),
			Timeout: pattern.Timeout,
			Retries: sortedRetries(pattern.Retries),
		},
	}
}

// checkWildcardHTTP judges wildcards where traffic names its host by authority.
func (p port) checkWildcardHTTP(limits bool) {
	_, throughGateway := p.way.(ir.ThroughGateway)
	switch {
	case !hasWildcard(p.from):
	case throughGateway:
		p.reportField("pattern", httpWildcardThroughGateway())
	case limits:
		p.reportField("pattern", httpWildcardWithLimits())
	case !hasTarget(p.from):
		p.reportField("pattern", httpWildcardToNowhere())
	}
}
