// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package object

import (
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/name"
)

// NameOfSidecars is the name of every Sidecar. Istio takes one without a selector for a
// namespace, and of several the oldest; so all bundles make the same one. It is not called
// default, as those are that people write.
const NameOfSidecars = ManagedBy

// IsOwn reports whether bundles made an object, in this version or an earlier one: its kind
// is one that they make, in any version of its API, its annotations are theirs, and it has a
// name that they give. Everything else belongs to whoever wrote it, whatever its labels.
func (o Object) IsOwn() bool {
	if !kind.IsMade(o.APIVersion, o.Kind) {
		return false
	}
	switch {
	case o.Annotations[AnnotationBundle] != "":
		return o.isNamedFor(o.Annotations[AnnotationBundle])
	case o.Annotations[AnnotationGateway] != "":
		return true // The mesh names what serves a gateway.
	default:
		return o.isSidecarForAll()
	}
}

// isNamedFor reports whether an object has a name that is made for a bundle. A Service has
// that of its destination, by which applications call it.
func (o Object) isNamedFor(bundle string) bool {
	namespace, bundleName, _ := strings.Cut(bundle, "/")
	isAlias := o.Kind == kind.Service && o.Name == o.Annotations[AnnotationDestination]
	return isAlias || name.BeginsWith(o.Name, namespace, bundleName)
}

// isSidecarForAll reports whether an object is the Sidecar of a namespace. Earlier versions
// gave it no annotation.
func (o Object) isSidecarForAll() bool {
	isMarked := o.Annotations[AnnotationNamespace] != "" || o.Labels[LabelManagedBy] == ManagedBy
	return isMarked && o.Kind == kind.Sidecar && o.Name == NameOfSidecars
}
