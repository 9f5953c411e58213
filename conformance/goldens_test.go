// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/conformance/admission"
	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/golden"
	"github.com/egressbundle/egressbundle/conformance/trace"
)

// TestGoldens: every rendered output in the repository, and that of the cookbook, is admitted, and
// carries the calls that its calls.yaml promises and no others.
func TestGoldens(t *testing.T) {
	cookbook, err := golden.Cookbook("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range append(goldens(t), cookbook...) {
		t.Run(g.Dir, func(t *testing.T) {
			problems, err := admission.Check(g.Rendered, admission.Options{Gateways: g.Gateways})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range problems {
				t.Error(p)
			}
			checkBothKinds(t, g.Outcomes)
			mesh := trace.NewMesh(t, g.Upgraded(g.Rendered))
			for _, want := range g.Outcomes {
				result := mesh.Trace(want.TraceCall())
				if diff := cmp.Diff(want, want.Observe(result)); diff != "" {
					t.Errorf("%s from %s (-want +got):\n%s\n%s", want.Call, want.From, diff, strings.Join(result.Steps, "\n"))
				}
				if len(result.Headers) > 0 {
					t.Errorf("%s from %s leaves with headers of the mesh: %q", want.Call, want.From, result.Headers)
				}
			}
		})
	}
}

// checkBothKinds: a promise says what works and what does not.
func checkBothKinds(t *testing.T, outcomes []calls.Outcome) {
	t.Helper()
	blocked := func(o calls.Outcome) bool { return o.Blocked != "" }
	leaves := func(o calls.Outcome) bool { return o.Blocked == "" }
	if !slices.ContainsFunc(outcomes, blocked) || !slices.ContainsFunc(outcomes, leaves) {
		t.Error("calls.yaml must have a call that leaves and one that is blocked")
	}
}

// goldens returns the goldens of the library and the examples.
func goldens(t *testing.T) []golden.Golden {
	t.Helper()
	all, err := golden.All("..")
	if err != nil {
		t.Fatal(err)
	}
	return all
}
