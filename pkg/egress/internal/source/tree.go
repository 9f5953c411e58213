// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const mergeTag = "!!merge"

// Resolve follows an alias to what it stands for.
func Resolve(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// Pairs yields the keys and values of a mapping: first its own, then those that
// it merges with <<, which its own override. It yields nothing of another node, and ends
// also where mappings merge themselves.
func Pairs(mapping *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		yieldPairs(mapping, map[*yaml.Node]bool{}, yield)
	}
}

// yieldPairs reports whether to go on. What was merged before has no more to say.
func yieldPairs(mapping *yaml.Node, merged map[*yaml.Node]bool, yield func(key, value *yaml.Node) bool) bool {
	if mapping.Kind != yaml.MappingNode {
		return true
	}
	var more []*yaml.Node
	for pair := range slices.Chunk(mapping.Content, 2) {
		key := Resolve(pair[0])
		if key.ShortTag() == mergeTag {
			more = append(more, mergedMappings(pair[1])...)
		} else if !yield(key, pair[1]) {
			return false
		}
	}
	for _, next := range more {
		if again := merged[next]; again {
			continue
		}
		merged[next] = true
		if !yieldPairs(next, merged, yield) {
			return false
		}
	}
	return true
}

// mergedMappings returns the mappings behind a << key: one, or a list.
func mergedMappings(value *yaml.Node) []*yaml.Node {
	value = Resolve(value)
	if value.Kind != yaml.SequenceNode {
		return []*yaml.Node{value}
	}
	var mappings []*yaml.Node
	for _, item := range value.Content {
		mappings = append(mappings, Resolve(item))
	}
	return mappings
}

// Tree returns what a node says, as encoding/json would read it. Keys are text,
// whatever they look like. The node must have been decoded once by the YAML
// library, which refuses aliases that contain themselves.
func Tree(node *yaml.Node) (any, error) {
	node = Resolve(node)
	switch node.Kind {
	case yaml.MappingNode:
		fields := map[string]any{}
		for key, value := range Pairs(node) {
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
