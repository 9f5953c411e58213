// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package kustomization

import (
	"fmt"
	"slices"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/resid"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/fn/code"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// A patch is one of a kustomization that selects what it changes.
type patch struct {
	entryAt

	target *types.SelectorRegex
}

// notePatches notes the patches of a kustomization that select kinds: kustomize says nothing of
// those that find none.
func (f *findings) notePatches(path string, k *yaml.RNode) {
	list := k.Field("patches")
	if list == nil {
		return
	}
	for i, entry := range list.Value.Content() {
		target := yaml.NewRNode(entry).Field("target")
		if target == nil {
			continue
		}
		var selector types.Selector
		if err := target.Value.YNode().Decode(&selector); err != nil || selector.Kind == "" {
			continue
		}
		at := entryAt{file: path, field: fmt.Sprintf("patches[%d].target", i), node: target.Value.YNode()}
		if regex, err := types.NewSelectorRegex(&selector); err == nil && !f.isNoted(at) {
			f.patches = append(f.patches, patch{entryAt: at, target: regex})
		}
	}
}

// isNoted reports whether a patch is noted: kustomize reads a base for each of its overlays.
func (f *findings) isNoted(at entryAt) bool {
	return slices.ContainsFunc(f.patches, func(p patch) bool { return p.file == at.file && p.field == at.field })
}

// Missed returns a warning for each patch that found nothing in the build, and would have found
// one of the objects of bundles, had they been there.
func (b *Build) Missed(objects []object.Object) []diag.Diagnostic {
	var warnings []diag.Diagnostic
	for _, p := range b.patches {
		if slices.ContainsFunc(b.Resources, func(r *yaml.RNode) bool { return p.target.MatchGvk(resid.GvkFromNode(r)) }) {
			continue
		}
		if i := slices.IndexFunc(objects, p.wouldFind); i >= 0 {
			warnings = append(warnings, diag.Diagnostic{
				Code:     code.MissedObject,
				Severity: diag.SeverityWarning,
				Position: b.originals.position(p.entryAt),
				Path:     p.field,
				Message: fmt.Sprintf("finds nothing: what bundles become, such as %s, is made when kustomize is done; "+
					"patch the EgressBundle or the EgressMesh", objects[i].Ref()),
			})
		}
	}
	return warnings
}

func (p patch) wouldFind(o object.Object) bool {
	group, version := resid.ParseGroupVersion(o.APIVersion)
	return p.target.MatchGvk(resid.NewGvk(group, version, o.Kind)) && p.target.MatchNamespace(o.Namespace) && p.target.MatchName(o.Name)
}
