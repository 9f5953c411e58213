// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/parse"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/source"
)

// Documents are what was read from files, and what is wrong with the rest of them. The zero
// Documents are none.
type Documents struct {
	bundles   []source.Document[api.Bundle]
	meshes    []source.Document[api.Mesh]
	neighbors []neighbor.Object
	problems  []diag.Diagnostic
	patched   bool // PatchWorkloads
}

// Parse reads every EgressBundle and every EgressMesh of a stream of YAML or JSON, also those in
// Lists, and passes over objects of other APIs, but that it keeps for Render what
// can contradict a bundle. What only looks like an object of this API is an error. The filename
// is used in diagnostics only.
//
// If a document breaks a rule, Parse returns a *diag.InvalidError with everything
// that is wrong in the stream. The Documents hold the others all the same, so that Render
// looks for further problems in them.
func Parse(filename string, src []byte) (Documents, error) {
	return documents(parse.File(filename, src))
}

// ParseItem reads one object as Parse does, where the item is not what stands in the file: that
// of a ResourceList was read from a file and written again by the host.
// Diagnostics name the file, and a line and a column only of fields that the original, the text
// of the object in the file, has too. It is nil if nobody knows it.
func ParseItem(filename string, item *yaml.Node, original []byte) (Documents, error) {
	return documents(parse.Rewritten(filename, item, original))
}

func documents(found parse.Result, err error) (Documents, error) {
	if err != nil {
		return Documents{}, err
	}
	d := Documents{bundles: found.Bundles, meshes: found.Meshes, neighbors: found.Neighbors, problems: found.Diagnostics}
	return d, diag.ErrorOf(d.problems)
}

// Add adds what was read from another file. Documents must not be copied after it.
func (d *Documents) Add(other Documents) {
	d.bundles = append(d.bundles, other.bundles...)
	d.meshes = append(d.meshes, other.meshes...)
	d.neighbors = append(d.neighbors, other.neighbors...)
	d.problems = append(d.problems, other.problems...)
}

// PatchWorkloads says that the caller applies the patches of the Output to workloads that stand
// among the documents. Render does not warn of what these mend.
func (d *Documents) PatchWorkloads() { d.patched = true }

// WarnWithoutMesh warns of each bundle that has no mesh of its own, if no mesh was read, with what
// somebody who knows the files says of the one that the bundle stands in; if that is empty, it does
// not. Annotations acknowledge the warnings, which it returns, like all others.
func (d *Documents) WarnWithoutMesh(code diag.Code, say func(filename string) string) []diag.Diagnostic {
	var warnings []diag.Diagnostic
	for _, b := range d.bundles {
		if len(d.meshes) > 0 || b.Value.Mesh != nil {
			continue
		}
		if message := say(b.Position("").File); message != "" {
			r := diagnose.New(b.Subject)
			r.Report(field.Mesh, diagnose.Finding{Code: code, Severity: diag.SeverityWarning, Message: message})
			warnings = append(warnings, r.Diagnostics()...)
		}
	}
	d.problems = append(d.problems, warnings...)
	return warnings
}

// Bundles returns copies of the bundles that were read.
func (d Documents) Bundles() []api.Bundle {
	var bundles []api.Bundle
	for _, b := range d.bundles {
		bundles = append(bundles, parse.CopyOfBundle(b.Value))
	}
	return bundles
}

// Refs names the bundles that were read.
func (d Documents) Refs() []diag.ObjectRef {
	var refs []diag.ObjectRef
	for _, b := range d.bundles {
		refs = append(refs, b.Object)
	}
	return refs
}

// Mesh returns a copy of the mesh that was read, and nil if there is none. If there are
// several, it returns a *diag.InvalidError.
func (d Documents) Mesh() (*api.Mesh, error) {
	mesh, diagnostics := d.mesh()
	if mesh == nil || len(diagnostics) > 0 {
		return nil, diag.ErrorOf(diagnostics)
	}
	return new(parse.CopyOfMesh(mesh.Value)), nil
}

// mesh returns the first mesh, and what is wrong with others.
func (d Documents) mesh() (*source.Document[api.Mesh], []diag.Diagnostic) {
	if len(d.meshes) == 0 {
		return nil, nil
	}
	var diagnostics []diag.Diagnostic
	first := &d.meshes[0]
	for _, other := range d.meshes[1:] {
		r := diagnose.New(other.Subject)
		r.Report(field.Kind, secondMesh(first.Subject))
		diagnostics = append(diagnostics, r.Diagnostics()...)
	}
	return first, diagnostics
}

// Render renders the bundles with the mesh, as the function Render does. It reports what is
// wrong with any document, and also what stands among the documents and contradicts the
// bundles: objects of Istio that somebody else made. What breaks traffic is an error.
//
// Where the facts of the cluster cannot be told, because a mesh is wrong, a file is no YAML
// or an object of this API has a kind that nobody knows, bundles would be misjudged, and are
// not.
func (d Documents) Render() (*Output, error) { return d.RenderAsOf(time.Time{}) }

// RenderAsOf renders as Render does, and judges dates as the function RenderAsOf does.
func (d Documents) RenderAsOf(asOf time.Time) (*Output, error) {
	mesh, diagnostics := d.mesh()
	problems := slices.Concat(d.problems, diagnostics)
	if slices.ContainsFunc(problems, mayHideMesh) {
		return nil, diag.ErrorOf(problems)
	}
	return render(asOf, mesh, d.bundles, d.neighbors, problems, d.isPatched)
}

// isPatched reports whether a Deployment stands among the documents, and is patched there.
func (d Documents) isPatched(namespace, name string) bool {
	ref := diag.ObjectRef{Kind: kind.Deployment, Namespace: namespace, Name: name}
	return d.patched && slices.ContainsFunc(d.neighbors, func(n neighbor.Object) bool { return n.Ref == ref })
}

// mayHideMesh reports whether a problem is not that of a bundle for certain.
func mayHideMesh(d diag.Diagnostic) bool { return d.Object.Kind != api.KindBundle }

// Problems returns a *diag.InvalidError with everything that is wrong with single documents
// and with their meshes together, and nil if nothing is.
func (d Documents) Problems() error {
	_, diagnostics := d.mesh()
	return diag.ErrorOf(slices.Concat(d.problems, diagnostics))
}

// HasNoBundle reports whether what was read is right, and has no bundle.
func (d Documents) HasNoBundle() bool { return len(d.bundles) == 0 && d.Problems() == nil }

// IsEmpty reports whether there is nothing that Render looks at: no bundle, no mesh, no
// object that can contradict a bundle, and nothing that is wrong.
func (d Documents) IsEmpty() bool {
	return d.HasNoBundle() && len(d.meshes)+len(d.neighbors) == 0
}
