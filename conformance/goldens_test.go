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
	"github.com/egressbundle/egressbundle/conformance/cluster"
	kept "github.com/egressbundle/egressbundle/conformance/golden"
	"github.com/egressbundle/egressbundle/conformance/trace"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
)

// A golden is a bundle, what it is rendered to, and what calls must do.
type golden struct {
	dir      string
	gateways []cluster.Gateway
	outbound string // OutboundTrafficPolicy of the mesh
	found    egress.Documents
	rendered string
	outcomes []calls.Outcome
}

// TestGoldens: every rendered output in the repository is admitted, and carries
// the calls that its calls.yaml promises and no others.
func TestGoldens(t *testing.T) {
	for _, g := range goldens(t) {
		t.Run(g.dir, func(t *testing.T) {
			problems, err := admission.Check(g.rendered, admission.Options{Gateways: g.gateways})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range problems {
				t.Error(p)
			}
			checkBothKinds(t, g.outcomes)
			mesh := trace.NewMesh(t, g.options(g.rendered))
			for _, want := range g.outcomes {
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
func goldens(t *testing.T) []golden {
	t.Helper()
	found, err := kept.All("..")
	if err != nil {
		t.Fatal(err)
	}
	var all []golden
	for _, g := range found {
		all = append(all, golden{
			dir:      g.Dir,
			gateways: g.Gateways,
			outbound: g.OutboundTrafficPolicy,
			found:    g.Found,
			rendered: g.Rendered,
			outcomes: g.Outcomes,
		})
	}
	return all
}

// factsOf returns the mesh that bundles are for, as it is stated.
func factsOf(found egress.Documents) api.Mesh { return kept.MeshOf(found) }

// options return a mesh with the gateways of the golden, and other manifests.
func (g golden) options(manifests string) trace.Options {
	return trace.Options{Manifests: manifests, Gateways: g.gateways, OutboundTrafficPolicy: g.outbound}
}
