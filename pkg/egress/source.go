// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"crypto/sha256"
	"encoding/json"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

// A source is where a document was read from.
type source struct {
	file string
	root *yaml.Node
	// rewritten says that lines are not those of the file.
	rewritten bool
	// checked is the digest of the document as it was checked. A document that
	// was changed since is checked again.
	checked [sha256.Size]byte

	once  sync.Once
	spots map[string]spot
}

// A spot is where a field stands: its key and its value. They are the same for
// an item of a list.
type spot struct {
	key, value *yaml.Node
}

func digest(document any) ([sha256.Size]byte, error) {
	data, err := json.Marshal(document)
	return sha256.Sum256(data), err
}

// find returns the spot of a path, or of the nearest place around it.
func (s *source) find(path string) spot {
	if path == "" {
		return spot{s.root, s.root}
	}
	s.once.Do(func() {
		s.spots = map[string]spot{}
		s.index("", spot{s.root, s.root})
	})
	for {
		if at, ok := s.spots[path]; ok {
			return at
		}
		path = parent(path)
	}
}

func (s *source) index(path string, at spot) {
	if _, again := s.spots[path]; again {
		return
	}
	s.spots[path] = at
	value := resolve(at.value)
	switch value.Kind {
	case yaml.MappingNode:
		for key, item := range pairs(value) {
			s.index(schema.Child(path, key.Value), spot{key, item})
		}
	case yaml.SequenceNode:
		for i, item := range value.Content {
			s.index(schema.Item(path, i), spot{item, item})
		}
	default: // holds no fields
	}
}

// position returns where the value of a field stands. What a Go program built
// stands nowhere, and has no source.
func (s *source) position(path string) Position {
	if s == nil {
		return Position{}
	}
	at := s.find(path)
	if path != "" && s.spots[path] != at {
		return s.at(at.key) // The field is missing: this is where it belongs.
	}
	return s.at(at.value)
}

// keyPosition returns where the name of a field stands.
func (s *source) keyPosition(path string) Position {
	if s == nil {
		return Position{}
	}
	return s.at(s.find(path).key)
}

func (s *source) at(node *yaml.Node) Position {
	if s.rewritten {
		return Position{File: s.file}
	}
	return Position{File: s.file, Line: node.Line, Column: node.Column}
}

// parent returns the path around a path.
func parent(path string) string {
	return path[:max(0, strings.LastIndexAny(path, ".["))]
}
