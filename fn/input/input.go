// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package input collects what the user gives the program, and everything that is wrong
// with it, so that the user sees all of it at once.
package input

import (
	"errors"
	"slices"

	"github.com/egressbundle/egressbundle/fn/code"
	"github.com/egressbundle/egressbundle/fn/identity"
	"github.com/egressbundle/egressbundle/pkg/egress"
)

// An Input is what was read so far, and what is wrong with it. The zero Input is empty, and
// it is an error if it stays so.
type Input struct {
	// AllowEmpty says that without an EgressBundle there are no objects, and that this is a
	// warning and no error.
	AllowEmpty bool
	// IsRendered says that without an EgressBundle others made the objects, which is fine.
	IsRendered bool
	// Remedy ends the message that there is no EgressBundle: "; do this". Default: there is
	// none.
	Remedy string

	isEmpty     bool            // the path that is read, so far
	read        map[string]bool // files, without links
	links       []string        // to folders
	found       egress.Documents
	diagnostics []egress.Diagnostic
}

// ParseItem reads a document of which the text is not that of its file, so that diagnostics
// name the file and no lines; they are kept for Render. Every error is a defect.
func (in *Input) ParseItem(file string, text []byte) error {
	found, err := egress.ParseItem(file, text)
	in.found.Add(found)
	return in.collect(err)
}

// Report adds diagnostics, with which Render fails.
func (in *Input) Report(diagnostics ...egress.Diagnostic) {
	in.diagnostics = append(in.diagnostics, diagnostics...)
}

// Bundles returns the bundles that were read so far, those without errors.
func (in *Input) Bundles() []egress.Bundle { return in.found.Bundles }

// Render renders everything that was read. It fails with an *egress.InvalidError if
// anything was wrong with it, is wrong with all of it together, or if there is no
// EgressBundle; every other error is a defect.
func (in *Input) Render() (*egress.Output, error) {
	_, err := in.found.Mesh()
	if err := in.collect(err); err != nil {
		return nil, err
	}
	// Without the facts of the cluster bundles would be misjudged.
	if slices.ContainsFunc(in.diagnostics, mayHideMesh) {
		return nil, in.invalid()
	}
	isEmpty := len(in.found.Bundles)+len(in.diagnostics) == 0
	if isEmpty && !in.AllowEmpty && !in.IsRendered {
		in.add(code.NoBundle, "", noBundle+in.Remedy)
	}
	output, err := in.found.Render()
	if err := in.collect(err); err != nil {
		return nil, err
	}
	if len(in.diagnostics) > 0 {
		return nil, in.invalid()
	}
	if isEmpty && !in.IsRendered {
		output.Warnings = append(output.Warnings, nothingRendered())
	}
	return output, nil
}

func mayHideMesh(d egress.Diagnostic) bool {
	return d.Object.Kind == identity.KindMesh || d.Code == egress.InvalidYAML || d.Code == code.UnreadableFile
}

func (in *Input) invalid() error {
	egress.SortDiagnostics(in.diagnostics)
	return &egress.InvalidError{Diagnostics: in.diagnostics}
}

// add reports an error of a file, or of the input as a whole.
func (in *Input) add(rule egress.Code, file, message string) {
	in.isEmpty = false
	d := egress.Diagnostic{Code: rule, Severity: egress.SeverityError, Message: message}
	if file != "" {
		d.Position = egress.Position{File: file, Line: 1, Column: 1}
	}
	in.Report(d)
}

// collect keeps the diagnostics of an error, and returns every other error.
func (in *Input) collect(err error) error {
	if invalid, ok := errors.AsType[*egress.InvalidError](err); ok {
		in.Report(invalid.Diagnostics...)
		return nil
	}
	return err
}
