// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

func (p port) tlsOrigination(pattern *api.TLSOrigination) ir.Route {
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
	if hasWildcard(p.from) {
		p.reportField("pattern", originationOfWildcard())
	}
	// The host's certificate is verified with its name.
	if isService(p.from) && p.from.Service.ExternalName == "" {
		p.Report(p.destination.path.Child("service").Child("externalName"), missingNameOfService())
	}
	return ir.Route{
		Protocol: cmp.Or(ir.Protocol(pattern.Protocol), ir.HTTP),
		Exit: ir.Exit{
			Port:   cmp.Or(pattern.UpstreamPort, 443),
			TLS:    p.planTLS(p.path, pattern.ClientTLS),
			Allow:  sortedRequests(pattern.Allow),
			Shapes: p.shapes(own, pattern.Paths),
		},
	}
}
