// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package source keeps where documents were read from: their YAML, as a tree and as
// positions of fields.
package source

import (
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
)

// A Source is where a document was read from. A document that a Go program built has
// none: nil, whose positions are zero.
type Source struct {
	file string
	root *yaml.Node
	// rewritten says that lines are not those of the file.
	rewritten bool

	once  sync.Once
	spots map[field.Path]spot
}

// New returns the source of the document that a root holds. If it is rewritten, its lines
// are not those of the file, and positions name the file alone.
func New(file string, root *yaml.Node, rewritten bool) *Source {
	return &Source{file: file, root: root, rewritten: rewritten}
}

// A spot is where a field stands: its key and its value. They are the same for
// an item of a list.
type spot struct {
	key, value *yaml.Node
}

// find returns the spot of a path, or of the nearest place around it.
func (s *Source) find(path field.Path) spot {
	if path == "" {
		return spot{s.root, s.root}
	}
	s.once.Do(func() {
		s.spots = map[field.Path]spot{}
		s.index("", spot{s.root, s.root})
	})
	for {
		if at, ok := s.spots[path]; ok {
			return at
		}
		path = path.Parent()
	}
}

func (s *Source) index(path field.Path, at spot) {
	if _, again := s.spots[path]; again || path.IsTooLong() {
		return // The paths of what aliases stand for may be, and lead to nothing that is known.
	}
	s.spots[path] = at
	value := Resolve(at.value)
	switch value.Kind {
	case yaml.MappingNode:
		for key, item := range Pairs(value) {
			s.index(path.Child(key.Value), spot{key, item})
		}
	case yaml.SequenceNode:
		for i, item := range value.Content {
			s.index(path.Item(i), spot{item, item})
		}
	default: // holds no fields
	}
}

// Position returns where the value of a field stands, or where it would.
func (s *Source) Position(path field.Path) diag.Position {
	if s == nil {
		return diag.Position{}
	}
	at := s.find(path)
	if path != "" && s.spots[path] != at {
		return s.At(at.key) // The field is missing: this is where it belongs.
	}
	return s.At(at.value)
}

// KeyPosition returns where the name of a field stands.
func (s *Source) KeyPosition(path field.Path) diag.Position {
	if s == nil {
		return diag.Position{}
	}
	return s.At(s.find(path).key)
}

// At returns where a node of the document stands.
func (s *Source) At(node *yaml.Node) diag.Position {
	if s.rewritten {
		return diag.Position{File: s.file}
	}
	return diag.Position{File: s.file, Line: node.Line, Column: node.Column}
}

// Text returns a scalar as the user wrote it, 0755 for what a YAML reader takes for 493. It
// is not ok if there is no source.
func (s *Source) Text(path field.Path) (text string, ok bool) {
	if s == nil {
		return "", false
	}
	return Resolve(s.find(path).value).Value, true
}
