// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/egressbundle/egressbundle/fn/code"
	"github.com/egressbundle/egressbundle/fn/identity"
	"github.com/egressbundle/egressbundle/pkg/egress"
)

const renderBelow = "; list the bundle under resources there, and render it with an " + kindMesh + " under transformers"

// generated looks at what earlier functions of a kustomization made: objects that
// kustomize put into another namespace since, Services that it renamed, whose DNS names
// no list of name references reaches, and those of bundles that are rendered again.
func (c *call) generated(bundles []egress.Bundle) []egress.Diagnostic {
	again := map[string]bool{}
	for _, b := range bundles {
		again[b.Namespace+"/"+b.Name] = true
	}
	var diagnostics []egress.Diagnostic
	for _, item := range c.items {
		annotations := item.GetAnnotations()
		if !identity.IsOurs(item) || annotations[kustomizeID] == "" {
			continue
		}
		if from, _, _ := strings.Cut(annotations[previousNamespaces], ","); from != "" && from != item.GetNamespace() {
			diagnostics = append(diagnostics, c.diagnostic(item, code.MovedObject, "metadata.namespace",
				fmt.Sprintf("must be %q, and a namespace in a kustomization made it %q, so traffic would be cut", from, item.GetNamespace())+renderBelow))
		}
		if from, _, _ := strings.Cut(annotations[previousNames], ","); from != "" && from != item.GetName() && item.GetKind() == kindService {
			diagnostics = append(diagnostics, c.diagnostic(item, code.RenamedObject, "metadata.name",
				fmt.Sprintf("must be %q, and a prefix or suffix in a kustomization made it %q, so nothing would find it by its DNS name", from, item.GetName())+renderBelow))
		}
		if bundle := annotations[egress.AnnotationBundle]; again[bundle] {
			again[bundle] = false // One object of it is enough.
			diagnostics = append(diagnostics, c.diagnostic(item, egress.DuplicateBundle, "",
				fmt.Sprintf("is there already, from %s %s, which another function rendered; list every bundle once", kindBundle, bundle)))
		}
	}
	return diagnostics
}

// checkShared makes sure that an object which is shared with bundles that are not rendered
// here stays as they need it, and the only one of its kind.
func (c *call) checkShared(objects []*madeObject) error {
	if c.seesAllBundles() {
		return nil
	}
	shared := map[identity.Key]*madeObject{}
	sidecars := map[string]string{} // names by namespace, where Istio takes one of several
	for _, m := range objects {
		if m.isShared() {
			shared[m.key()] = m
		}
		if m.Kind == kindSidecar {
			sidecars[m.Namespace] = m.Name
		}
	}
	var diagnostics []egress.Diagnostic
	for _, item := range c.items {
		if !identity.IsOurs(item) {
			continue
		}
		if name := sidecars[item.GetNamespace()]; item.GetKind() == kindSidecar && name != "" && name != item.GetName() {
			diagnostics = append(diagnostics, c.diagnostic(item, code.RenamedObject, "metadata.name",
				fmt.Sprintf("must be %q, as long as bundles are rendered that make it too: Istio takes one Sidecar of a namespace, the older", name)+renderBelow))
		}
		m := shared[identity.Of(item)]
		if m == nil {
			continue
		}
		same, err := saySame(item, m, "metadata") // Hosts change that.
		if err != nil {
			return err
		}
		if !same {
			diagnostics = append(diagnostics, c.diagnostic(item, code.RenderedApart, "", "differs from what these bundles need, and other bundles may need it as it is; render all of them in one call: in kustomize, all under resources and an "+kindMesh+" under transformers, and in kpt, all in the package; or remove it, if there are no others"))
		}
	}
	if len(diagnostics) > 0 {
		return &egress.InvalidError{Diagnostics: diagnostics}
	}
	return nil
}
