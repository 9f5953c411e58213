// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
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
