// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package check

import (
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

func unknownField(v schema.Violation) diagnose.Finding {
	known := strings.Join(v.Known, ", ")
	switch {
	case len(v.Elsewhere) > 0:
		return diagnose.Errorf(diag.UnknownField,
			"must not be set: it is an option of the pattern %s; this pattern takes %s", strings.Join(v.Elsewhere, " or "), known)
	case v.Word != "":
		return diagnose.Errorf(diag.UnknownField, "is not a field here; %s", v.Word)
	case len(v.Known) == 1:
		return diagnose.Errorf(diag.UnknownField, "is not a field here; the only field is %s", known)
	default:
		return diagnose.Errorf(diag.UnknownField, "is not a field here; the fields are %s", known)
	}
}

func missingField(must string) diagnose.Finding {
	return diagnose.Errorf(diag.MissingField, "is missing; it must %s", must)
}

func invalidName(must, quoted string) diagnose.Finding {
	return diagnose.Errorf(diag.InvalidValue, "the name must %s, got %s", must, quoted)
}

func invalidValue(v schema.Violation, quoted string) diagnose.Finding {
	if v.Word != "" {
		quoted += "; " + v.Word
	}
	return diagnose.Errorf(diag.InvalidValue, "must %s, got %s", v.Must, quoted)
}
