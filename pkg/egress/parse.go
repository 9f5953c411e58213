// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

// Documents are what Parse finds in a file.
type Documents struct {
	Bundles []Bundle
	Meshes  []Mesh

	neighbors []neighbor
}

// Add adds what was found in another file.
func (d *Documents) Add(other Documents) {
	d.Bundles = append(d.Bundles, other.Bundles...)
	d.Meshes = append(d.Meshes, other.Meshes...)
	d.neighbors = append(d.neighbors, other.neighbors...)
}

// Render renders the bundles with the mesh, as the function Render does. It also
// reports what stands among the documents and contradicts the bundles: objects of
// Istio that somebody else made. What breaks traffic is an error.
func (d Documents) Render() (*Output, error) {
	mesh, err := d.Mesh()
	if err != nil {
		return nil, err
	}
	return render(mesh, d.Bundles, d.neighbors)
}

// IsEmpty reports whether there is nothing that Render looks at: no bundle, no mesh and no
// object that can contradict a bundle.
func (d Documents) IsEmpty() bool {
	return len(d.Bundles)+len(d.Meshes)+len(d.neighbors) == 0
}

// Mesh returns the mesh of the documents, and nil if there is none. If there are
// several, it returns an *InvalidError.
func (d Documents) Mesh() (*Mesh, error) {
	var diagnostics []Diagnostic
	for i := 1; i < len(d.Meshes); i++ {
		first := d.Meshes[0]
		diagnostics = append(diagnostics, Diagnostic{
			Code:     DuplicateMesh,
			Severity: SeverityError,
			Position: d.Meshes[i].source.position("kind"),
			Object:   d.Meshes[i].object(),
			Path:     "kind",
			Message:  fmt.Sprintf("must stand only once: the facts of the cluster stand in %s%s already", first.object(), inParentheses(first.source.position("kind"))),
		})
	}
	if len(d.Meshes) == 0 || len(diagnostics) > 0 {
		return nil, invalid(diagnostics)
	}
	return &d.Meshes[0], nil
}

// Parse reads every EgressBundle and every EgressMesh of a YAML stream, and
// passes over objects of other APIs, but that it keeps for Render of Documents what
// can contradict a bundle. The filename is used in diagnostics only.
//
// If a document breaks a rule, Parse returns an *InvalidError with everything
// that is wrong in the stream. The documents that break none are returned all
// the same, so that a caller can look for further problems in them.
func Parse(filename string, src []byte) (Documents, error) {
	return parse(parser{file: filename, src: src})
}

// ParseItem reads one object as Parse does, where src is not the text of the file:
// an item of a ResourceList was read from a file and written again by the host.
// Diagnostics name the file, and neither a line nor a column.
func ParseItem(filename string, src []byte) (Documents, error) {
	return parse(parser{file: filename, src: src, rewritten: true})
}

func parse(p parser) (Documents, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(p.src))
	for {
		p.object = ObjectRef{}
		var node yaml.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			p.yamlError(err, 1)
			break
		}
		if err := p.document(node.Content[0]); err != nil {
			return Documents{}, err
		}
	}
	return p.found, invalid(p.diagnostics)
}

type parser struct {
	file        string
	src         []byte
	rewritten   bool // src is not what the file holds
	found       Documents
	object      ObjectRef // of the document that is read, as far as it is known
	diagnostics []Diagnostic
}

// document returns an error only for a defect of this package.
func (p *parser) document(root *yaml.Node) error {
	kind, ours := kindOf(root)
	if !ours {
		p.noteNeighbor(root)
		return nil
	}
	s := p.source(root)
	known := kind == kindBundle || kind == kindMesh
	if known {
		p.object = ObjectRef{Kind: kind}
	}
	if !p.readable(root, s) {
		return nil
	}
	content, err := tree(root)
	if err != nil {
		p.yamlError(err, root.Line)
		return nil
	}
	if !known {
		p.unknownKind(content, s)
		return nil
	}
	found := check(kind, content, s)
	p.diagnostics = append(p.diagnostics, found...)
	if len(found) > 0 {
		return nil
	}
	return p.decode(kind, content, s)
}

func (p *parser) source(root *yaml.Node) *source {
	return &source{file: p.file, root: root, rewritten: p.rewritten}
}

func (p *parser) unknownKind(content any, s *source) {
	const path = "kind"
	must := fmt.Sprintf("be %q or %q", kindBundle, kindMesh)
	fields, _ := content.(map[string]any)
	if kind, ok := fields[path]; ok {
		p.add(UnknownKind, s.position(path), path,
			fmt.Sprintf("must %s, got %s", must, s.quote(schema.Violation{Path: "kind", Value: kind})))
	} else {
		p.add(MissingField, s.keyPosition(path), path, "is missing; it must "+must)
	}
}

func (p *parser) decode(kind string, content any, s *source) error {
	if kind == kindMesh {
		doc, err := fromTree[document[Mesh]](content)
		if err != nil {
			return err
		}
		mesh := meshFrom(doc, s)
		p.found.Meshes = append(p.found.Meshes, mesh)
		s.checked, err = digest(meshDocument(mesh))
		return err
	}
	doc, err := fromTree[document[bundleSpec]](content)
	if err != nil {
		return err
	}
	bundle := bundleFrom(doc, s)
	p.found.Bundles = append(p.found.Bundles, bundle)
	s.checked, err = digest(bundleDocument(bundle))
	return err
}

// kindOf returns the kind of a document, and whether the document is one of
// this API. One of apiVersion and kind is enough for that, so that a misspelt
// other is reported rather than passed over.
func kindOf(root *yaml.Node) (kind string, ours bool) {
	if root.Kind != yaml.MappingNode {
		return "", false
	}
	for i := 0; i < len(root.Content); i += 2 {
		switch value := root.Content[i+1].Value; root.Content[i].Value {
		case "apiVersion":
			ours = ours || strings.HasPrefix(value, apiGroup+"/")
		case "kind":
			kind = value
			ours = ours || kind == kindBundle || kind == kindMesh
		}
	}
	return kind, ours
}

// readable reports whether the document can be read at all. Keys must be text
// and stand once, and the YAML library refuses aliases that would never end.
func (p *parser) readable(root *yaml.Node, s *source) bool {
	before := len(p.diagnostics)
	var found survey
	found.visit("", root)
	for _, at := range found.notText {
		p.add(InvalidYAML, s.at(at.key), at.path, "must have keys that are text, got a map, a list or an alias; render templates such as {{ .x }} first")
	}
	for _, at := range found.duplicates {
		p.add(DuplicateKey, s.at(at.key), at.path, fmt.Sprintf("must stand only once, and stands on line %d already; remove one of the two", at.first.Line))
	}
	if found.expands {
		var discard any
		if err := root.Decode(&discard); err != nil && len(p.diagnostics) == before {
			p.yamlError(err, root.Line)
		}
	}
	return len(p.diagnostics) == before
}

func (p *parser) add(code Code, at Position, path, message string) {
	p.diagnostics = append(p.diagnostics, Diagnostic{
		Code: code, Severity: SeverityError, Position: at, Object: p.object, Path: path, Message: message,
	})
}
