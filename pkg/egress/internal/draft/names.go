// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package draft

import (
	"fmt"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/source"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
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
		r := diagnose.New(d.maker(plans).Subject)
		r.Report(field.Name, nameTaken(n))
		diagnostics = append(diagnostics, r.Diagnostics()...)
	}
	return diagnostics
}

// CheckUnique looks for two objects of one name, of which a cluster keeps one. No name is made
// so that two meet; should one be all the same, nobody must lose an object by it.
func CheckUnique(plans []*ir.Plan, drafts []Draft) []diag.Diagnostic {
	firsts := make(map[diag.ObjectRef]Draft, len(drafts))
	var diagnostics []diag.Diagnostic
	for _, d := range drafts {
		first, again := firsts[d.Ref()]
		if !again {
			firsts[d.Ref()] = d
			continue
		}
		r := diagnose.New(d.maker(plans).Subject)
		r.Report(field.Path(d.Origin.Field), nameTwice(d.Ref(), first.cause(plans)))
		diagnostics = append(diagnostics, r.Diagnostics()...)
	}
	return diagnostics
}

// maker returns the plan that a draft is from.
func (d Draft) maker(plans []*ir.Plan) *ir.Plan {
	isMaker := func(p *ir.Plan) bool { return p.Bundle.String() == d.Origin.Bundle }
	return plans[max(0, slices.IndexFunc(plans, isMaker))] // All make what has no bundle.
}

// cause says what a draft is for, and where that stands.
func (d Draft) cause(plans []*ir.Plan) string {
	if gateway := d.Annotations[object.AnnotationGateway]; gateway != "" {
		return fmt.Sprintf("gateway %q of the mesh", gateway)
	}
	subject := d.maker(plans).Subject
	path := field.Path(d.Origin.Field)
	return fmt.Sprintf("%s of %s%s", path, subject.Object, source.InParentheses(subject.Position(path)))
}
