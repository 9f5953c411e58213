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

	mutex sync.Mutex
	spots map[field.Path]*spot // those that somebody asked for, and what stands beside them
}

// New returns the source of the document that a root holds. If it is rewritten, its lines
// are not those of the file, and positions name the file alone.
func New(file string, root *yaml.Node, rewritten bool) *Source {
	return &Source{file: file, root: root, rewritten: rewritten}
}

// A spot is where a field stands: its key and its value. They are the same for
// an item of a list.
type spot struct {
	path       field.Path
	key, value *yaml.Node
	isOpen     bool // The fields of its value have spots.
}

// find returns the spot of a path, or of the nearest place around it.
func (s *Source) find(path field.Path) (at *spot, isThere bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.spots == nil {
		s.spots = map[field.Path]*spot{"": {key: s.root, value: s.root}}
	}
	return s.search(path)
}

func (s *Source) search(path field.Path) (at *spot, isThere bool) {
	if at := s.spots[path]; at != nil {
		return at, true
	}
	around, _ := s.search(path.Parent())
	if !around.isOpen {
		s.open(around)
	}
	if at := s.spots[path]; at != nil {
		return at, true
	}
	return around, false
}

// open finds the fields of what stands at a spot.
func (s *Source) open(at *spot) {
	at.isOpen = true
	value := Resolve(at.value)
	switch value.Kind {
	case yaml.MappingNode:
		for key, item := range Pairs(value) {
			s.note(&spot{path: at.path.Child(key.Value), key: key, value: item})
		}
	case yaml.SequenceNode:
		for i, item := range value.Content {
			s.note(&spot{path: at.path.Item(i), key: item, value: item})
		}
	default: // holds no fields
	}
}

// note keeps the first spot of a path. The paths of what aliases stand for may be too long, and
// lead to nothing that is known.
func (s *Source) note(at *spot) {
	if s.spots[at.path] == nil && !at.path.IsTooLong() {
		s.spots[at.path] = at
	}
}

// Position returns where the value of a field stands, or where it would.
func (s *Source) Position(path field.Path) diag.Position {
	if s == nil {
		return diag.Position{}
	}
	at, isThere := s.find(path)
	if !isThere {
		return s.At(at.key) // The field is missing: this is where it belongs.
	}
	return s.At(at.value)
}

// KeyPosition returns where the name of a field stands.
func (s *Source) KeyPosition(path field.Path) diag.Position {
	if s == nil {
		return diag.Position{}
	}
	at, _ := s.find(path)
	return s.At(at.key)
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
	at, _ := s.find(path)
	return Resolve(at.value).Value, true
}
