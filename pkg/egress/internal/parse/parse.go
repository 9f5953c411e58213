// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package parse reads files: bytes become documents of the API, each checked, and the
// objects of others that stand beside them.
package parse

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/check"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/jsontree"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/source"
)

// A Result is what a file holds, and what is wrong with the rest of it.
type Result struct {
	Bundles     []source.Document[api.Bundle]
	Meshes      []source.Document[api.Mesh]
	Neighbors   []neighbor.Object
	Diagnostics []diag.Diagnostic
}

// File reads every document of a YAML stream. An error is a defect of this package.
func File(name string, src []byte) (Result, error) {
	return (&parser{file: name, src: asYAML(src)}).stream()
}

// Rewritten reads an object that is not what stands in the file. Positions are those of the
// first document of the original, which is the text of the file, where they say the same, and
// otherwise name neither a line nor a column.
func Rewritten(name string, root *yaml.Node, original []byte) (Result, error) {
	p := &parser{file: name, isRewritten: true}
	var document yaml.Node
	if err := yaml.Unmarshal(asYAML(original), &document); err == nil && len(document.Content) > 0 {
		p.original = document.Content[0]
	}
	err := p.document(root)
	return p.Result, err
}

func (p *parser) stream() (Result, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(p.src))
	for {
		var node yaml.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			r := diagnose.New(source.Subject{})
			p.reportYAML(r, err, 1)
			p.collect(r)
			break
		}
		if err := p.document(node.Content[0]); err != nil {
			return Result{}, err
		}
	}
	return p.Result, nil
}

type parser struct {
	Result

	file        string
	src         []byte
	isRewritten bool
	original    *yaml.Node // of what is rewritten; nil: nobody knows it
}

// sourceOf returns the source of an object of the stream.
func (p *parser) sourceOf(root *yaml.Node) *source.Source {
	if p.isRewritten {
		return source.New(p.file, root, p.original)
	}
	return source.New(p.file, root, root)
}

func (p *parser) collect(r *diagnose.Reporter) {
	p.Diagnostics = append(p.Diagnostics, r.Diagnostics()...)
}

// document reads what a document holds: an object, or a List of objects. It returns an error
// only for a defect of this package.
func (p *parser) document(root *yaml.Node) error {
	if len(headOf(root).members) > 0 && hasAlias(root) {
		var discard any
		if err := root.Decode(&discard); err != nil {
			r := diagnose.New(source.Subject{})
			p.reportYAML(r, err, root.Line)
			p.collect(r)
			return nil
		}
	}
	return p.read(root, map[*yaml.Node]bool{})
}

// read reads an object, or the objects of a List, of Lists in it and so on. What aliases
// show again was read before.
func (p *parser) read(node *yaml.Node, seen map[*yaml.Node]bool) error {
	node = source.Resolve(node)
	if seen[node] {
		return nil
	}
	seen[node] = true
	h := headOf(node)
	switch {
	case h.isOurs:
		return p.own(h.kind, node)
	case node.Kind == yaml.SequenceNode:
		p.refuseSequence(node)
		return nil
	case h.kind == "":
		return nil
	}
	from := p.sourceOf(node)
	if n, ok := neighbor.From(node, from.At(node)); ok {
		p.Neighbors = append(p.Neighbors, n)
	}
	for _, member := range h.members {
		if err := p.read(member, seen); err != nil {
			return err
		}
	}
	return nil
}

// refuseSequence reports a list without a kind, if it has objects of this API: nothing reads
// objects of Kubernetes from one.
func (p *parser) refuseSequence(sequence *yaml.Node) {
	if !holdsOurs(sequence, map[*yaml.Node]bool{}) {
		return
	}
	subject := source.Subject{Source: p.sourceOf(sequence)}
	r := diagnose.New(subject)
	r.Report("", notInList())
	p.collect(r)
}

// own reads an object of this API.
func (p *parser) own(kind string, root *yaml.Node) error {
	from := p.sourceOf(root)
	known := slices.Contains(api.Kinds(), kind)
	subject := source.Subject{Source: from}
	if known {
		subject.Object = refTo(kind, root)
	}
	content, ok := p.content(root, subject)
	switch {
	case !ok:
		return nil
	case !known:
		p.unknownKind(content, subject)
		return nil
	}
	found := check.Document(kind, content, from)
	p.Diagnostics = append(p.Diagnostics, found...)
	if len(found) > 0 {
		return nil
	}
	return p.decode(kind, content, from)
}

// content returns what the document says. It is not ok, after reporting it, if that cannot
// be read at all: keys must be text and stand once, and the YAML library refuses aliases
// that would never end.
func (p *parser) content(root *yaml.Node, subject source.Subject) (content any, ok bool) {
	r := diagnose.New(subject)
	defer p.collect(r)
	survey := source.SurveyOf(root)
	for _, at := range survey.NotText {
		r.ReportAt(subject.Source.At(at.Key), at.Path, keyNotText())
	}
	for _, at := range survey.Duplicates {
		r.ReportAt(subject.Source.At(at.Key), at.Path, duplicateKey(subject.Source.At(at.First)))
	}
	for _, at := range survey.TooLong {
		r.ReportAt(subject.Source.At(at.Key), at.Path, pathTooLong())
	}
	if len(r.Diagnostics()) > 0 {
		return nil, false
	}
	if survey.Expands {
		var discard any
		if err := root.Decode(&discard); err != nil {
			p.reportYAML(r, err, root.Line)
			return nil, false
		}
	}
	content, err := source.Tree(root)
	if err != nil {
		p.reportYAML(r, err, root.Line)
		return nil, false
	}
	return content, true
}

func (p *parser) unknownKind(content any, subject source.Subject) {
	r := diagnose.New(subject)
	fields, _ := content.(map[string]any)
	if kind, ok := fields[string(field.Kind)]; ok {
		r.Report(field.Kind, unknownKind(check.Quote(kind, field.Kind, subject.Source)))
	} else {
		r.ReportAt(subject.Source.KeyPosition(field.Kind), field.Kind, missingKind())
	}
	p.collect(r)
}

func (p *parser) decode(kind string, content any, from *source.Source) error {
	if kind == api.KindMesh {
		mesh, err := jsontree.To[api.Mesh](content)
		subject := source.Subject{Object: meshRef(mesh), Source: from}
		p.Meshes = append(p.Meshes, source.Document[api.Mesh]{Subject: subject, Value: mesh})
		return err
	}
	bundle, err := jsontree.To[api.Bundle](content)
	subject := source.Subject{Object: bundleRef(bundle), Source: from}
	p.Bundles = append(p.Bundles, source.Document[api.Bundle]{Subject: subject, Value: bundle})
	return err
}
