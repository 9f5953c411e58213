// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

func (p port) tlsOrigination(pattern *api.TLSOrigination) ir.Route {
	if hasWildcard(p.from) {
		p.reportField("pattern", originationOfWildcard())
	}
	// The host's certificate is verified with its name.
	if isService(p.from) && p.from.Service.ExternalName == "" {
		p.Report(p.destination.path.Child("service").Child("externalName"), missingNameOfService())
	}
	r := p.requests(pattern.Protocol, pattern.Allow, pattern.PathOptions, pattern.Paths)
	r.Exit.Port = cmp.Or(pattern.UpstreamPort, 443)
	r.Exit.TLS = p.planTLS(p.path, pattern.ClientTLS)
	return r
}
