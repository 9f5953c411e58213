// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package draft_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/draft"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/source"
)

// TestCheckUnique drafts what no input leads to: two objects of one name.
func TestCheckUnique(t *testing.T) {
	plan := func(namespace, name string) *ir.Plan {
		return &ir.Plan{
			Bundle:  ir.BundleID{Namespace: namespace, Name: name},
			Subject: source.Subject{Object: diag.ObjectRef{Kind: "EgressBundle", Namespace: namespace, Name: name}},
		}
	}
	a, b := plan("payments", "a"), plan("payments", "b")
	partners := &ir.Destination{Bundle: b.Bundle, Name: "partners", Path: "spec.destinations.partners"}
	ref := func(kindName string) diag.ObjectRef {
		return diag.ObjectRef{Kind: kindName, Namespace: "payments", Name: "x"}
	}
	drafts := draft.Unique([]draft.Draft{
		draft.OfHop(a.Bundle, &ir.Gateway{Name: "partners"}, ref(kind.DestinationRule), nil),
		draft.OfDestination(partners, ref(kind.DestinationRule), nil),
		draft.OfGateway("one", ref(kind.Service), nil),
		draft.OfGateway("one", ref(kind.Service), nil), // of another bundle
		draft.OfDestination(partners, ref(kind.Service), nil),
		draft.OfGateway("one", ref(kind.Telemetry), nil),
		draft.OfGateway("two", ref(kind.Telemetry), nil),
	})
	var got []string
	for _, d := range draft.CheckUnique([]*ir.Plan{a, b}, drafts) {
		got = append(got, d.String())
	}
	want := []string{
		"EgressBundle payments/b: spec.destinations.partners: must have another name: DestinationRule payments/x would be made for it, " +
			"and is made for spec.destinations of EgressBundle payments/a already; rename one of the two [NameConflict]",
		"EgressBundle payments/b: spec.destinations.partners: must have another name: Service payments/x would be made for it, " +
			"and is made for gateway \"one\" of the mesh already; rename one of the two [NameConflict]",
		"EgressBundle payments/a: must have another name: Telemetry payments/x would be made for it, " +
			"and is made for gateway \"one\" of the mesh already; rename one of the two [NameConflict]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
