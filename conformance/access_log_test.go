// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/cel-go/cel"

	"github.com/egressbundle/egressbundle/conformance/around"
	"github.com/egressbundle/egressbundle/conformance/trace"
)

// TestAccessLog: with accessLog, every filter chain of the gateway logs what leaves by way of a bundle, and nothing else.
// Without it, nobody asks for a log.
func TestAccessLog(t *testing.T) {
	g := goldensByName(t)["tls_origination/deploy"]
	const partners = "egress/partners-gateway"
	manifests := join(g.rendered, strings.ReplaceAll(around.ByHand("payments"), "istio: egressgateway", "istio: partners-gateway"))
	m := trace.NewMesh(t, g.options(manifests))
	filters := m.AccessLogs(partners)
	if len(filters) < 2 {
		t.Errorf("got %d logs, want one for each filter chain", len(filters))
	}
	logged := lastCluster(t, m.Trace(trace.Call{Namespace: "payments", URL: "http://api.stripe.com"}))
	for _, filter := range filters {
		for cluster, want := range map[string]bool{
			logged:                              true,
			"outbound|443||by-hand.example.com": false,
			"BlackHoleCluster":                  false,
		} {
			if got := evaluate(t, filter, cluster); got != want {
				t.Errorf("%s of %s is %v", filter, cluster, got)
			}
		}
	}

	silent := trace.NewMesh(t, g.options(edit(t, manifests, isNot("Telemetry"))))
	if logs := silent.AccessLogs(partners); len(logs) > 0 {
		t.Errorf("without Telemetry: got the logs %q", logs)
	}
}

// lastCluster returns the cluster that a call leaves by.
func lastCluster(t *testing.T, r trace.Result) string {
	t.Helper()
	for _, step := range slices.Backward(r.Steps) {
		if _, name, found := strings.Cut(step, ": cluster "); found {
			return name
		}
	}
	t.Fatalf("the call leaves by no cluster: %q\n%s", r.Blocked, strings.Join(r.Steps, "\n"))
	return ""
}

// evaluate evaluates the filter of a log for what leaves by a cluster.
func evaluate(t *testing.T, expression, cluster string) bool {
	t.Helper()
	env, err := cel.NewEnv(cel.Variable("xds", cel.MapType(cel.StringType, cel.StringType)))
	if err != nil {
		t.Fatal(err)
	}
	ast, issues := env.Compile(expression)
	if issues.Err() != nil {
		t.Fatal(issues.Err())
	}
	program, err := env.Program(ast)
	if err != nil {
		t.Fatal(err)
	}
	value, _, err := program.Eval(map[string]any{"xds": map[string]string{"cluster_name": cluster}})
	if err != nil {
		t.Fatal(err)
	}
	logged, ok := value.Value().(bool)
	if !ok {
		t.Fatalf("%s is no condition", expression)
	}
	return logged
}
