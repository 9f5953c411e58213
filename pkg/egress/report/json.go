// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"io"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/jsontree"
)

// Kind is the kind of a report in JSON. Its schema is that of egress.JSONSchema.
const Kind = "EgressReport"

// MarshalJSON writes the report with its kind and the version of the API.
func (r Report) MarshalJSON() ([]byte, error) {
	type fields Report
	return jsontree.Document(api.APIVersion, Kind, fields(r))
}

// EncodeJSON writes the report in JSON, indented. Equal reports give equal bytes. An error is
// one of the writer.
func (r Report) EncodeJSON(w io.Writer) error {
	return jsontree.Encode(w, r)
}
