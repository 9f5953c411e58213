// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/conformance/admission"
	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
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
	var all []golden
	for _, kind := range []struct{ in, out string }{
		{"../testdata/render/*/*/in.yaml", "out.yaml"},
		{"../examples/*/bundle.yaml", "rendered.yaml"},
	} {
		paths, err := filepath.Glob(kind.in)
		if err != nil || len(paths) == 0 {
			t.Fatalf("nothing matches %s (%v)", kind.in, err)
		}
		for _, path := range paths {
			dir, found := filepath.Dir(path), parse(t, path)
			outcomes, err := calls.Read(filepath.Join(dir, "calls.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, golden{
				dir:      dir,
				gateways: cluster.GatewaysOf(factsOf(found)),
				outbound: outboundOf(found),
				found:    found,
				rendered: readFile(t, filepath.Join(dir, kind.out)),
				outcomes: outcomes,
			})
		}
	}
	return all
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func parse(t *testing.T, path string) egress.Documents {
	t.Helper()
	found, err := egress.Parse(path, []byte(readFile(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// factsOf returns the mesh that bundles are for, as it is stated.
func factsOf(found egress.Documents) api.Mesh {
	if mesh, err := found.Mesh(); err == nil && mesh != nil {
		return *mesh
	}
	for _, bundle := range found.Bundles() {
		if bundle.Mesh != nil {
			return *bundle.Mesh
		}
	}
	return api.Mesh{}
}

// outboundOf returns what the mesh says of hosts that nothing declares: as the bundles take it to be, where they enforce
// something themselves, and else so that nothing unpromised leaves.
func outboundOf(found egress.Documents) string {
	for _, bundle := range found.Bundles() {
		if bundle.Enforce != nil {
			return egress.WithDefaults(factsOf(found)).OutboundTrafficPolicy
		}
	}
	return "REGISTRY_ONLY"
}

// options return a mesh with the gateways of the golden, and other manifests.
func (g golden) options(manifests string) trace.Options {
	return trace.Options{Manifests: manifests, Gateways: g.gateways, OutboundTrafficPolicy: g.outbound}
}
