// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package kustomization builds what kustomize builds, with its library, but for what
// egressbundle makes: kustomize runs no function, and bundles are among what comes out, for
// others to render.
package kustomization

import (
	"fmt"
	"path/filepath"
	"slices"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/fn/code"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
)

// A Build is what kustomize made of a kustomization.
type Build struct {
	// Resources are in the order in which kustomize prints them, EgressBundles among them, also
	// those that kustomizations name as generators or transformers.
	Resources []*yaml.RNode
	// Meshes are what kustomizations name as generators or transformers, each once.
	Meshes []*yaml.RNode

	originals originals
	patches   []patch
}

// Run builds the kustomization in a folder. It fails with a *diag.InvalidError if kustomize
// cannot build it, or if it needs functions of others.
func Run(dir string) (*Build, error) {
	b, err := run(dir, nil)
	if err != nil {
		return nil, err
	}
	b.Meshes = slices.DeleteFunc(b.Meshes, func(mesh *yaml.RNode) bool {
		return slices.ContainsFunc(b.Resources, func(r *yaml.RNode) bool { return isOfAPI(r) && saySame(r, mesh) })
	})
	return b, nil
}

// run builds a folder, with more resources than it has.
func run(dir string, more references) (b *Build, err error) {
	defer func() {
		if cause := recover(); cause != nil { // The library panics where YAML has a shape that it does not expect.
			b, err = nil, diag.ErrorOf([]diag.Diagnostic{unbuildable(dir, fmt.Sprint(cause))})
		}
	}()
	disk := filesys.MakeFsOnDisk()
	root, _, _ := disk.CleanedAbs(dir) // Of what is no folder, kustomize says so.
	found := &findings{reading: map[string]bool{}, originals: newOriginals(dir, root.String())}
	shown := newLayer(disk, found, map[string]string{})
	shown.root, shown.more = root.String(), more
	resources, err := build(shown, dir)
	if err != nil && len(found.diagnostics) == 0 {
		found.report(unbuildable(dir, err.Error()))
	}
	if err := diag.ErrorOf(found.diagnostics); err != nil {
		return nil, err
	}
	return &Build{Resources: resources, Meshes: found.meshes, originals: found.originals, patches: found.patches}, nil
}

// build runs kustomize on what a layer shows, with the options of its command.
func build(shown *layer, dir string) ([]*yaml.RNode, error) {
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified
	built, err := krusty.MakeKustomizer(options).Run(shown, dir)
	if err != nil {
		return nil, err
	}
	resources := built.ToRNodeSlice()
	for _, r := range resources {
		if err := forgetKeepLocal(r); err != nil {
			return nil, err
		}
	}
	return resources, nil
}

// unbuildable is the error that kustomize cannot build a folder.
func unbuildable(dir, cause string) diag.Diagnostic {
	return diag.Diagnostic{
		Code:     code.Unbuildable,
		Severity: diag.SeverityError,
		Position: diag.Position{File: filepath.Clean(dir)},
		Message:  "must be a kustomization that kustomize can build: " + cause,
	}
}
