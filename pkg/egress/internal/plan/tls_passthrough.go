// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

func (p port) tlsPassthrough() ir.Route {
	p.checkWildcardTLS()
	p.checkAlias()
	return ir.Route{Protocol: ir.TLS, Exit: ir.Exit{Port: p.number}}
}

// checkWildcardTLS judges wildcards where traffic names its host by SNI.
func (p port) checkWildcardTLS() {
	_, throughGateway := p.way.(ir.ThroughGateway)
	switch {
	case !hasWildcard(p.from):
	case p.onward.Proxy != nil && p.from.WildcardServer == "":
		p.reportField("pattern", tlsWildcardThroughProxy())
	case hasTarget(p.from):
	case throughGateway:
		p.reportField("pattern", tlsWildcardThroughGateway())
	case !p.onward.DynamicDNS:
		p.reportField("pattern", openWildcard(p.number))
	}
}

// checkAlias refuses an alias where only the name that TLS is opened to tells the
// gateway where a connection goes: that is the host's own.
func (p port) checkAlias() {
	_, throughGateway := p.way.(ir.ThroughGateway)
	s := p.from.Service
	if throughGateway && s != nil && s.Type == api.ServiceExternalName && s.ExternalName != "" {
		p.reportField("pattern", aliasThroughGateway(s.ExternalName))
	}
}
