// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"io"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/jsontree"
)

// Kind is the kind of an explanation in JSON. Its schema is that of egress.JSONSchema.
const Kind = "EgressExplanation"

// MarshalJSON writes the explanation with its kind and the version of the API.
func (e Explanation) MarshalJSON() ([]byte, error) {
	type fields Explanation
	return jsontree.Document(api.APIVersion, Kind, fields(e))
}

// EncodeJSON writes the explanation in JSON, indented. Equal explanations give equal bytes. An
// error is one of the writer.
func (e Explanation) EncodeJSON(w io.Writer) error {
	return jsontree.Encode(w, e)
}
