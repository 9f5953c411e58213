// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"fmt"
	"iter"
	"strings"

	"go.yaml.in/yaml/v3"
)

const mergeTag = "!!merge"

// resolve follows an alias to what it stands for.
func resolve(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// pairs yields the keys and values of a mapping: first its own, then those that
// it merges with <<, which its own override.
func pairs(mapping *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		var merged []*yaml.Node
		for i := 0; i < len(mapping.Content); i += 2 {
			key, value := mapping.Content[i], mapping.Content[i+1]
			if key.ShortTag() == mergeTag {
				merged = append(merged, value)
			} else if !yield(key, value) {
				return
			}
		}
		for _, value := range merged {
			for _, mapping := range mergedMappings(value) {
				for key, value := range pairs(mapping) {
					if !yield(key, value) {
						return
					}
				}
			}
		}
	}
}

// mergedMappings returns the mappings behind a << key: one, or a list.
func mergedMappings(value *yaml.Node) []*yaml.Node {
	value = resolve(value)
	if value.Kind != yaml.SequenceNode {
		return []*yaml.Node{value}
	}
	var mappings []*yaml.Node
	for _, item := range value.Content {
		mappings = append(mappings, resolve(item))
	}
	return mappings
}

// Tree returns what a node says, as encoding/json would read it. Keys are text,
// whatever they look like. The node must have been decoded once by the YAML
// library, which refuses aliases that contain themselves.
func Tree(node *yaml.Node) (any, error) {
	node = resolve(node)
	switch node.Kind {
	case yaml.MappingNode:
		fields := map[string]any{}
		for key, value := range pairs(node) {
			if _, overridden := fields[key.Value]; overridden {
				continue
			}
			field, err := Tree(value)
			if err != nil {
				return nil, err
			}
			fields[key.Value] = field
		}
		return fields, nil
	case yaml.SequenceNode:
		items := make([]any, len(node.Content))
		for i, item := range node.Content {
			var err error
			if items[i], err = Tree(item); err != nil {
				return nil, err
			}
		}
		return items, nil
	default:
		return scalar(node)
	}
}

func scalar(node *yaml.Node) (any, error) {
	switch node.ShortTag() {
	case "!!null", "!!bool", "!!int", "!!float":
		var value any
		if err := node.Decode(&value); err != nil {
			return nil, fmt.Errorf("line %d: %s", node.Line, strings.TrimPrefix(err.Error(), "yaml: "))
		}
		return value, nil
	default:
		return node.Value, nil
	}
}
