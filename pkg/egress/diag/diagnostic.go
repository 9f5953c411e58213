// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package diag holds what is said of input: diagnostics, each tied to the field that
// caused it, and the codes of the rules that input can break.
package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Diagnostic is one finding, tied to the field that caused it.
type Diagnostic struct {
	Code     Code     `json:"code"`
	Severity Severity `json:"severity"`
	// Position is where the field stands. It is the zero Position if the
	// bundle does not come from Parse.
	Position Position `json:"position,omitzero"`
	// Object is the bundle or the mesh concerned. It is the zero ObjectRef if
	// the file could not be read that far.
	Object ObjectRef `json:"object,omitzero"`
	// Path leads to the field, as "spec.destinations.stripe.ports[0].port". It
	// is empty if no field is concerned.
	Path string `json:"field,omitempty"`
	// Message says what is wrong and what to write instead. It does not
	// repeat the path.
	Message string `json:"message"`
	// Reason is why a warning was acknowledged, and empty for what was not.
	Reason string `json:"reason,omitempty"`
}

// An ObjectRef names an object.
type ObjectRef struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// String returns "EgressBundle payments/news", as far as it is known.
func (r ObjectRef) String() string {
	name := r.Name
	if r.Namespace != "" {
		name = r.Namespace + "/" + r.Name
	}
	return strings.TrimSpace(r.Kind + " " + name)
}

// Severity says whether a Diagnostic prevents objects.
type Severity string

const (
	// SeverityError marks what prevents every object.
	SeverityError Severity = "error"
	// SeverityWarning marks what the user should know, and no more.
	SeverityWarning Severity = "warning"
)

// A Position is a place in a file.
type Position struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`   // from 1
	Column int    `json:"column,omitempty"` // from 1, in characters
}

// String returns "file:line:column", or the file alone if that is all there is.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// String returns "file:line:column: path: message [code]", with "warning: " in
// front of the path of a warning. Where there is no line it names the object as
// well. It is always one line.
func (d Diagnostic) String() string {
	parts := []string{d.Position.String(), d.Object.String(), "", d.Path, d.Message}
	if d.Position.Line > 0 {
		parts[1] = ""
	}
	if d.Severity == SeverityWarning {
		parts[2] = string(d.Severity)
	}
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	return fmt.Sprintf("%s [%s]", strings.Join(parts, ": "), d.Code)
}

// An InvalidError reports input that cannot be rendered.
type InvalidError struct {
	// Diagnostics holds every error that was found, sorted.
	Diagnostics []Diagnostic
}

// Error returns the diagnostics, one a line.
func (e *InvalidError) Error() string {
	lines := make([]string, len(e.Diagnostics))
	for i, d := range e.Diagnostics {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}

// Sort sorts by position, then by object, path, code and message.
func Sort(diagnostics []Diagnostic) {
	slices.SortFunc(diagnostics, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.Position.File, b.Position.File),
			cmp.Compare(a.Position.Line, b.Position.Line),
			cmp.Compare(a.Position.Column, b.Position.Column),
			cmp.Compare(a.Object.String(), b.Object.String()),
			cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Message, b.Message),
		)
	})
}

// ErrorOf returns an *InvalidError with the errors among the diagnostics, sorted, or nil
// if there is none. What is only a warning can wait until they are mended.
func ErrorOf(diagnostics []Diagnostic) error {
	var found []Diagnostic
	for _, d := range diagnostics {
		if d.Severity == SeverityError {
			found = append(found, d)
		}
	}
	if len(found) == 0 {
		return nil
	}
	Sort(found)
	return &InvalidError{Diagnostics: slices.Compact(found)}
}
