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

// runFunction is the KRM function: it reads a ResourceList and writes it with the
// objects of EgressBundles among its items. If anything is wrong, it writes the
// items as they came.
//
// It follows the functions specification, but for two habits of the framework
// of kyaml, which it does not use: there, results that a function returns make
// it succeed, and unknown fields of the functionConfig are ignored.
// https://github.com/kubernetes-sigs/kustomize/blob/master/cmd/config/docs/api-conventions/functions-spec.md
func runFunction(stdin io.Reader, stdout, stderr io.Writer) error {
	text, err := io.ReadAll(stdin)
	if err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	list, c, err := readCall(text)
	if err != nil {
		return err
	}
	items, warnings, err := c.transform()
	if err != nil {
		return errors.Join(err, writeFailure(text, stdout, err))
	}
	if !c.hostShowsResults {
		warn(stderr, warnings)
	}
	return writeList(list, stdout, items, warnings)
}

// readCall reads what a host sends.
func readCall(text []byte) (*kio.ByteReadWriter, *call, error) {
	list := &kio.ByteReadWriter{
		Reader:                bytes.NewReader(text),
		OmitReaderAnnotations: true,
		KeepReaderAnnotations: true,
	}
	items, err := list.Read()
	if err != nil {
		return nil, nil, fmt.Errorf("standard input must be a ResourceList: %w", err)
	}
	if list.WrappingKind == "" {
		return nil, nil, errors.New("standard input must be a ResourceList; to render files, use egressbundle render PATH")
	}
	return list, newCall(list.FunctionConfig, items), nil
}

// transform returns the items that the host gets back.
func (c *call) transform() ([]*yaml.RNode, []egress.Diagnostic, error) {
	output, err := c.render()
	if err != nil {
		return nil, nil, err
	}
	items, err := c.settle(output.Objects)
	if err != nil {
		return nil, nil, err
	}
	unpatched, err := patchWorkloads(items, output.Patches)
	if err != nil {
		return nil, nil, err
	}
	if err := c.checkKept(items); err != nil {
		return nil, nil, err
	}
	return items, slices.Concat(output.Warnings, unpatched, needsHelm(output.Releases)), nil
}

// writeFailure writes the items as they came, whatever was done to them since, and
// what is wrong.
func writeFailure(text []byte, stdout io.Writer, cause error) error {
	list, c, err := readCall(text)
	if err != nil {
		return err
	}
	diagnostics := []egress.Diagnostic{{Severity: egress.SeverityError, Message: cause.Error()}}
	if invalid, ok := errors.AsType[*egress.InvalidError](cause); ok {
		diagnostics = invalid.Diagnostics
	}
	return writeList(list, stdout, c.items, diagnostics)
}

// writeList writes the ResourceList with the items and the diagnostics.
func writeList(list *kio.ByteReadWriter, stdout io.Writer, items []*yaml.RNode, diagnostics []egress.Diagnostic) error {
	list.Writer = stdout
	list.Results = nil
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
	}
	if d.Code != "" {
		r.Tags = map[string]string{"code": string(d.Code)}
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
	if d.Position.File != "" {
		r.File = &framework.File{Path: d.Position.File}
	}
	return r
}
