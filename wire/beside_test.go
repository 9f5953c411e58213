// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/wire/rig"
)

// TestBeside: what others wrote by hand does to the calls of a bundle what the tracer says, in
// Pods that start beside both. What is reported of such objects is held against the tracer.
func TestBeside(t *testing.T) {
	g := named(t, "examples/http-and-https")
	g.Outcomes = slices.DeleteFunc(g.Outcomes, func(o calls.Outcome) bool { return o.Blocked != "" })
	for _, c := range []struct{ name, other, cut string }{
		{"a route that comes after", handWrittenRoute(""), ""},
		{"a route that comes before", handWrittenRoute("exportTo: ['.'], "), "https"},
		{"a narrow Sidecar", handWritten("networking", "Sidecar", "payments", "egress: [{hosts: ['./*']}]"), "http https"},
		{"a policy that allows us", handWritten("security", "AuthorizationPolicy", "istio-system",
			"selector: {matchLabels: {istio: egressgateway}}, rules: [{from: [{source: {namespaces: [payments]}}]}]"), ""},
		{"a policy that denies a method", handWritten("security", "AuthorizationPolicy", "istio-system",
			"selector: {matchLabels: {istio: egressgateway}}, action: DENY, rules: [{to: [{operation: {methods: [DELETE]}}]}]"), "https"},
	} {
		t.Run(c.name, func(t *testing.T) {
			set(t, g)
			expect(t, g.Outcomes)
			apply(t, c.other)
			if err := mesh.Stop(t.Context(), "payments"); err != nil {
				t.Fatal(err)
			}
			beside := g
			beside.Rendered = cluster.Join(g.Rendered, c.other)
			var cut []string
			for _, want := range traced(t, beside) {
				if scheme, _, _ := strings.Cut(want.Call, ":"); want.Blocked != "" {
					cut = append(cut, scheme)
				}
				checkTwin(t, want)
			}
			if diff := cmp.Diff(strings.Fields(c.cut), cut, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("calls that are cut (-want +got):\n%s", diff)
			}
		})
	}
}

// TestBesideRejected: of a route that lists a host of the bundle among others Envoy rejects what
// comes of both, and a Pod that starts beside them is never ready.
func TestBesideRejected(t *testing.T) {
	g := named(t, "examples/http-and-https")
	set(t, g)
	settle(t, g.Outcomes[0])
	apply(t, handWritten("networking", "VirtualService", "payments",
		"hosts: [api.stripe.com, www.stripe.com], "+
			"tls: [{match: [{sniHosts: [api.stripe.com, www.stripe.com]}], route: [{destination: {host: api.stripe.com}}]}]"))
	if err := mesh.Stop(t.Context(), "payments"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := mesh.Call(ctx, g.Outcomes[0], rig.Request{})
	if want := "lds updates: 0 successful, 1 rejected"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("want an error with %q, got: %v", want, err)
	}
	if left, err := mesh.API.Kubectl(t.Context(), "", "get", "pods", "-n", "payments", "-o", "name"); err != nil || left != "" {
		t.Errorf("of the Pod there is left: %s (%v)", left, err)
	}
}

// patience is how long a Pod is waited for that is never ready.
const patience = 20 * time.Second

// apply applies manifests beside those of a golden, until the test ends.
func apply(t *testing.T, manifests string) {
	t.Helper()
	if err := mesh.API.Apply(t.Context(), manifests); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := mesh.API.Kubectl(context.WithoutCancel(t.Context()), manifests, "delete", "-f", "-"); err != nil {
			t.Error(err)
		}
	})
}

func handWrittenRoute(exportTo string) string {
	return handWritten("networking", "VirtualService", "payments", exportTo+
		"hosts: [api.stripe.com], tls: [{match: [{sniHosts: [api.stripe.com]}], route: [{destination: {host: api.stripe.com}}]}]")
}

func handWritten(group, kind, namespace, spec string) string {
	return fmt.Sprintf("apiVersion: %s.istio.io/v1\nkind: %s\nmetadata: {name: other, namespace: %s}\nspec: {%s}\n", group, kind, namespace, spec)
}
