// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package guide writes down for a cluster how to check plans, what to look at when a call fails, and how to remove their
// objects.
//
// What it says of proxies, of their logs and of their statistics is held against real ones, each failure by breaking that.
package guide

import (
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/follow"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
	"github.com/egressbundle/egressbundle/pkg/egress/runbook"
)

// Runbook returns that of plans, whose objects say of themselves what the heads say.
func Runbook(plans []*ir.Plan, heads []*object.Object, f *follow.Follower) runbook.Runbook {
	g := guide{plans: plans, heads: heads, follower: f}
	g.findPaths()
	r := runbook.Runbook{
		Needs:     g.needs(),
		OpenShift: g.openShift(),
		Pods:      g.pods(),
		Refused:   g.refused(),
		Logs:      g.logs(),
		Objects:   g.objects(),
		Failures:  g.failures(),
		Removal:   g.removal(),
	}
	for _, p := range plans {
		r.Bundles = append(r.Bundles, p.Bundle.String())
	}
	for _, alike := range g.alike() {
		r.Paths = append(r.Paths, pathOf(alike))
	}
	r.Namespaces = g.clientNamespaces()
	for _, gateway := range g.gateways() {
		r.Namespaces = append(r.Namespaces, gateway.Namespace)
	}
	slices.Sort(r.Namespaces)
	r.Namespaces = slices.Compact(r.Namespaces)
	return r
}

// A guide knows the paths of plans.
type guide struct {
	plans    []*ir.Plan
	heads    []*object.Object
	follower *follow.Follower
	paths    []path
}

// clientNamespaces returns those of all clients, sorted.
func (g guide) clientNamespaces() []string {
	var all []string
	for _, p := range g.plans {
		all = append(all, p.Clients.Namespaces...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
