// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
)

// A Survey is what a document says of itself before anything follows an alias.
type Survey struct {
	Expands    bool    // has aliases or merge keys
	Duplicates []KeyAt // keys that their mapping has twice
	NotText    []KeyAt // keys that are maps or lists
	TooLong    []KeyAt // keys and items whose paths are, each with the path around it
}

// SurveyOf looks at a document.
func SurveyOf(root *yaml.Node) Survey {
	var s Survey
	s.visit("", root)
	return s
}

// A KeyAt is a key and its path, and the first of its name if it stands twice.
type KeyAt struct {
	Path       field.Path
	Key, First *yaml.Node
}

func (s *Survey) visit(path field.Path, node *yaml.Node) {
	switch node.Kind {
	case yaml.AliasNode:
		s.Expands = true
	case yaml.MappingNode:
		s.visitMapping(path, node)
	case yaml.SequenceNode:
		for i, item := range node.Content {
			if at := path.Item(i); at.IsTooLong() {
				s.TooLong = append(s.TooLong, KeyAt{Path: path, Key: item})
			} else {
				s.visit(at, item)
			}
		}
	default: // has no keys
	}
}

func (s *Survey) visitMapping(path field.Path, mapping *yaml.Node) {
	seen := map[string]*yaml.Node{}
	for i := 0; i < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		at := path.Child(key.Value)
		s.Expands = s.Expands || key.ShortTag() == mergeTag
		if at.IsTooLong() {
			s.TooLong = append(s.TooLong, KeyAt{Path: path, Key: key})
			continue
		}
		switch {
		case key.Kind != yaml.ScalarNode:
			s.NotText = append(s.NotText, KeyAt{Path: path, Key: key})
		case seen[key.Value] != nil:
			s.Duplicates = append(s.Duplicates, KeyAt{Path: at, Key: key, First: seen[key.Value]})
		default:
			seen[key.Value] = key
		}
		s.visit(at, value)
	}
}
