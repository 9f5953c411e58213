// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package input collects what the user gives the program, and everything that is wrong
// with it, so that the user sees it together.
package input

import (
	"errors"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/fn/code"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
)

// An Input is what was read so far, and what is wrong with it. The zero Input is empty, and
// it is an error if it stays so.
type Input struct {
	// AllowEmpty says that without an EgressBundle there are no objects, and that this is a
	// warning and no error.
	AllowEmpty bool
	// IsRendered says that without an EgressBundle others made the objects, which is fine.
	IsRendered bool
	// AsOf is the day as of which dates are judged. Default: none is.
	AsOf time.Time
	// AllowExpired says that what has expired is no error, even if the mesh says so.
	AllowExpired bool
	// PatchesWorkloads says that whoever renders patches the workloads that were read.
	PatchesWorkloads bool
	// KeepOthers says that Others are wanted, also of files.
	KeepOthers bool
	// Remedy ends the message that there is no EgressBundle: "; do this". Default: there is
	// none.
	Remedy string

	isEmpty     bool            // the path that is read, so far
	read        map[string]bool // files, without links
	links       []string        // to folders
	texts       []text          // of which Others are wanted
	found       egress.Documents
	diagnostics []diag.Diagnostic

	hasElsewhere bool            // something was added
	elsewhere    map[string]bool // its files
	looksForMesh bool
	places       []string // where a mesh may lie, beside bundles
}

// ParseItem reads an object that is not what stands in its file. The original, if it is known, is
// the text of that, and tells the lines of diagnostics. What is wrong with it is kept for
// Render. Every error is a defect.
func (in *Input) ParseItem(file string, item *yaml.Node, original []byte) error {
	found, err := egress.ParseItem(file, item, original)
	in.found.Add(found)
	return withoutInvalid(err)
}

// Report adds diagnostics, with which Render fails.
func (in *Input) Report(diagnostics ...diag.Diagnostic) {
	in.diagnostics = append(in.diagnostics, diagnostics...)
}

// Bundles names the bundles that were read so far, those without errors.
func (in *Input) Bundles() []diag.ObjectRef { return in.found.Refs() }

// Render renders everything that was read. It fails with a *diag.InvalidError if
// anything was wrong with it, is wrong with all of it together, or if there is no
// EgressBundle; every other error is a defect.
func (in *Input) Render() (*egress.Output, error) {
	isEmpty := in.found.HasNoBundle() && len(in.diagnostics) == 0
	if isEmpty && !in.AllowEmpty && !in.IsRendered {
		in.add(code.NoBundle, "", noBundle+in.Remedy)
	}
	missed := in.missedMesh()
	output, err := in.output()
	if invalid, ok := errors.AsType[*diag.InvalidError](err); ok {
		in.Report(invalid.Diagnostics...)
	} else if err != nil {
		return nil, err
	}
	if len(in.diagnostics) > 0 {
		in.Report(missed...) // It may be why.
		diag.Sort(in.diagnostics)
		return nil, &diag.InvalidError{Diagnostics: in.diagnostics}
	}
	if isEmpty && !in.IsRendered {
		output.Warnings = append(output.Warnings, nothingRendered())
	}
	return output, nil
}

// output renders, unless a file could not be read: it may state the facts of the cluster,
// without which bundles would be misjudged.
func (in *Input) output() (*egress.Output, error) {
	isUnreadable := func(d diag.Diagnostic) bool { return d.Code == code.UnreadableFile || d.Code == code.MeshFile }
	if slices.ContainsFunc(in.diagnostics, isUnreadable) {
		return nil, in.found.Problems()
	}
	if in.PatchesWorkloads {
		in.found.PatchWorkloads()
	}
	output, err := in.found.RenderAsOf(in.AsOf)
	if err != nil && in.AllowExpired {
		return in.found.Render() // Whatever else is wrong, it finds again.
	}
	return output, err
}

// add reports an error of a file, or of the input as a whole.
func (in *Input) add(rule diag.Code, file, message string) {
	in.isEmpty = false
	d := diag.Diagnostic{Code: rule, Severity: diag.SeverityError, Message: message}
	if file != "" {
		d.Position = diag.Position{File: file, Line: 1, Column: 1}
	}
	in.Report(d)
}

// withoutInvalid returns every error but one about the input, which the documents keep.
func withoutInvalid(err error) error {
	if _, ok := errors.AsType[*diag.InvalidError](err); ok {
		return nil
	}
	return err
}
