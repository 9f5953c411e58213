// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package object

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/proto"

	"github.com/egressbundle/egressbundle/internal/yamlstream"
	"github.com/egressbundle/egressbundle/internal/yamltext"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/jsontree"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/protoyaml"
)

// Encode writes objects as one YAML stream. Equal objects give equal bytes. An
// error is one of the writer, or an object without a spec.
func Encode(w io.Writer, objects iter.Seq[Object]) error {
	var missing error
	values := func(yield func(any) bool) {
		for o := range objects {
			if o.Spec == nil {
				missing = fmt.Errorf("%s %s/%s has no spec", o.Kind, o.Namespace, o.Name)
			}
			if missing != nil || !yield(forStream(&o)) {
				return
			}
		}
	}
	return errors.Join(yamlstream.Documents(w, values), missing)
}

func forStream(o *Object) any {
	if _, isMessage := o.Spec.(proto.Message); isMessage {
		return streamed{o}
	}
	return o
}

// A streamed object has a message of which the fields are read while it is written. Most
// objects have: MarshalYAML would make maps of each.
type streamed struct{ *Object }

// AppendFields appends what the object says.
func (s streamed) AppendFields(fields []yamltext.Field) []yamltext.Field {
	message, _ := s.Spec.(proto.Message)
	return append(fields,
		yamltext.Field{Key: "apiVersion", Value: s.APIVersion},
		yamltext.Field{Key: "kind", Value: s.Kind},
		yamltext.Field{Key: "metadata", Value: metadata(s)},
		yamltext.Field{Key: specField, Value: protoyaml.Of(message)},
	)
}

// metadata is that of a streamed object.
type metadata struct{ *Object }

// AppendFields appends the metadata.
func (m metadata) AppendFields(fields []yamltext.Field) []yamltext.Field {
	if len(m.Annotations) > 0 {
		fields = append(fields, yamltext.Field{Key: "annotations", Value: forYAML(m.Annotations)})
	}
	if len(m.Labels) > 0 {
		fields = append(fields, yamltext.Field{Key: "labels", Value: m.Labels})
	}
	return append(fields, yamltext.Field{Key: "name", Value: m.Name}, yamltext.Field{Key: "namespace", Value: m.Namespace})
}

// MarshalYAML returns the object as Kubernetes has it, so that the YAML libraries that
// know this method, such as go.yaml.in/yaml, write what Encode writes. An error is an
// object without a spec.
func (o Object) MarshalYAML() (any, error) { return o.tree(o.Labels, forYAML(o.Annotations)) }

// MarshalJSON returns the object as Kubernetes has it. An error is an object without a spec.
func (o Object) MarshalJSON() ([]byte, error) {
	tree, err := o.Map()
	if err != nil {
		return nil, err
	}
	return json.Marshal(tree)
}

// Map returns the object as Kubernetes has it, in the types that the packages of Kubernetes
// copy: map[string]any, []any, string, bool and int64. So it can be the Object of an
// unstructured.Unstructured. An error is an object without a spec.
func (o Object) Map() (map[string]any, error) {
	tree, err := o.tree(anyOf(o.Labels), anyOf(o.Annotations))
	if message, ok := tree[specField].(protoyaml.Message); ok {
		tree[specField] = message.Tree()
	}
	return tree, err
}

// tree returns the object with labels and annotations as a writer wants them.
func (o Object) tree(labels, annotations any) (map[string]any, error) {
	tree, err := o.content()
	if err != nil {
		return nil, fmt.Errorf("%s %s/%s: %w", o.Kind, o.Namespace, o.Name, err)
	}
	metadata := map[string]any{"name": o.Name, "namespace": o.Namespace}
	if len(o.Labels) > 0 {
		metadata["labels"] = labels
	}
	if len(o.Annotations) > 0 {
		metadata["annotations"] = annotations
	}
	tree["apiVersion"], tree["kind"], tree["metadata"] = o.APIVersion, o.Kind, metadata
	return tree, nil
}

func anyOf(texts map[string]string) map[string]any {
	tree := map[string]any{}
	for key, text := range texts {
		tree[key] = text
	}
	return tree
}

// forYAML returns annotations, which people wrote, so that go.yaml.in/yaml can read them again.
func forYAML(annotations map[string]string) any {
	for _, text := range annotations {
		if breaksBlock(text) {
			return withQuotes(annotations)
		}
	}
	return annotations
}

func withQuotes(annotations map[string]string) map[string]any {
	tree := anyOf(annotations)
	for key, text := range annotations {
		if breaksBlock(text) {
			tree[key] = quoted(text)
		}
	}
	return tree
}

func breaksBlock(text string) bool {
	return strings.Contains(text, "\n") && strings.Contains(text, "\t")
}

// quoted is text that is never written as a block: go.yaml.in/yaml, which kustomize and
// kpt read with, fails at a block that starts with a tab.
type quoted string

func (q quoted) MarshalYAML() (any, error) {
	return &yaml.Node{Kind: yaml.ScalarNode, Style: yaml.DoubleQuotedStyle, Value: string(q)}, nil
}

// specField is the field of most objects for what they say.
const specField = "spec"

// content returns what the object holds beside its metadata.
func (o Object) content() (map[string]any, error) {
	if message, ok := o.Spec.(proto.Message); ok {
		return map[string]any{specField: protoyaml.Of(message)}, nil
	}
	tree, err := jsonTree(o.Spec)
	if err != nil || kind.IsBare(o.Kind) {
		return tree, err
	}
	return map[string]any{specField: tree}, nil
}

func jsonTree(spec any) (map[string]any, error) {
	content, err := jsontree.Of(spec)
	if err != nil {
		return nil, err
	}
	tree, ok := content.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("a spec must be a struct, got %T", spec)
	}
	return tree, nil
}
