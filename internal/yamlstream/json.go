// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package yamlstream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/internal/yamltext"
)

// FromJSON returns a value, as people write YAML, that has a form in JSON: fields in the same
// order, lists of words on one line, and no quotes that say nothing. An error is one of
// encoding/json.
func FromJSON(value any) (*yaml.Node, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	return nextNode(decoder)
}

// nextNode returns the next value, or the next key of an object.
func nextNode(decoder *json.Decoder) (*yaml.Node, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		return nodeWith(token, decoder)
	case string:
		return textNode(token), nil
	case nil:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: "null"}, nil
	default:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: fmt.Sprint(token)}, nil
	}
}

// nodeWith returns an object or a list, of which the first character is read.
func nodeWith(first json.Delim, decoder *json.Decoder) (*yaml.Node, error) {
	n, isShort := &yaml.Node{Kind: yaml.MappingNode}, first == '['
	if first == '[' {
		n.Kind = yaml.SequenceNode
	}
	for decoder.More() {
		child, err := nextNode(decoder)
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, child)
		isShort = isShort && child.Kind == yaml.ScalarNode
	}
	if isShort {
		n.Style = yaml.FlowStyle
	}
	_, err := decoder.Token() // its last character
	return n, err
}

// textNode leaves the style to the writer, but for words that not every reader takes for text, and
// where the library fails to read what it would write: a block that starts with a tab.
func textNode(text string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	if !yamltext.IsText(text) || strings.Contains(text, "\n") && strings.Contains(text, "\t") {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}
