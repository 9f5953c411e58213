// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"fmt"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/source"
)

func secondMesh(first source.Subject) diagnose.Finding {
	return diagnose.Errorf(diag.DuplicateMesh,
		"must stand only once: the facts of the cluster stand in %s%s already",
		first.Object, source.InParentheses(first.Position(field.Kind)))
}

func acknowledgesNothing(code string) diagnose.Finding {
	return diagnose.Warnf(diag.UnusedAcknowledgement,
		"acknowledges a warning %q that is not given here; remove it, or correct the code", code)
}

func acknowledgesWithoutReason() diagnose.Finding {
	return diagnose.Warnf(diag.UnusedAcknowledgement,
		"acknowledges nothing without a reason; say why the warning is right, and accepted")
}

// andOthers says where else a warning is given.
func andOthers(others []diag.Diagnostic) string {
	next := others[0]
	return fmt.Sprintf(" (%d more, next: %s of %s%s)",
		len(others), next.Path, next.Object, source.InParentheses(next.Position))
}
