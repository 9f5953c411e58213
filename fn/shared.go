// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/fn/code"
	"github.com/egressbundle/egressbundle/fn/identity"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
)

// checkShared makes sure that an object which is shared with bundles that are not rendered
// here stays as they need it, and the only one of its kind.
func (c *call) checkShared(objects []*madeObject) error {
	if c.seesAllBundles() {
		return nil
	}
	s := sharedOf(objects)
	var diagnostics []diag.Diagnostic
	for item := range c.each() {
		if !identity.IsOurs(item) {
			continue
		}
		if name := s.otherSidecar(item); name != "" {
			diagnostics = append(diagnostics, c.diagnostic(item, code.RenamedObject, pathOfName, secondSidecar(name)))
		}
		differs, err := s.differs(item)
		if err != nil {
			return err
		}
		if differs {
			diagnostics = append(diagnostics, c.diagnostic(item, code.RenderedApart, "", renderedApart))
		}
	}
	if len(diagnostics) > 0 {
		return &diag.InvalidError{Diagnostics: diagnostics}
	}
	return nil
}

// shared is what the objects of a call share with bundles that it may not see.
type shared struct {
	objects  map[identity.Key]*madeObject
	sidecars map[string]string // names by namespace, where Istio takes one of several
}

func sharedOf(objects []*madeObject) shared {
	s := shared{objects: map[identity.Key]*madeObject{}, sidecars: map[string]string{}}
	for _, m := range objects {
		if m.isShared() {
			s.objects[m.key()] = m
		}
		if m.Kind == kindSidecar {
			s.sidecars[m.Namespace] = m.Name
		}
	}
	return s
}

// otherSidecar returns the name that an item must have, if it is a Sidecar beside which
// another would be made.
func (s shared) otherSidecar(item *yaml.RNode) string {
	if name := s.sidecars[item.GetNamespace()]; item.GetKind() == kindSidecar && name != item.GetName() {
		return name
	}
	return ""
}

// differs reports whether an item is shared and not as the bundles of this call need it.
func (s shared) differs(item *yaml.RNode) (bool, error) {
	m := s.objects[identity.Of(item)]
	if m == nil {
		return false, nil
	}
	same, err := saySame(item, m, "metadata") // Hosts change that.
	return !same, err
}
