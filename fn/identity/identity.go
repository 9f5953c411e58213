// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package identity tells objects apart: by what no two of them share, and by who made them.
package identity

import (
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// A Key is what no two objects of a cluster share.
type Key struct{ APIVersion, Kind, Namespace, Name string }

// Of returns the key of an object. What the object does not say is empty.
func Of(node *yaml.RNode) Key {
	return Key{
		APIVersion: node.GetApiVersion(),
		Kind:       node.GetKind(),
		Namespace:  node.GetNamespace(),
		Name:       node.GetName(),
	}
}

// IsOurs reports whether this program made an object. Its kind counts as well as its
// labels, for other programs label everything that they see.
func IsOurs(node *yaml.RNode) bool {
	return object.IsManaged(node.GetApiVersion(), node.GetKind(), node.GetLabels())
}
