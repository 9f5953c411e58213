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
	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
	"github.com/egressbundle/egressbundle/pkg/egress/report"
)

// JSONSchema returns the JSON Schema of a kind (draft 2020-12), with which an
// editor completes and checks a file, and others read a report. It fails for a kind that is
// neither one of api.Kinds nor report.Kind.
func JSONSchema(kind string) ([]byte, error) {
	if kinds := append(api.Kinds(), report.Kind); !slices.Contains(kinds, kind) {
		return nil, fmt.Errorf("the kinds are %s; there is no %q", strings.Join(kinds, ", "), kind)
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
