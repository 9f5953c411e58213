// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package yamlstream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

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

// ToJSON returns the JSON of a value that the YAML library reads into what it is given. Keys are
// text there, and so are dates.
func ToJSON(read func(into any) error) ([]byte, error) {
	var t tree
	if err := read(&t); err != nil {
		return nil, err
	}
	return json.Marshal(t)
}

// A tree is what has a form in JSON, and is read from YAML.
type tree struct{ value any }

func (t tree) MarshalJSON() ([]byte, error) { return json.Marshal(t.value) }

// UnmarshalYAML first lets the library say what is there, and then reads it as JSON has it.
func (t *tree) UnmarshalYAML(read func(into any) error) error {
	if err := read(&t.value); err != nil {
		return err
	}
	switch t.value.(type) {
	case map[string]any, map[any]any:
		return readAs[map[string]tree](t, read)
	case []any:
		return readAs[[]tree](t, read)
	case time.Time:
		return readAs[string](t, read)
	default:
		return nil
	}
}

func readAs[T any](t *tree, read func(into any) error) error {
	var value T
	err := read(&value)
	t.value = value
	return err
}
