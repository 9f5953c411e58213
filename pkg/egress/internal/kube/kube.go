// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package kube makes NetworkPolicies, Services and the Deployments of gateways from plans,
// patches of workloads that exist already, and values for Helm.
package kube

import (
	"maps"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/draft"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// Drafts returns the objects of all bundles, in the order of the plans, and what their
// meshes have for all of them.
func Drafts(plans []*ir.Plan) []draft.Draft {
	var drafts []draft.Draft
	for _, p := range plans {
		for _, g := range p.Gateways() {
			drafts = append(drafts, secretReaders(p, g)...)
		}
		for _, d := range p.Destinations {
			drafts = append(drafts, services(d)...)
		}
		drafts = append(drafts, networkPolicies(p)...)
		for _, w := range workloads(p.Mesh, api.InstallerManifests) {
			drafts = append(drafts, w.drafts()...)
		}
	}
	return drafts
}

// workloads returns the gateways of a mesh that somebody wants to be deployed by an
// installer, sorted by name.
func workloads(mesh api.Mesh, by api.Installer) []workload {
	var all []workload
	for _, name := range slices.Sorted(maps.Keys(mesh.Gateways)) {
		if g := mesh.Gateways[name]; g.Deploy != nil && g.Deploy.Installer == by {
			all = append(all, workload{Gateway: g, name: name})
		}
	}
	return all
}
