// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package plan turns what bundles say into what they mean: it applies every default,
// resolves every reference, and judges what takes two entries of a bundle, or the bundle and
// its mesh, to break. What one entry can break by itself is judged before, by CUE.
//
// It is larger than other packages because a third of it are the words of its rules.
package plan

import (
	"cmp"
	"maps"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/facts"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/source"
)

// Make plans a bundle that was checked, with the facts of a shared mesh if there is one. It
// leaves out of the plan what cannot be planned, after reporting it. Destinations that have
// expired are judged as of a day, if there is one.
func Make(shared *source.Document[api.Mesh], bundle source.Document[api.Bundle], asOf api.Date) (*ir.Plan, []diag.Diagnostic) {
	m := &maker{
		Reporter: diagnose.New(bundle.Subject),
		id:       ir.BundleID{Namespace: bundle.Value.Namespace, Name: bundle.Value.Name},
		bundle:   bundle.Value,
		asOf:     asOf,
	}
	m.chooseMesh(shared)
	m.clients = m.bundleClients()
	p := &ir.Plan{
		Subject:      bundle.Subject,
		Bundle:       m.id,
		Mesh:         m.mesh,
		Clients:      m.clients,
		Destinations: m.destinations(),
		Bypass:       m.bypass(),
	}
	m.checkForeign(p)
	m.checkHeaders(p)
	p.Enforce = m.enforce(p)
	return p, m.Diagnostics()
}

// A maker makes the plan of one bundle, and reports what is wrong with it.
type maker struct {
	*diagnose.Reporter

	id     ir.BundleID
	bundle api.Bundle
	asOf   api.Date // empty: no date is judged
	stated api.Mesh // as somebody wrote it
	mesh   api.Mesh // with defaults
	// gateways are the names of those of the mesh, sorted.
	gateways []string
	planned  map[string]*ir.Gateway
	clients  ir.Clients
}

// chooseMesh chooses the facts that the bundle is planned with.
func (m *maker) chooseMesh(shared *source.Document[api.Mesh]) {
	own := m.bundle.Mesh
	if shared != nil && own != nil {
		m.Report(field.Mesh, meshBesideShared())
	}
	var stated *api.Mesh
	if shared != nil {
		stated = &shared.Value
	} else if own != nil {
		m.checkOwn(*own)
	}
	m.stated = *cmp.Or(stated, own, &api.Mesh{})
	m.mesh = facts.WithDefaults(m.stated)
	m.gateways = slices.Sorted(maps.Keys(m.mesh.Gateways))
	m.planned = map[string]*ir.Gateway{}
	for _, name := range m.gateways {
		m.planned[name] = facts.Gateway(m.mesh, name, m.stated.Gateways[name])
	}
	if own != nil {
		facts.Check(m.Reporter, field.Mesh, *own)
	}
}

// checkOwn refuses what only an EgressMesh may say, about bundles.
func (m *maker) checkOwn(mesh api.Mesh) {
	if mesh.CrossNamespaceBundles != nil {
		m.Report(field.Mesh.Child("crossNamespaceBundles"), consentToItself())
	}
	if mesh.ExpiredDestinations != "" {
		m.Report(field.Mesh.Child("expiredDestinations"), judgesItself())
	}
}

// destinations plans the destinations, sorted by name.
func (m *maker) destinations() []*ir.Destination {
	if len(m.bundle.Destinations) == 0 {
		m.Report(field.Destinations, noDestination())
	}
	var planned []*ir.Destination
	for _, name := range slices.Sorted(maps.Keys(m.bundle.Destinations)) {
		d := destination{maker: m, name: name, path: field.Destinations.Child(name), from: m.bundle.Destinations[name]}
		planned = append(planned, d.plan()...)
	}
	return planned
}
