// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package yamltext

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// node writes what was read from YAML, as it was written there. What has comments, anchors or
// tags is for the library, and so are maps and lists that stand in one line.
func (w *writer) node(n *yaml.Node, p place) {
	if !isBare(n) {
		w.failed = true
		return
	}
	switch n.Kind {
	case yaml.MappingNode:
		w.mapping(n, p)
	case yaml.SequenceNode:
		w.sequence(n, p)
	case yaml.ScalarNode:
		if !isEmpty(n) {
			w.string(n.Value, nodeStyle(n), p)
		}
	default:
		w.failed = true
	}
}

// isBare reports whether a node is no more than its kind, its style and its content say.
func isBare(n *yaml.Node) bool {
	isInline := n.Style&yaml.FlowStyle != 0 && len(n.Content) > 0
	isTagged := n.Style&yaml.TaggedStyle != 0 || n.Kind != yaml.ScalarNode && n.Tag != "" && n.ShortTag() != kindTags[n.Kind]
	return !isInline && !isTagged && n.Anchor == "" && n.HeadComment == "" && n.LineComment == "" && n.FootComment == ""
}

var kindTags = map[yaml.Kind]string{yaml.MappingNode: "!!map", yaml.SequenceNode: "!!seq"}

func (w *writer) mapping(n *yaml.Node, p place) {
	if len(n.Content) == 0 {
		w.word("{}", p)
		return
	}
	inside := p.inMap()
	for i := 0; i+1 < len(n.Content); i += 2 {
		w.startLine(i == 0, p, inside)
		w.nodeKey(n.Content[i])
		w.node(n.Content[i+1], inside)
	}
}

func (w *writer) nodeKey(key *yaml.Node) {
	if key.Kind != yaml.ScalarNode || !isBare(key) || key.Value == "" {
		w.failed = true
		return
	}
	w.key(key.Value, nodeStyle(key))
}

func (w *writer) sequence(n *yaml.Node, p place) {
	if len(n.Content) == 0 {
		w.word("[]", p)
		return
	}
	inside := p.inList()
	for i, item := range n.Content {
		w.startLine(i == 0, p, inside)
		w.text = append(w.text, dash)
		w.node(item, inside)
	}
}

// isEmpty reports whether a scalar is nothing, and is written as that.
func isEmpty(n *yaml.Node) bool { return n.Value == "" && n.Style == 0 && n.ShortTag() == "!!null" }

// nodeStyle returns the style that the library gives a scalar.
func nodeStyle(n *yaml.Node) style {
	tag := n.ShortTag()
	isText, isAsTagged := tag == tagText, tagOf(n.Value) == tag
	switch {
	case n.Tag == "!", n.Style&yaml.FoldedStyle != 0, !isAsTagged && !isText:
		return unknown
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return fit(doubleQuoted, n.Value)
	case n.Style&yaml.SingleQuotedStyle != 0:
		return fit(singleQuoted, n.Value)
	case n.Style&yaml.LiteralStyle != 0, strings.Contains(n.Value, "\n"):
		return fit(literal, n.Value)
	case isAsTagged:
		return fit(plain, n.Value)
	default:
		return fit(doubleQuoted, n.Value)
	}
}
