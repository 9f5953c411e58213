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
		r, warned := diagnose.New(p.Subject), map[string]bool{}
		for _, d := range p.Destinations {
			through, ok := d.Way.(ir.ThroughGateway)
			if !ok || !d.TellsLane() || warned[through.Gateway.Name] {
				continue
			}
			warned[through.Gateway.Name] = true
			if at := podsOf(d)[0]; !isPatched(at.namespace, at.deployment) {
				rewrites := slices.ContainsFunc(p.Through(through.Gateway), (*ir.Destination).RewritesPaths)
				r.Report(d.Path, laneLeaves(through.Gateway.Name, rewrites))
			}
		}
		found = append(found, r.Diagnostics()...)
	}
	return found
}
