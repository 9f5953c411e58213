// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package draft

import (
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
)

// CheckNames looks for objects of others that stand where objects of the bundles
// would.
func CheckNames(plans []*ir.Plan, drafts []Draft, neighbors []neighbor.Object) []diag.Diagnostic {
	if len(neighbors) == 0 {
		return nil
	}
	drafted := map[diag.ObjectRef]Draft{}
	for _, d := range drafts {
		drafted[d.Ref()] = d
	}
	var diagnostics []diag.Diagnostic
	for _, n := range neighbors {
		d, meets := drafted[n.Ref]
		if !meets {
			continue
		}
		isMaker := func(p *ir.Plan) bool { return p.Bundle.String() == d.Origin.Bundle }
		maker := plans[max(0, slices.IndexFunc(plans, isMaker))] // All make what has no bundle.
		r := diagnose.New(maker.Subject)
		r.Report(field.Name, nameTaken(n))
		diagnostics = append(diagnostics, r.Diagnostics()...)
	}
	return diagnostics
}
