// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package draft

import (
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
)

func nameTaken(n neighbor.Object) diagnose.Finding {
	return diagnose.Errorf(diag.NameConflict,
		"must be another: its objects include %s, which lacks the annotations by which egressbundle knows what it made, "+
			"and so belongs to somebody else; rename or remove one of the two", n)
}

func nameTwice(ref diag.ObjectRef, first string) diagnose.Finding {
	return diagnose.Errorf(diag.NameConflict,
		"must have another name: %s would be made for it, and is made for %s already; rename one of the two", ref, first)
}
