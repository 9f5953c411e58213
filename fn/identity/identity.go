// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package identity tells objects apart: by what no two of them share, and by who made them.
package identity

import (
	"cmp"
	"path"
	"strings"

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

// First returns the key that an object had before kustomize changed its name or namespace.
func First(node *yaml.RNode) Key {
	key, annotations := Of(node), node.GetAnnotations()
	key.Name = cmp.Or(firstOf(annotations[previousNames]), key.Name)
	key.Namespace = cmp.Or(firstOf(annotations[previousNamespaces]), key.Namespace)
	return key
}

// Annotations in which kustomize notes the names and namespaces that it changed, the first one
// first.
const (
	previousNames      = "internal.config.kubernetes.io/previousNames"
	previousNamespaces = "internal.config.kubernetes.io/previousNamespaces"
)

func firstOf(names string) string {
	first, _, _ := strings.Cut(names, ",")
	return first
}

// IsOurs reports whether this program made an object.
func IsOurs(node *yaml.RNode) bool {
	first := First(node)
	return object.Object{
		APIVersion:  first.APIVersion,
		Kind:        first.Kind,
		Name:        first.Name,
		Labels:      node.GetLabels(),
		Annotations: node.GetAnnotations(),
	}.IsOwn()
}

// IsProgram reports whether a command with its arguments, or an image with its registry and tag,
// is this program.
func IsProgram(command string) bool {
	program, _, _ := strings.Cut(command, " ")
	name := path.Base(program)
	if tag := strings.IndexAny(name, ":@"); tag >= 0 {
		name = name[:tag]
	}
	return name == object.ManagedBy
}
