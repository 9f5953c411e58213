// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/explain"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
	"github.com/egressbundle/egressbundle/pkg/egress/report"
)

// schemaFolder is where this repository has the schemas, which their identifiers name.
const schemaFolder = "https://raw.githubusercontent.com/egressbundle/egressbundle/main/schemas/json/"

// SchemaKinds returns the kinds that have a JSON Schema: those of api.Kinds, which people write,
// and what egressbundle writes for machines. Diagnostics only programs in Go write.
func SchemaKinds() []string { return append(api.Kinds(), report.Kind, explain.Kind, diag.Kind) }

// JSONSchema returns the JSON Schema of a kind (draft 7), with which an editor completes and
// checks a file, and others read what egressbundle writes. Without a kind, it is that of files
// that hold any of api.Kinds. It fails for a kind that is none of SchemaKinds.
func JSONSchema(kind string) ([]byte, error) {
	version := path.Base(api.APIVersion)
	if kind == "" {
		return schema.JSON(schemaFolder+version+".json", api.Kinds()...)
	}
	if !slices.Contains(SchemaKinds(), kind) {
		return nil, fmt.Errorf("the kinds are %s; there is no %q", strings.Join(SchemaKinds(), ", "), kind)
	}
	return schema.JSON(schemaFolder+strings.ToLower(kind)+"_"+version+".json", kind)
}
