// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/check"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/jsontree"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/source"
)

// A document is an EgressBundle or an EgressMesh as it is written.
type document[Spec any] struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   metadata `json:"metadata"`
	Spec       Spec     `json:"spec"`
}

type metadata struct {
	Name        string            `json:"name,omitempty"`
	Namespace   string            `json:"namespace,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type bundleSpec struct {
	Mesh         *api.Mesh                  `json:"mesh,omitempty"`
	Clients      []api.Client               `json:"clients,omitempty"`
	Destinations map[string]api.Destination `json:"destinations,omitempty"`
	Bypass       *api.Bypass                `json:"bypass,omitempty"`
	Enforce      *api.Enforce               `json:"enforce,omitempty"`
}

func bundleDocument(b api.Bundle) document[bundleSpec] {
	return document[bundleSpec]{
		APIVersion: api.APIVersion,
		Kind:       api.KindBundle,
		Metadata:   metadata{Name: b.Name, Namespace: b.Namespace, Labels: b.Labels, Annotations: b.Annotations},
		Spec:       bundleSpec{Mesh: b.Mesh, Clients: b.Clients, Destinations: b.Destinations, Bypass: b.Bypass, Enforce: b.Enforce},
	}
}

func bundleOf(d document[bundleSpec]) api.Bundle {
	return api.Bundle{
		Name:         d.Metadata.Name,
		Namespace:    d.Metadata.Namespace,
		Labels:       d.Metadata.Labels,
		Annotations:  d.Metadata.Annotations,
		Mesh:         d.Spec.Mesh,
		Clients:      d.Spec.Clients,
		Destinations: d.Spec.Destinations,
		Bypass:       d.Spec.Bypass,
		Enforce:      d.Spec.Enforce,
	}
}

// defaultMeshName is what a mesh is checked as that a Go program gave no name.
const defaultMeshName = "mesh"

func meshDocument(m api.Mesh) document[api.Mesh] {
	name := m.Name
	if name == "" {
		name = defaultMeshName
	}
	meta := metadata{Name: name, Annotations: m.Annotations}
	return document[api.Mesh]{APIVersion: api.APIVersion, Kind: api.KindMesh, Metadata: meta, Spec: m}
}

func meshOf(d document[api.Mesh]) api.Mesh {
	mesh := d.Spec
	mesh.Name, mesh.Annotations = d.Metadata.Name, d.Metadata.Annotations
	return mesh
}

// Bundle checks a bundle that a Go program built, and returns a copy that is as if it had
// been read from a file. An error is a defect of this package.
func Bundle(b api.Bundle) (source.Document[api.Bundle], []diag.Diagnostic, error) {
	subject := source.Subject{Object: bundleRef(b)}
	content, err := jsontree.Of(bundleDocument(b))
	if err != nil {
		return source.Document[api.Bundle]{}, nil, err
	}
	if found := check.Document(api.KindBundle, content, nil); len(found) > 0 {
		return source.Document[api.Bundle]{Subject: subject}, found, nil
	}
	doc, err := jsontree.To[document[bundleSpec]](content)
	return source.Document[api.Bundle]{Subject: subject, Value: bundleOf(doc)}, nil, err
}

// Mesh checks a mesh that a Go program built, as Bundle does a bundle.
func Mesh(m api.Mesh) (source.Document[api.Mesh], []diag.Diagnostic, error) {
	subject := source.Subject{Object: meshRef(m)}
	content, err := jsontree.Of(meshDocument(m))
	if err != nil {
		return source.Document[api.Mesh]{}, nil, err
	}
	if found := check.Document(api.KindMesh, content, nil); len(found) > 0 {
		return source.Document[api.Mesh]{Subject: subject}, found, nil
	}
	doc, err := jsontree.To[document[api.Mesh]](content)
	mesh := meshOf(doc)
	mesh.Name = m.Name
	return source.Document[api.Mesh]{Subject: subject, Value: mesh}, nil, err
}

func bundleRef(b api.Bundle) diag.ObjectRef {
	return diag.ObjectRef{Kind: api.KindBundle, Namespace: b.Namespace, Name: b.Name}
}

func meshRef(m api.Mesh) diag.ObjectRef { return diag.ObjectRef{Kind: api.KindMesh, Name: m.Name} }

// CopyOfBundle returns a bundle that shares nothing with one that was read.
func CopyOfBundle(b api.Bundle) api.Bundle { return bundleOf(copyOf(bundleDocument(b))) }

// CopyOfMesh returns a mesh that shares nothing with one that was read.
func CopyOfMesh(m api.Mesh) api.Mesh { return meshOf(copyOf(meshDocument(m))) }

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
