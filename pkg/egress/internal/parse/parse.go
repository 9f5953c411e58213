// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package parse reads files: bytes become documents of the API, each checked, and the
// objects of others that stand beside them.
package parse

import (
	"bytes"
	"errors"
	"io"
	"strings"

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

// File reads every document of a YAML stream. If it is rewritten, src is not the text of the
// file, and diagnostics name neither a line nor a column. An error is a defect of this
// package.
func File(name string, src []byte, rewritten bool) (Result, error) {
	p := parser{file: name, src: src, rewritten: rewritten}
	decoder := yaml.NewDecoder(bytes.NewReader(src))
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

	file      string
	src       []byte
	rewritten bool
}

func (p *parser) collect(r *diagnose.Reporter) {
	p.Diagnostics = append(p.Diagnostics, r.Diagnostics()...)
}

// document returns an error only for a defect of this package.
func (p *parser) document(root *yaml.Node) error {
	kind, ours := kindOf(root)
	from := source.New(p.file, root, p.rewritten)
	if !ours {
		if n, ok := neighbor.From(root, from.At(root)); ok {
			p.Neighbors = append(p.Neighbors, n)
		}
		return nil
	}
	known := kind == api.KindBundle || kind == api.KindMesh
	subject := source.Subject{Source: from}
	if known {
		subject.Object.Kind = kind
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
			ours = ours || strings.HasPrefix(value, api.Group+"/")
		case "kind":
			kind = value
			ours = ours || kind == api.KindBundle || kind == api.KindMesh
		}
	}
	return kind, ours
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
		r.ReportAt(subject.Source.At(at.Key), at.Path, duplicateKey(at.First.Line))
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
		doc, err := jsontree.To[document[api.Mesh]](content)
		mesh := meshOf(doc)
		subject := source.Subject{Object: meshRef(mesh), Source: from}
		p.Meshes = append(p.Meshes, source.Document[api.Mesh]{Subject: subject, Value: mesh})
		return err
	}
	doc, err := jsontree.To[document[bundleSpec]](content)
	bundle := bundleOf(doc)
	subject := source.Subject{Object: bundleRef(bundle), Source: from}
	p.Bundles = append(p.Bundles, source.Document[api.Bundle]{Subject: subject, Value: bundle})
	return err
}
