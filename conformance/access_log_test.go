// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"

	"github.com/egressbundle/egressbundle/conformance/around"
	"github.com/egressbundle/egressbundle/conformance/trace"
)

// TestAccessLog: with accessLog, every filter chain of the gateway logs what leaves by way of a bundle or is refused, and
// nothing else. Without it, nobody asks for a log.
func TestAccessLog(t *testing.T) {
	g := goldensByName(t)["tls_origination/deploy"]
	const partners = "egress/partners-gateway"
	manifests := join(g.Rendered, strings.ReplaceAll(around.ByHand("payments"), "istio: egressgateway", "istio: partners-gateway"))
	m := trace.NewMesh(t, g.Options(manifests))
	filters := m.AccessLogs(partners)
	if len(filters) < 2 {
		t.Errorf("got %d logs, want one for each filter chain", len(filters))
	}
	lane := lastCluster(t, m.Trace(trace.Call{Namespace: "payments", URL: "http://api.stripe.com"}))
	for _, filter := range filters {
		for _, call := range ofBundles(lane) {
			if !evaluate(t, filter, call) {
				t.Errorf("%s is false of %s", filter, call)
			}
		}
		for _, call := range ofOthers {
			if evaluate(t, filter, call) {
				t.Errorf("%s is true of %s", filter, call)
			}
		}
	}

	silent := trace.NewMesh(t, g.Options(edit(t, manifests, isNot("Telemetry"))))
	if logs := silent.AccessLogs(partners); len(logs) > 0 {
		t.Errorf("without Telemetry: got the logs %q", logs)
	}
}

// attributes are what a proxy knows of a call. What it does not know is not there.
type attributes map[string]map[string]string

// ofBundles are calls that leave by a lane, those that the gateway answers itself, and those that a policy refuses.
func ofBundles(lane string) []attributes {
	const denied = "rbac_access_denied_matched_policy[ns[egress]-policy[any]-rule[0]]"
	return []attributes{
		{"xds": {"cluster_name": lane}},
		{"connection": {"requested_server_name": "mesh.http.cards.payments.egress"}},
		{"request": {"host": "api.stripe.com.80.stripe.http.cards.payments.egress"}},
		{"request": {"host": "by-hand.example.com"}, "response": {"code_details": denied}},
		{"connection": {"requested_server_name": "by-hand.example.com", "termination_details": denied}},
	}
}

// ofOthers are calls that somebody else leads through the gateway.
var ofOthers = []attributes{
	{"xds": {"cluster_name": "outbound|443||by-hand.example.com"}, "connection": {"requested_server_name": "by-hand.example.com"}},
	{"xds": {"cluster_name": "outbound|80||by-hand.example.com"}, "response": {"code_details": "via_upstream"}},
	{"request": {"host": "by-hand.example.com"}, "response": {"code_details": "direct_response"}},
	{"xds": {"cluster_name": "BlackHoleCluster"}},
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

// evaluate evaluates the filter of a log for a call. Envoy does not log what it cannot evaluate the filter for.
func evaluate(t *testing.T, expression string, call attributes) bool {
	t.Helper()
	input := map[string]any{}
	var variables []cel.EnvOption
	for _, name := range []string{"xds", "connection", "request", "response"} {
		variables = append(variables, cel.Variable(name, cel.MapType(cel.StringType, cel.StringType)))
		input[name] = call[name]
	}
	env, err := cel.NewEnv(variables...)
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
	value, _, err := program.Eval(input)
	if value == nil {
		t.Fatal(err)
	}
	return value == types.True
}
