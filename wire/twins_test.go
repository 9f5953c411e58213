// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/conformance/golden"
	"github.com/egressbundle/egressbundle/conformance/trace"
	"github.com/egressbundle/egressbundle/wire/rig"
)

// everyPattern are examples that have together each pattern and each way out.
var everyPattern = []string{
	"examples/databases",
	"examples/forward-proxy",
	"examples/http-and-https",
	"examples/kubernetes-services",
	"examples/tls-origination-at-the-sidecar",
	"examples/wildcard",
}

// TestWithoutEachObject: without any one of its objects each call of a golden becomes what the
// tracer says of it.
func TestWithoutEachObject(t *testing.T) {
	for _, g := range samples(t, everyPattern...) {
		for _, name := range carriers(t, g) {
			t.Run(g.Dir+" without "+name, func(t *testing.T) {
				less := g
				less.Rendered = without(t, g, name)
				set(t, less)
				traced := traced(t, less)
				twins.tried++
				if !cmp.Equal(traced, g.Outcomes) {
					twins.bit++
				}
				for _, want := range traced {
					checkTwin(t, want)
				}
			})
		}
	}
}

// carriers are the objects of a golden that calls need: of those that do the same in one
// namespace, the first.
func carriers(t *testing.T, g golden.Golden) []string {
	t.Helper()
	manifests, err := cluster.Read(g.Rendered)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	known := map[string]bool{}
	for _, m := range manifests {
		if role := role(m); role != "" && !known[role] {
			known[role] = true
			names = append(names, m.String())
		}
	}
	return names
}

// role says what an object does for calls, or nothing if it does nothing for them.
func role(m cluster.Manifest) string {
	switch kind := m.Object.GetKind(); kind {
	case "DestinationRule", "EndpointSlice", "Gateway", "Service", "ServiceEntry":
		return kind + " " + m.Object.GetNamespace()
	case "VirtualService":
		gateways, _, _ := unstructured.NestedStringSlice(m.Object.Object, "spec", "gateways")
		return kind + " " + m.Object.GetNamespace() + " " + strings.Join(gateways, " ")
	default:
		return ""
	}
}

func without(t *testing.T, g golden.Golden, name string) string {
	t.Helper()
	rest, err := cluster.Without(g.Rendered, name)
	if err != nil {
		t.Fatal(err)
	}
	return rest
}

// traced returns what the tracer says of the calls of a golden.
func traced(t *testing.T, g golden.Golden) []calls.Outcome {
	t.Helper()
	m := trace.NewMesh(t, g.Upgraded(g.Rendered))
	var outcomes []calls.Outcome
	for _, o := range g.Outcomes {
		outcomes = append(outcomes, o.Observe(m.Trace(o.TraceCall())))
	}
	return outcomes
}

// checkTwin compares how a call ends. Envoy and the tracer differ in their words for what
// blocks it.
func checkTwin(t *testing.T, want calls.Outcome) {
	t.Helper()
	settleTo(t, want, func(r rig.Result) string {
		if r.Blocked != "" && want.Blocked != "" {
			return ""
		}
		return rig.Diff(want, r)
	})
}
