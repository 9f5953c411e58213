// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/pkg/egress"
)

// runFunction is the KRM function in generator form: the functionConfig is an
// EgressBundle, and its objects are added to the items.
//
// It follows the functions specification, but for two habits of the framework
// of kyaml, which it does not use: there, results that a function returns make
// it succeed, and unknown fields of the functionConfig are ignored.
// https://github.com/kubernetes-sigs/kustomize/blob/master/cmd/config/docs/api-conventions/functions-spec.md
func runFunction(stdin io.Reader, stdout, stderr io.Writer) error {
	list := &kio.ByteReadWriter{
		Reader:                stdin,
		Writer:                stdout,
		OmitReaderAnnotations: true,
		KeepReaderAnnotations: true,
	}
	items, err := list.Read()
	if err != nil {
		return fmt.Errorf("standard input must be a ResourceList: %w", err)
	}
	if list.FunctionConfig == nil {
		return errors.New("standard input must be a ResourceList whose functionConfig is an EgressBundle; to render files, use egressbundle render PATH")
	}
	output, err := expand(list.FunctionConfig, items)
	if err != nil {
		invalid, ok := errors.AsType[*egress.InvalidError](err)
		if !ok {
			return err
		}
		return errors.Join(err, writeResults(list, items, invalid.Diagnostics))
	}
	generated, err := toNodes(output.Objects)
	if err != nil {
		return err
	}
	items = withoutConfig(items, list.FunctionConfig)
	items = append(items, generated...)
	unpatched, err := patchWorkloads(items, output.Patches)
	if err != nil {
		return err
	}
	warnings := slices.Concat(output.Warnings, unpatched, needsHelm(output.Releases))
	warn(stderr, warnings)
	return writeResults(list, items, warnings)
}

// expand renders the functionConfig, beside the Sidecars among the items. Its text
// is not the user's file, so the diagnostics have no positions.
func expand(config *yaml.RNode, items []*yaml.RNode) (*egress.Output, error) {
	in := &input{}
	if err := in.parseNode("functionConfig", config); err != nil {
		return nil, err
	}
	for _, item := range items {
		if item.GetKind() != "Sidecar" {
			continue
		}
		if err := in.parseNode("", item); err != nil {
			return nil, err
		}
	}
	if in.size() == 0 || len(in.found.Meshes) > 0 {
		in.diagnostics = append(in.diagnostics, egress.Diagnostic{
			Code:     egress.NoBundle,
			Severity: egress.SeverityError,
			Message:  fmt.Sprintf("functionConfig must be an EgressBundle (apiVersion: %s), got %q of %q", egress.APIVersion, config.GetKind(), config.GetApiVersion()),
		})
	}
	output, err := in.render()
	if invalid, ok := errors.AsType[*egress.InvalidError](err); ok {
		withoutPositions(invalid.Diagnostics)
	}
	if output != nil {
		withoutPositions(output.Warnings)
	}
	return output, err
}

func (in *input) parseNode(name string, node *yaml.RNode) error {
	text, err := node.String()
	if err != nil {
		return err
	}
	return in.parse(name, []byte(text))
}

func withoutPositions(diagnostics []egress.Diagnostic) {
	for i := range diagnostics {
		diagnostics[i].Position = egress.Position{}
	}
}

// toNodes reads back what egress.Encode writes, so that the library alone
// decides how objects look.
func toNodes(objects []egress.Object) ([]*yaml.RNode, error) {
	var text bytes.Buffer
	if err := egress.Encode(&text, objects); err != nil {
		return nil, err
	}
	return (&kio.ByteReader{Reader: &text, OmitReaderAnnotations: true}).Read()
}

// withoutConfig leaves out the functionConfig, which kustomize gives to a
// generator as an item too. It would go through every later transformer.
func withoutConfig(items []*yaml.RNode, config *yaml.RNode) []*yaml.RNode {
	var others []*yaml.RNode
	for _, item := range items {
		if !sameObject(item, config) {
			others = append(others, item)
		}
	}
	return others
}

func sameObject(a, b *yaml.RNode) bool {
	return a.GetApiVersion() == b.GetApiVersion() && a.GetKind() == b.GetKind() &&
		a.GetNamespace() == b.GetNamespace() && a.GetName() == b.GetName()
}

// writeResults writes the ResourceList with the items and the diagnostics.
func writeResults(list *kio.ByteReadWriter, items []*yaml.RNode, diagnostics []egress.Diagnostic) error {
	if len(diagnostics) > 0 {
		var results framework.Results
		for _, d := range diagnostics {
			results = append(results, result(d))
		}
		text, err := yaml.Marshal(results)
		if err != nil {
			return err
		}
		if list.Results, err = yaml.Parse(string(text)); err != nil {
			return err
		}
	}
	return list.Write(items)
}

func result(d egress.Diagnostic) *framework.Result {
	r := &framework.Result{
		Message:  d.Message,
		Severity: framework.Severity(d.Severity),
		Tags:     map[string]string{"code": string(d.Code)},
	}
	if d.Object.Name != "" {
		r.ResourceRef = &yaml.ResourceIdentifier{
			TypeMeta: yaml.TypeMeta{APIVersion: egress.APIVersion, Kind: d.Object.Kind},
			NameMeta: yaml.NameMeta{Name: d.Object.Name, Namespace: d.Object.Namespace},
		}
	}
	if d.Path != "" {
		r.Field = &framework.Field{Path: d.Path}
	}
	return r
}
