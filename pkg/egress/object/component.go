// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package object

import (
	"cmp"
	"io"
	"slices"

	"github.com/egressbundle/egressbundle/internal/yamlstream"
)

// EncodeComponent writes patches as a kustomize Component. A kustomization that
// lists it under components has the workloads patched that it builds; kustomize
// replaces annotations of the same names that they have. An error is one of the
// writer.
// https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/
func EncodeComponent(w io.Writer, patches []Patch) error {
	entries := []any{}
	for _, p := range patches {
		for _, t := range podTemplates {
			if patch, ok := p.For(t.apiVersion, t.kind, p.Namespace, cmp.Or(p.Deployment, anyName)); ok {
				entries = append(entries, map[string]any{"patch": string(patch), "target": p.target(t.kind)})
			}
		}
	}
	component := map[string]any{
		"apiVersion": "kustomize.config.k8s.io/v1alpha1",
		"kind":       "Component",
		"patches":    entries,
	}
	return yamlstream.Documents(w, slices.Values([]any{component}))
}

// anyName stands where kustomize wants a name, and goes by the target.
const anyName = "any"

// target selects what kustomize applies the patch to.
func (p Patch) target(kind string) map[string]any {
	target := map[string]any{"kind": kind, "namespace": p.Namespace}
	if p.Deployment != "" {
		target["name"] = p.Deployment
	}
	return target
}
