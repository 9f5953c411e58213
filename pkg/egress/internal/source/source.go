// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package source keeps where documents were read from: their YAML, as a tree and as
// positions of fields.
package source

import (
	"reflect"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
)

// A Source is where a document was read from. A document that a Go program built has
// none: nil, whose positions are zero.
type Source struct {
	file string
	root *tree
	// original is the document as it stands in the file: the root, or what a program that knows
	// no lines made the root of. It is nil where that is not known.
	original *tree
}

// New returns the source of the document that a root holds, which may be the original itself.
// Without an original, positions name the file alone, and so they do where the two differ.
func New(file string, root, original *yaml.Node) *Source {
	s := &Source{file: file, root: &tree{root: root}}
	switch original {
	case nil:
	case root:
		s.original = s.root
	default:
		s.original = &tree{root: original}
	}
	return s
}

// A tree finds the fields of a document.
type tree struct {
	root *yaml.Node

	mutex sync.Mutex
	spots map[field.Path]*spot // those that somebody asked for, and what stands beside them
}

// A spot is where a field stands: its key and its value. They are the same for
// an item of a list.
type spot struct {
	path       field.Path
	key, value *yaml.Node
	isOpen     bool // The fields of its value have spots.
}

// find returns the spot of a path, or, if it is missing, of the nearest place around it.
func (t *tree) find(path field.Path) (at *spot, isThere bool) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.spots == nil {
		t.spots = map[field.Path]*spot{"": {key: t.root, value: t.root}}
	}
	return t.search(path)
}

func (t *tree) search(path field.Path) (at *spot, isThere bool) {
	if at := t.spots[path]; at != nil {
		return at, true
	}
	around, _ := t.search(path.Parent())
	if !around.isOpen {
		t.open(around)
	}
	if at := t.spots[path]; at != nil {
		return at, true
	}
	return around, false
}

// open finds the fields of what stands at a spot.
func (t *tree) open(at *spot) {
	at.isOpen = true
	value := Resolve(at.value)
	switch value.Kind {
	case yaml.MappingNode:
		for key, item := range Pairs(value) {
			t.note(&spot{path: at.path.Child(key.Value), key: key, value: item})
		}
	case yaml.SequenceNode:
		for i, item := range value.Content {
			t.note(&spot{path: at.path.Item(i), key: item, value: item})
		}
	default: // holds no fields
	}
}

// note keeps the first spot of a path. The paths of what aliases stand for may be too long, and
// lead to nothing that is known.
func (t *tree) note(at *spot) {
	if t.spots[at.path] == nil && !at.path.IsTooLong() {
		t.spots[at.path] = at
	}
}

// find returns where a field stands in the file, or where it would. The spot is empty if that
// is not known: somebody changed the field since.
func (s *Source) find(path field.Path) (at *spot, isThere bool) {
	at, isThere = s.root.find(path)
	if s.original == s.root {
		return at, isThere
	}
	if s.original == nil {
		return &spot{}, isThere
	}
	from, wasThere := s.original.find(path)
	if isThere != wasThere || path != "" && !saySame(at.value, from.value) {
		return &spot{}, isThere
	}
	return from, isThere
}

func saySame(a, b *yaml.Node) bool {
	treeA, errA := Tree(a)
	treeB, errB := Tree(b)
	return errA == nil && errB == nil && reflect.DeepEqual(treeA, treeB)
}

// Position returns where the value of a field stands, or where it would.
func (s *Source) Position(path field.Path) diag.Position {
	if s == nil {
		return diag.Position{}
	}
	at, isThere := s.find(path)
	if !isThere {
		return s.position(at.key) // The field is missing: this is where it belongs.
	}
	return s.position(at.value)
}

// KeyPosition returns where the name of a field stands.
func (s *Source) KeyPosition(path field.Path) diag.Position {
	if s == nil {
		return diag.Position{}
	}
	at, _ := s.find(path)
	return s.position(at.key)
}

// At returns where a node of the document stands.
func (s *Source) At(node *yaml.Node) diag.Position {
	if s.original != s.root {
		return s.position(nil)
	}
	return s.position(node)
}

// position returns where a node of the file stands.
func (s *Source) position(node *yaml.Node) diag.Position {
	if node == nil {
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
	at, _ := s.root.find(path)
	return Resolve(at.value).Value, true
}
