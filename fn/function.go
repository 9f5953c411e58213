// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package fn is the KRM function of egressbundle, which kustomize and kpt call.
package fn

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/fn/warning"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
)

// Run is the KRM function: it reads a ResourceList from standard input and writes it to
// standard output with the objects of EgressBundles among its items. Warnings are results
// in it, and stand on standard error as well, but for kpt, which keeps that in Git. If
// anything is wrong, it writes the items as they came with what is wrong among the results,
// and returns that as an error; if standard input is no ResourceList, it writes nothing.
//
// It follows the functions specification, but for two habits of the framework
// of kyaml, which it does not use: there, results that a function returns make
// it succeed, and unknown fields of the functionConfig are ignored.
// https://github.com/kubernetes-sigs/kustomize/blob/master/cmd/config/docs/api-conventions/functions-spec.md
func Run(stdin io.Reader, stdout, stderr io.Writer) error {
	text, err := io.ReadAll(stdin)
	if err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	return answerTo(text, stdout, stderr, (*call).transform)
}

// answerTo answers the text of a request with what is made of the call.
func answerTo(text []byte, stdout, stderr io.Writer, transform func(*call) (*answer, error)) error {
	request, err := parseList(text)
	if err != nil {
		return err
	}
	c := &call{config: request.functionConfig, items: request.items}
	var list bytes.Buffer
	var diagnostics []diag.Diagnostic
	err = c.guard(func() error {
		if err := request.checkShape(); err != nil {
			return err
		}
		c.look()
		a, err := transform(c)
		if err != nil {
			return err
		}
		diagnostics = a.diagnostics
		return request.write(&list, a)
	})
	if err != nil {
		return errors.Join(err, c.guard(func() error { return writeFailure(text, stdout, err) }))
	}
	// kpt shows results, and keeps what stands on standard error in Git.
	if c.pkg == "" {
		warning.Print(stderr, diagnostics...)
	}
	_, err = list.WriteTo(stdout)
	return err
}

// An answer is what a host gets back.
type answer struct {
	items       []*yaml.RNode
	added       []*madeObject // after the items
	diagnostics []diag.Diagnostic
}

// transform answers the call.
func (c *call) transform() (*answer, error) {
	output, err := c.render()
	if err != nil {
		return nil, err
	}
	return c.answer(output)
}

// answer puts what was rendered among the items.
func (c *call) answer(output *egress.Output) (*answer, error) {
	objects := madeObjects(output.Objects())
	if err := patchObjects(objects, output.Patches); err != nil {
		return nil, err
	}
	if err := c.checkShared(objects); err != nil {
		return nil, err
	}
	a, err := c.settle(objects)
	if err != nil {
		return nil, err
	}
	unpatched, err := c.patchItems(a.items, a.added, output.Patches)
	if err != nil {
		return nil, err
	}
	if err := c.checkKept(a.items); err != nil {
		return nil, err
	}
	a.diagnostics = slices.Concat(a.diagnostics, output.Warnings, unpatched, warning.NeedsHelm(output.Releases))
	return a, nil
}

// writeFailure writes the items as they came, whatever was done to them since, and
// what is wrong.
func writeFailure(text []byte, stdout io.Writer, cause error) error {
	request, err := parseList(text)
	if err != nil {
		return err
	}
	diagnostics := []diag.Diagnostic{{Severity: diag.SeverityError, Message: cause.Error()}}
	if invalid, ok := errors.AsType[*diag.InvalidError](cause); ok {
		diagnostics = invalid.Diagnostics
	}
	return request.write(stdout, &answer{items: request.items, diagnostics: diagnostics})
}
