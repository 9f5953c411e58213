// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/source"
)

// A head is what tells what a node is, before anything judges it.
type head struct {
	kind string
	// isOurs says that it is an object of this API. One of apiVersion and kind is enough
	// for that, so that a misspelt other is reported rather than passed over.
	isOurs bool
	// members are the objects in a list.
	members []*yaml.Node
}

func headOf(node *yaml.Node) head {
	var h head
	if node.Kind == yaml.SequenceNode {
		h.members = node.Content
	}
	for key, value := range source.Pairs(node) {
		value = source.Resolve(value)
		switch key.Value {
		case "apiVersion":
			group, _, _ := strings.Cut(value.Value, "/")
			h.isOurs = h.isOurs || strings.EqualFold(group, api.Group)
		case "kind":
			h.kind = cmp.Or(h.kind, value.Value)
			isIt := func(kind string) bool { return strings.EqualFold(kind, value.Value) }
			h.isOurs = h.isOurs || slices.ContainsFunc(api.Kinds(), isIt)
		case "items": // kubectl takes whatever has these for a List.
			if value.Kind == yaml.SequenceNode {
				h.members = append(h.members, value.Content...)
			}
		case "functionConfig": // of a ResourceList
			h.members = append(h.members, value)
		}
	}
	return h
}

// refTo names an object as far as its name can be read.
func refTo(kind string, object *yaml.Node) diag.ObjectRef {
	ref := diag.ObjectRef{Kind: kind}
	for key, metadata := range source.Pairs(object) {
		if key.Value != "metadata" {
			continue
		}
		for key, value := range source.Pairs(source.Resolve(metadata)) {
			switch value = source.Resolve(value); key.Value {
			case "name":
				ref.Name = cmp.Or(ref.Name, value.Value)
			case "namespace":
				ref.Namespace = cmp.Or(ref.Namespace, value.Value)
			}
		}
	}
	return ref
}

// holdsOurs reports whether a node is an object of this API, or a list with one in it. It
// looks at no node twice.
func holdsOurs(node *yaml.Node, seen map[*yaml.Node]bool) bool {
	node = source.Resolve(node)
	if seen[node] {
		return false
	}
	seen[node] = true
	h := headOf(node)
	return h.isOurs || slices.ContainsFunc(h.members, func(member *yaml.Node) bool { return holdsOurs(member, seen) })
}

// hasAlias reports whether something in a node stands for something else.
func hasAlias(node *yaml.Node) bool {
	return node.Kind == yaml.AliasNode || slices.ContainsFunc(node.Content, hasAlias)
}
