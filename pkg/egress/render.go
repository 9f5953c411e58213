// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"cmp"
	"slices"
)

// Output is what Render makes.
type Output struct {
	// Objects are sorted, in an order in which they can be applied.
	Objects []Object
	// Patches are what no object of its own can do: changes to the Pods of
	// workloads that exist already. They are sorted.
	Patches []Patch
	// Releases are the gateways that Helm installs. They are sorted.
	Releases []Release
	// Warnings did not prevent the objects. They are sorted.
	Warnings []Diagnostic

	planners []*planner // for Report
}

// Render returns the objects that carry the traffic of all bundles together. A
// nil mesh stands for a standard Istio installation, and leaves room for the
// Mesh of each bundle.
//
// If a bundle breaks a rule, or two contradict each other, Render returns an
// *InvalidError with everything that is wrong, and no objects. Bundles that a
// Go program built are judged like those of a file.
//
// The objects of several bundles are those of each, put together. Those that serve
// no single bundle come out alike whichever are rendered: the Sidecar of a
// namespace, and what belongs to a gateway.
//
// Render is pure, and safe for concurrent use.
func Render(mesh *Mesh, bundles ...Bundle) (*Output, error) {
	return render(mesh, bundles, nil)
}

func render(mesh *Mesh, bundles []Bundle, neighbors []neighbor) (*Output, error) {
	bundles, found, err := checkAll(mesh, bundles)
	if err != nil {
		return nil, err
	}
	if err := invalid(found); err != nil {
		return nil, err
	}
	planners, found := planAll(mesh, bundles, neighbors)
	if err := invalid(found); err != nil {
		return nil, err
	}
	objects := build(planners)
	if err := invalid(checkNames(planners, objects, neighbors)); err != nil {
		return nil, err
	}
	SortDiagnostics(found)
	return &Output{
		Objects:  objects,
		Patches:  patches(planners),
		Releases: releases(planners),
		Warnings: found,
		planners: planners,
	}, nil
}

// checkAll returns the bundles as they are read from a file, so that the plan
// sees the same whether a bundle was read or built.
func checkAll(mesh *Mesh, bundles []Bundle) ([]Bundle, []Diagnostic, error) {
	var diagnostics []Diagnostic
	if mesh != nil {
		found, err := checkMesh(*mesh)
		if err != nil {
			return nil, nil, err
		}
		diagnostics = append(diagnostics, found...)
	}
	checked := make([]Bundle, len(bundles))
	for i, bundle := range bundles {
		b, found, err := checkBundle(bundle)
		if err != nil {
			return nil, nil, err
		}
		checked[i] = b
		diagnostics = append(diagnostics, found...)
	}
	return checked, diagnostics, nil
}

// checkBundle judges a bundle that was not read from a file, or was changed
// since, and leaves others alone.
func checkBundle(b Bundle) (Bundle, []Diagnostic, error) {
	doc := bundleDocument(b)
	sum, err := digest(doc)
	if err != nil || b.source != nil && b.source.checked == sum {
		return b, nil, err
	}
	content, err := toTree(doc)
	if err != nil {
		return b, nil, err
	}
	if found := check(kindBundle, content, nil); len(found) > 0 {
		return b, found, nil
	}
	doc, err = fromTree[document[bundleSpec]](content)
	return bundleFrom(doc, nil), nil, err
}

func checkMesh(m Mesh) ([]Diagnostic, error) {
	doc := meshDocument(m)
	sum, err := digest(doc)
	if err != nil || m.source != nil && m.source.checked == sum {
		return nil, err
	}
	content, err := toTree(doc)
	if err != nil {
		return nil, err
	}
	return check(kindMesh, content, nil), nil
}

// planAll plans every bundle and looks for contradictions between them.
func planAll(mesh *Mesh, bundles []Bundle, neighbors []neighbor) ([]*planner, []Diagnostic) {
	slices.SortFunc(bundles, byIdentity)
	var planners []*planner
	var diagnostics []Diagnostic
	if mesh != nil {
		diagnostics = mesh.problems(mesh.object(), "spec", mesh.source)
	}
	c := newConflicts()
	for _, bundle := range bundles {
		p := &planner{bundle: bundle}
		p.plan(mesh)
		c.add(p)
		planners = append(planners, p)
	}
	for _, p := range planners {
		c.addSecond(p)
		p.checkBeside(neighbors)
		diagnostics = append(diagnostics, p.diagnostics...)
	}
	diagnostics = append(diagnostics, allowAny(mesh, planners)...)
	return planners, diagnostics
}

// byIdentity orders bundles, and those with one name by where they stand, so
// that the order in which they are given does not matter.
func byIdentity(a, b Bundle) int {
	at, bt := a.source.position(""), b.source.position("")
	return cmp.Or(
		cmp.Compare(a.Namespace, b.Namespace),
		cmp.Compare(a.Name, b.Name),
		cmp.Compare(at.File, bt.File),
		cmp.Compare(at.Line, bt.Line),
	)
}
