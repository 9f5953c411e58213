// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package check judges documents by the CUE definitions of their kinds, and says what is
// wrong in words.
package check

import (
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/source"
)

// Document judges what a document of a kind says, as encoding/json reads it.
func Document(kind string, content any, from *source.Source) []diag.Diagnostic {
	r := diagnose.New(source.Subject{Object: refTo(kind, content), Source: from})
	for _, v := range schema.Check(kind, content) {
		switch v.Rule {
		case schema.Unknown:
			r.ReportAt(from.KeyPosition(v.Path), v.Path, unknownField(v))
		case schema.Required:
			r.ReportAt(from.KeyPosition(v.Path), v.Path, missingField(v.Must))
		case schema.InvalidKey:
			r.ReportAt(from.KeyPosition(v.Path), v.Path, invalidName(v.Must, Quote(v.Value, v.Path, from)))
		case schema.Invalid:
			r.Report(v.Path, invalidValue(v, Quote(v.Value, v.Path, from)))
		}
	}
	return r.Diagnostics()
}

// refTo names a document as far as its name can be read.
func refTo(kind string, content any) diag.ObjectRef {
	fields, _ := content.(map[string]any)
	meta, _ := fields["metadata"].(map[string]any)
	name, _ := meta["name"].(string)
	namespace, _ := meta["namespace"].(string)
	return diag.ObjectRef{Kind: kind, Namespace: namespace, Name: name}
}
