// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/internal/yamlstream"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
)

// A list is the ResourceList that a host sends, and gets back with other items.
type list struct {
	apiVersion, kind string
	functionConfig   *yaml.RNode // nil: none
	items            []*yaml.RNode
	// odd are items that are no list, and come back as they are.
	odd *yaml.Node
	// merged is what the list takes its fields from, which nobody follows.
	merged *yaml.Node
}

// parseList reads what a host sends. It judges nothing in it.
func parseList(text []byte) (*list, error) {
	// Items that stay are written with the ends of lines that the YAML library writes.
	decoder := yaml.NewDecoder(bytes.NewReader(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))))
	var document, next yaml.Node
	if err := decoder.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("standard input must be a ResourceList: %w", err)
	}
	l := listOfDocument(&document)
	if l == nil || !errors.Is(decoder.Decode(&next), io.EOF) {
		return nil, errors.New("standard input must be a ResourceList; to render files, use egressbundle render PATH")
	}
	return l, nil
}

// listOfDocument returns nil for a document that is no list. Hosts send a List too.
func listOfDocument(document *yaml.Node) *list {
	if len(document.Content) == 0 || document.Content[0].Kind != yaml.MappingNode {
		return nil
	}
	l := &list{}
	for key, value := range fieldsOf(document.Content[0]) {
		switch key {
		case "apiVersion":
			l.apiVersion = value.Value
		case "kind":
			l.kind = value.Value
		case "functionConfig":
			if !isNothing(value) {
				l.functionConfig = yaml.NewRNode(value)
			}
		case "items":
			l.setItems(value)
		case "<<":
			l.merged = value
		}
	}
	if l.kind != kio.ResourceListKind && l.kind != "List" {
		return nil
	}
	return l
}

func (l *list) setItems(items *yaml.Node) {
	if items.Kind != yaml.SequenceNode && !isNothing(items) {
		l.odd = items
	}
	for _, item := range items.Content {
		if l.odd == nil {
			l.items = append(l.items, yaml.NewRNode(item))
		}
	}
}

// write writes the list with what it is answered. The writer of kyaml takes one encoder
// for all items, whose time grows with the square of their number. Its bytes are the same,
// but that it takes empty annotations away, and leaves a line empty after a comment that
// belongs to an item in flow style.
func (l *list) write(w io.Writer, a *answer) error {
	var values []any
	for _, item := range a.items {
		values = append(values, item.YNode())
	}
	for _, m := range a.added {
		values = append(values, m)
	}
	var text bytes.Buffer
	if err := yamlstream.Documents(&text, slices.Values([]any{l.frame(a.diagnostics)})); err != nil {
		return err
	}
	if len(values) > 0 && l.odd == nil {
		// Two fields with scalars stand before the items, and no line of these starts so.
		head, tail, _ := strings.Cut(text.String(), "\nitems: []\n")
		text.Reset()
		text.WriteString(head + "\nitems:\n")
		if err := yamlstream.Sequence(&text, slices.Values(values)); err != nil {
			return err
		}
		text.WriteString(tail)
	}
	_, err := text.WriteTo(w)
	return err
}

// frame returns the list without its items.
func (l *list) frame(diagnostics []diag.Diagnostic) any {
	frame := struct {
		APIVersion     string            `yaml:"apiVersion,omitempty"`
		Kind           string            `yaml:"kind"`
		Items          any               `yaml:"items"`
		FunctionConfig *yaml.Node        `yaml:"functionConfig,omitempty"`
		Results        framework.Results `yaml:"results,omitempty"`
	}{APIVersion: l.apiVersion, Kind: l.kind, Items: []any{}}
	if l.odd != nil {
		frame.Items = l.odd
	}
	if l.functionConfig != nil {
		frame.FunctionConfig = l.functionConfig.YNode()
	}
	for _, d := range diagnostics {
		frame.Results = append(frame.Results, result(d))
	}
	return frame
}

func result(d diag.Diagnostic) *framework.Result {
	r := &framework.Result{
		Message:  d.Message,
		Severity: framework.Severity(d.Severity),
	}
	if d.Code != "" {
		r.Tags = map[string]string{"code": string(d.Code)}
	}
	if d.Object.Name != "" {
		r.ResourceRef = &yaml.ResourceIdentifier{
			TypeMeta: yaml.TypeMeta{Kind: d.Object.Kind},
			NameMeta: yaml.NameMeta{Name: d.Object.Name, Namespace: d.Object.Namespace},
		}
		if slices.Contains(api.Kinds(), d.Object.Kind) {
			r.ResourceRef.APIVersion = api.APIVersion
		}
	}
	if d.Path != "" {
		r.Field = &framework.Field{Path: d.Path}
	}
	if d.Position.File != "" {
		r.File = &framework.File{Path: d.Position.File}
	}
	return r
}
