// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// CheckHeaders warns, for each gateway of a bundle, of the headers that no route takes away:
// Envoy adds them where the name or the path that a request is sent by is replaced, after everything else.
// A Deployment that gets its patch keeps them back.
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-envoy-original-host
func CheckHeaders(plans []*ir.Plan, isPatched func(namespace, deployment string) bool) []diag.Diagnostic {
	var found []diag.Diagnostic
	for _, p := range plans {
		r := diagnose.New(p.Subject)
		for _, g := range p.Gateways() {
			first, headers := ir.OriginalsOf(p.Through(g), p.Mesh.ProxyHeaders)
			if first == nil {
				continue
			}
			if at := podsOf(first)[0]; !isPatched(at.namespace, at.deployment) {
				r.Report(first.Path, laneLeaves(g.Name, slices.Contains(headers, ir.OriginalPath)))
			}
		}
		found = append(found, r.Diagnostics()...)
	}
	return found
}
