// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"fmt"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
)

func invalidYAML(text, hint string) diagnose.Finding {
	if hint != "" {
		text += "; " + hint
	}
	return diagnose.Errorf(diag.InvalidYAML, "must be YAML: %s", text)
}

func keyNotText() diagnose.Finding {
	return diagnose.Errorf(diag.InvalidYAML,
		"must have keys that are text, got a map, a list or an alias; render templates such as {{ .x }} first")
}

func pathTooLong() diagnose.Finding {
	return diagnose.Errorf(diag.InvalidValue,
		"must not go on here: with the next name or level, the path of the field is longer than %d characters; shorten "+
			"the name, or remove levels", field.MaxLength)
}

// duplicateKey names where the first one stands, if that is known.
func duplicateKey(first diag.Position) diagnose.Finding {
	already := ""
	if first.Line > 0 {
		already = fmt.Sprintf(", and stands on line %d already", first.Line)
	}
	return diagnose.Errorf(diag.DuplicateKey, "must stand only once%s; remove one of the two", already)
}

func unknownKind(quoted string) diagnose.Finding {
	return diagnose.Errorf(diag.UnknownKind, "must be %q or %q, got %s", api.KindBundle, api.KindMesh, quoted)
}

func missingKind() diagnose.Finding {
	return diagnose.Errorf(diag.MissingField, "is missing; it must be %q or %q", api.KindBundle, api.KindMesh)
}

func notInList() diagnose.Finding {
	return diagnose.Errorf(diag.InvalidValue,
		"must be an object, got a list with objects of %s, and like kubectl, egressbundle reads no objects from a list without "+
			"a kind; put --- between them, or write them as the items of a List (apiVersion: v1, kind: List)", api.Group)
}
