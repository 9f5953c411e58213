// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

func (p port) http(pattern *api.HTTP) ir.Route {
	p.checkWildcardHTTP(pattern.PathOptions != (api.PathOptions{}) || len(pattern.Paths) > 0)
	r := p.requests(pattern.Protocol, pattern.Allow, pattern.PathOptions, pattern.Paths)
	r.Exit.Port = p.number
	return r
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
