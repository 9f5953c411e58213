// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"cmp"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/check"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/jsontree"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/source"
)

// defaultMeshName is what a mesh is checked as that a Go program gave no name.
const defaultMeshName = "mesh"

// Bundle checks a bundle that a Go program built, and returns a copy that is as if it had
// been read from a file. An error is a defect of this package.
func Bundle(b api.Bundle) (source.Document[api.Bundle], []diag.Diagnostic, error) {
	subject := source.Subject{Object: bundleRef(b)}
	content, err := jsontree.Of(b)
	if err != nil {
		return source.Document[api.Bundle]{}, nil, err
	}
	if found := check.Document(api.KindBundle, content, nil); len(found) > 0 {
		return source.Document[api.Bundle]{Subject: subject}, found, nil
	}
	bundle, err := jsontree.To[api.Bundle](content)
	return source.Document[api.Bundle]{Subject: subject, Value: bundle}, nil, err
}

// Mesh checks a mesh that a Go program built, as Bundle does a bundle.
func Mesh(m api.Mesh) (source.Document[api.Mesh], []diag.Diagnostic, error) {
	subject, name := source.Subject{Object: meshRef(m)}, m.Name
	m.Name = cmp.Or(name, defaultMeshName)
	content, err := jsontree.Of(m)
	if err != nil {
		return source.Document[api.Mesh]{}, nil, err
	}
	if found := check.Document(api.KindMesh, content, nil); len(found) > 0 {
		return source.Document[api.Mesh]{Subject: subject}, found, nil
	}
	mesh, err := jsontree.To[api.Mesh](content)
	mesh.Name = name
	return source.Document[api.Mesh]{Subject: subject, Value: mesh}, nil, err
}

func bundleRef(b api.Bundle) diag.ObjectRef {
	return diag.ObjectRef{Kind: api.KindBundle, Namespace: b.Namespace, Name: b.Name}
}

func meshRef(m api.Mesh) diag.ObjectRef { return diag.ObjectRef{Kind: api.KindMesh, Name: m.Name} }

// CopyOfBundle returns a bundle that shares nothing with one that was read.
func CopyOfBundle(b api.Bundle) api.Bundle { return copyOf(b) }

// CopyOfMesh returns a mesh that shares nothing with one that was read.
func CopyOfMesh(m api.Mesh) api.Mesh { return copyOf(m) }

func copyOf[T any](value T) T {
	tree, err := jsontree.Of(value)
	if err != nil {
		panic(err) // It was read from a tree.
	}
	same, err := jsontree.To[T](tree)
	if err != nil {
		panic(err)
	}
	return same
}
