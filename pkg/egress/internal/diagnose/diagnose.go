// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package diagnose turns the findings of rules into diagnostics with positions. A rule makes
// a Finding, and a Reporter ties it to the field that broke the rule.
package diagnose

import (
	"fmt"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/source"
)

// A Finding is what a rule has to say, wherever that is.
type Finding struct {
	Code     diag.Code
	Severity diag.Severity
	Message  string
}

// Errorf returns a finding that prevents every object.
func Errorf(code diag.Code, format string, args ...any) Finding {
	return Finding{Code: code, Severity: diag.SeverityError, Message: fmt.Sprintf(format, args...)}
}

// Warnf returns a finding that prevents nothing.
func Warnf(code diag.Code, format string, args ...any) Finding {
	return Finding{Code: code, Severity: diag.SeverityWarning, Message: fmt.Sprintf(format, args...)}
}

// A Reporter collects what is found in one document.
type Reporter struct {
	subject source.Subject
	found   []diag.Diagnostic
}

// New returns a reporter of what is found in a document.
func New(subject source.Subject) *Reporter { return &Reporter{subject: subject} }

// Report reports a finding at a field.
func (r *Reporter) Report(path field.Path, f Finding) {
	r.ReportAt(r.subject.Position(path), path, f)
}

// ReportAt reports a finding at a field that stands somewhere else than its value.
func (r *Reporter) ReportAt(at diag.Position, path field.Path, f Finding) {
	r.found = append(r.found, diag.Diagnostic{
		Code:     f.Code,
		Severity: f.Severity,
		Position: at,
		Object:   r.subject.Object,
		Path:     string(path),
		Message:  f.Message,
	})
}

// Diagnostics returns what was reported, in that order.
func (r *Reporter) Diagnostics() []diag.Diagnostic { return r.found }
