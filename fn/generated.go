// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/fn/code"
	"github.com/egressbundle/egressbundle/fn/identity"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// generated looks at what earlier functions of a kustomization made: objects that
// kustomize put into another namespace since, Services that it renamed, whose DNS names
// no list of name references reaches, and those of bundles that are rendered again.
func (c *call) generated(bundles []diag.ObjectRef) []diag.Diagnostic {
	again := map[string]bool{}
	for _, b := range bundles {
		again[b.Namespace+"/"+b.Name] = true
	}
	var diagnostics []diag.Diagnostic
	for item := range c.each() {
		annotations := item.GetAnnotations()
		if isOfKustomize := c.built != nil || annotations[kustomizeID] != ""; !isOfKustomize || !identity.IsOurs(item) {
			continue
		}
		diagnostics = append(diagnostics, c.changed(item)...)
		if bundle := annotations[object.AnnotationBundle]; again[bundle] {
			again[bundle] = false // One object of it is enough.
			diagnostics = append(diagnostics, c.diagnostic(item, diag.DuplicateBundle, "", renderedAgain(bundle)))
		}
	}
	return diagnostics
}

// changed reports what kustomize changed of an object that must be where it was made.
func (c *call) changed(item *yaml.RNode) []diag.Diagnostic {
	var diagnostics []diag.Diagnostic
	first, now := identity.First(item), identity.Of(item)
	if first.Namespace != now.Namespace {
		diagnostics = append(diagnostics, c.diagnostic(item, code.MovedObject, pathOfNamespace, moved(first.Namespace, now.Namespace)))
	}
	if first.Name != now.Name && now.Kind == kindService {
		diagnostics = append(diagnostics, c.diagnostic(item, code.RenamedObject, pathOfName, renamed(first.Name, now.Name)))
	}
	return diagnostics
}

// Paths of diagnostics.
const (
	pathOfNamespace = "metadata.namespace"
	pathOfName      = "metadata.name"
)
