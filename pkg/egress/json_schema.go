// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/explain"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
	"github.com/egressbundle/egressbundle/pkg/egress/report"
)

// SchemaKinds returns the kinds that have a JSON Schema: those of api.Kinds, which people write,
// and what egressbundle writes for machines.
func SchemaKinds() []string { return append(api.Kinds(), report.Kind, explain.Kind) }

// JSONSchema returns the JSON Schema of a kind (draft 2020-12), with which an editor completes and
// checks a file, and others read what egressbundle writes. It fails for a kind that is none of
// SchemaKinds.
func JSONSchema(kind string) ([]byte, error) {
	if !slices.Contains(SchemaKinds(), kind) {
		return nil, fmt.Errorf("the kinds are %s; there is no %q", strings.Join(SchemaKinds(), ", "), kind)
	}
	compact, err := schema.JSON(kind)
	if err != nil {
		return nil, err
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, compact, "", "  "); err != nil {
		return nil, err
	}
	pretty.WriteByte('\n')
	return pretty.Bytes(), nil
}
