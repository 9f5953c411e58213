// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package diag

import (
	"io"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/jsontree"
)

// Kind is the kind of diagnostics in JSON. Its schema is that of egress.JSONSchema.
const Kind = "EgressDiagnostics"

// Diagnostics are those of one call, as programs read them.
type Diagnostics struct {
	Diagnostics []Diagnostic `json:"diagnostics,omitempty"`
}

// MarshalJSON writes the diagnostics with their kind and the version of the API.
func (d Diagnostics) MarshalJSON() ([]byte, error) {
	type fields Diagnostics
	return jsontree.Document(api.APIVersion, Kind, fields(d))
}

// EncodeJSON writes the diagnostics in JSON, indented. An error is one of the writer.
func (d Diagnostics) EncodeJSON(w io.Writer) error {
	return jsontree.Encode(w, d)
}
