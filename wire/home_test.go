// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"slices"
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/conformance/golden"
)

// TestAppliedTwice: what is applied once more, by the server or by kubectl, changes
// nothing, and kubectl diff finds no difference: a GitOps tool sees no drift.
func TestAppliedTwice(t *testing.T) {
	for _, g := range everyKind(t) {
		t.Run(g.Dir, func(t *testing.T) {
			set(t, g)
			before := versions(t, g.Rendered)
			if err := mesh.API.Apply(t.Context(), g.Rendered); err != nil {
				t.Fatal(err)
			}
			if after := versions(t, g.Rendered); after != before {
				t.Errorf("applied by the server once more:\n%s\n%s", before, after)
			}
			if diff, err := mesh.API.Kubectl(t.Context(), g.Rendered, "diff", "--server-side", "--force-conflicts", "-f", "-"); err != nil {
				t.Errorf("kubectl diff: %v\n%s", err, diff)
			}
			kubectl(t, g.Rendered, "apply", "-f", "-")
			before = versions(t, g.Rendered)
			for line := range strings.Lines(kubectl(t, g.Rendered, "apply", "-f", "-")) {
				if !strings.HasSuffix(strings.TrimSpace(line), " unchanged") && !strings.HasPrefix(line, replacedWhole) {
					t.Errorf("applied by kubectl once more: %s", line)
				}
			}
			if after := versions(t, g.Rendered); after != before {
				t.Errorf("applied by kubectl once more:\n%s\n%s", before, after)
			}
		})
	}
}

// everyKind returns the examples, and what deploys gateways: together they have objects of
// every kind.
func everyKind(t *testing.T) []golden.Golden {
	t.Helper()
	return slices.DeleteFunc(goldens(t), func(g golden.Golden) bool {
		return !strings.HasPrefix(g.Dir, "examples/") && !strings.HasSuffix(g.Dir, "/deploy")
	})
}

// replacedWhole is what kubectl says "configured" of every time, though nothing changes:
// Kubernetes has it replace the selector of a PodDisruptionBudget as a whole.
const replacedWhole = "poddisruptionbudget.policy/"

// versions are the resource versions of what was applied.
func versions(t *testing.T, manifests string) string {
	t.Helper()
	return kubectl(t, manifests, "get", "-f", "-",
		"-o", `jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name} {.metadata.resourceVersion}{"\n"}{end}`)
}

func kubectl(t *testing.T, input string, args ...string) string {
	t.Helper()
	out, err := mesh.API.Kubectl(t.Context(), input, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
