// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// checkShape makes sure that the functionConfig and every item have the shape of an object:
// the library of kustomize and kpt, by which everything else reads them, takes that for
// granted, and panics or never ends where it is not so.
func (l *list) checkShape() error {
	var diagnostics []diag.Diagnostic
	if l.merged != nil {
		diagnostics = append(diagnostics, misshapen(nil, "<<", mustBeWrittenOut, l.merged))
	}
	if l.odd != nil {
		diagnostics = append(diagnostics, misshapen(nil, "items", mustBeList, l.odd))
	}
	if l.functionConfig != nil {
		diagnostics = append(diagnostics, shapeOf("functionConfig", l.functionConfig.YNode())...)
	}
	for i, item := range l.items {
		diagnostics = append(diagnostics, shapeOf(fmt.Sprintf("items[%d]", i), item.YNode())...)
	}
	return diag.ErrorOf(diagnostics)
}

// shapeOf returns what is wrong with the shape of an object.
func shapeOf(path string, node *yaml.Node) []diag.Diagnostic {
	if node.Kind != yaml.MappingNode {
		return []diag.Diagnostic{misshapen(nil, path, mustBeObject, node)}
	}
	var diagnostics []diag.Diagnostic
	for key, value := range fieldsOf(node) {
		switch isText := value.Kind == yaml.ScalarNode; {
		case key == "<<":
			diagnostics = append(diagnostics, misshapen(node, path+"."+key, mustBeWrittenOut, value))
		case (key == "apiVersion" || key == "kind") && !isText:
			diagnostics = append(diagnostics, misshapen(node, path+"."+key, mustBeText, value))
		case key == "metadata" && value.Kind == yaml.AliasNode:
			diagnostics = append(diagnostics, misshapen(node, path+".metadata", mustBeWrittenOut, value))
		case key == "metadata":
			diagnostics = append(diagnostics, shapeOfMetadata(node, path+".metadata", value)...)
		}
	}
	diagnostics = append(diagnostics, shapeOfPods(node, path)...)
	if err := expand(node); err != nil {
		return append(diagnostics, endless(node, path, err))
	}
	return append(diagnostics, shapeOfList(node, path, node)...)
}

// shapeOfList returns what stands in a List, however deep in an item, and would have to be an
// item for this function to render it, or to replace it.
func shapeOfList(of *yaml.Node, path string, node *yaml.Node) []diag.Diagnostic {
	items := valueOf(node, "items")
	if items == nil || resolve(items).Kind != yaml.SequenceNode {
		return nil
	}
	var diagnostics []diag.Diagnostic
	for i, member := range resolve(items).Content {
		member, at := resolve(member), fmt.Sprintf("%s.items[%d]", path, i)
		if isOfProgram(member) {
			diagnostics = append(diagnostics, listed(of, member, at))
		} else {
			diagnostics = append(diagnostics, shapeOfList(of, at, member)...)
		}
	}
	return diagnostics
}

// isOfProgram reports whether an object is of the API of this function, or was made by it.
func isOfProgram(node *yaml.Node) bool {
	if strings.HasPrefix(textOf(node, "apiVersion"), api.Group+"/") || slices.Contains(api.Kinds(), textOf(node, "kind")) {
		return true
	}
	for key := range fieldsOf(valueOf(valueOf(node, "metadata"), "annotations")) {
		if strings.HasPrefix(key, api.Group+"/") {
			return true
		}
	}
	return false
}

// shapeOfMetadata returns what is wrong with the metadata of an object, or of its Pods.
func shapeOfMetadata(of *yaml.Node, path string, metadata *yaml.Node) []diag.Diagnostic {
	metadata = resolve(metadata)
	if isNothing(metadata) {
		return nil
	}
	if metadata.Kind != yaml.MappingNode {
		return []diag.Diagnostic{misshapen(of, path, mustBeMap, metadata)}
	}
	var diagnostics []diag.Diagnostic
	for key, value := range fieldsOf(metadata) {
		value = resolve(value)
		isMap := slices.Contains([]string{"annotations", "labels"}, key)
		isText := slices.Contains([]string{"name", "namespace"}, key)
		switch {
		case isMap && value.Kind != yaml.MappingNode && !isNothing(value):
			diagnostics = append(diagnostics, misshapen(of, path+"."+key, mustBeTexts, value))
		case isText && value.Kind != yaml.ScalarNode:
			diagnostics = append(diagnostics, misshapen(of, path+"."+key, mustBeText, value))
		}
	}
	return diagnostics
}

// shapeOfPods returns what is wrong on the way to what a workload makes its Pods from.
func shapeOfPods(of *yaml.Node, path string) []diag.Diagnostic {
	apiVersion, kind := textOf(of, "apiVersion"), textOf(of, "kind")
	at := of
	for _, field := range object.PodTemplatePath(apiVersion, kind) {
		path += "." + field
		if at = valueOf(at, field); at == nil || isNothing(at) {
			return nil
		}
		at = resolve(at)
		if at.Kind != yaml.MappingNode {
			return []diag.Diagnostic{misshapen(of, path, mustBeMap, at)}
		}
	}
	metadata := valueOf(at, "metadata")
	if at == of || metadata == nil {
		return nil
	}
	return shapeOfMetadata(of, path+".metadata", metadata)
}

// misshapen reports what stands where the shape of an object has something else.
func misshapen(of *yaml.Node, path, must string, got *yaml.Node) diag.Diagnostic {
	return problem(diag.InvalidValue, of, of, path, fmt.Sprintf("must be %s, got %s", must, shown(got)))
}

// listed reports an object of ours in an item that is a List.
func listed(of, object *yaml.Node, path string) diag.Diagnostic {
	return problem(diag.InvalidValue, of, object, path, mustNotBeListed)
}

// endless reports aliases that are not followed.
func endless(of *yaml.Node, path string, err error) diag.Diagnostic {
	return problem(diag.InvalidYAML, of, of, path, aliasesTooMany(err))
}

// problem is an error of an item, which knows its file, about an object: itself, or one in it.
func problem(code diag.Code, item, object *yaml.Node, path, message string) diag.Diagnostic {
	return diag.Diagnostic{
		Code:     code,
		Severity: diag.SeverityError,
		Position: diag.Position{File: fileOfNode(item)},
		Object:   refOfNode(object),
		Path:     path,
		Message:  message,
	}
}

// refOfNode names an object as far as it can be read, whatever its shape.
func refOfNode(of *yaml.Node) diag.ObjectRef {
	metadata := valueOf(of, "metadata")
	return diag.ObjectRef{Kind: textOf(of, "kind"), Namespace: textOf(metadata, "namespace"), Name: textOf(metadata, "name")}
}

// fileOfNode returns the file of an object, as far as that can be read.
func fileOfNode(of *yaml.Node) string {
	annotations := map[string]string{}
	for key, value := range fieldsOf(valueOf(valueOf(of, "metadata"), "annotations")) {
		annotations[key] = value.Value
	}
	return pathOf(annotations)
}

// expand follows aliases as far as the YAML library does: not if they make more than a
// hundred times as much of what is written, and not if one contains itself.
func expand(node *yaml.Node) error {
	if !hasAlias(node) {
		return nil
	}
	var discard any
	return node.Decode(&discard)
}

func hasAlias(node *yaml.Node) bool {
	return node.Kind == yaml.AliasNode || slices.ContainsFunc(node.Content, hasAlias)
}

// resolve follows an alias to what it stands for.
func resolve(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// isNothing reports whether a field says as much as one that is not there.
func isNothing(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.ShortTag() == yaml.NodeTagNull
}

// fieldsOf yields the fields of a map as they are written, and none of anything else.
func fieldsOf(node *yaml.Node) iter.Seq2[string, *yaml.Node] {
	return func(yield func(key string, value *yaml.Node) bool) {
		if node == nil || node.Kind != yaml.MappingNode {
			return
		}
		for pair := range slices.Chunk(node.Content, 2) {
			if !yield(pair[0].Value, pair[1]) {
				return
			}
		}
	}
}

// valueOf returns a field of a map, and nil if there is none.
func valueOf(node *yaml.Node, name string) *yaml.Node {
	for key, value := range fieldsOf(node) {
		if key == name {
			return value
		}
	}
	return nil
}

func textOf(node *yaml.Node, name string) string {
	if value := valueOf(node, name); value != nil {
		return value.Value
	}
	return ""
}
