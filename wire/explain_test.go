// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/explain"
	"github.com/egressbundle/egressbundle/wire/rig"
)

// expectExplained makes a call, and compares what becomes of it, and what proxies log of it, with
// what is explained of it.
func expectExplained(t *testing.T, output *egress.Output, o calls.Outcome) {
	t.Helper()
	e, err := output.Explain(o.ExplainCall())
	if err != nil {
		t.Fatal(err)
	}
	if !calls.Follows(e) {
		return
	}
	_, wrong, err := mesh.SettleTo(t.Context(), o, func(r rig.Result) string { // It is a call that is counted already.
		logged := diffLogs(e, r) // which may come late
		r.Outcome = r.Explainable()
		return rig.Diff(o.Explain(e), r) + logged
	})
	if err != nil {
		t.Fatal(err)
	}
	if wrong != "" {
		t.Errorf("%s from %s (-explained +observed): %s", o.Call, o.From, wrong)
	}
}

// TestExplainPaths: a path is explained as proxies read it.
func TestExplainPaths(t *testing.T) {
	g := named(t, "testdata/render/http/allow")
	set(t, g)
	output, err := g.Output()
	if err != nil {
		t.Fatal(err)
	}
	settle(t, g.Outcomes[slices.IndexFunc(g.Outcomes, func(o calls.Outcome) bool { return o.Call == "http://weather.example.com/today" })])
	passed := 0
	for _, path := range []string{
		"/days/../tomorrow", "/days/%2e%2E/tomorrow", "/tomorrow/../days/x", "/tomorrow/.%2E/days/x", "/d%61ys/%7e", "/days/a%2fb%C3%a9", "/today/.",
		"/today//../today", "/days//x/../y",
	} {
		o := calls.Outcome{Call: "http://weather.example.com" + path, From: "payments"}
		e, err := output.Explain(o.ExplainCall())
		if err != nil {
			t.Fatal(err)
		}
		got, arrives := call(t, o, rig.Request{}), ""
		for _, s := range got.Seen {
			arrives = s.Request.URI
		}
		want := ""
		if e.Verdict == explain.Passes {
			passed++
			want = e.Hops[len(e.Hops)-1].Log.Path
		}
		if diff := gocmp.Diff(want, arrives); diff != "" {
			t.Errorf("%s (-explained +seen outside):\n%s\n%s", path, diff, strings.Join(got.Steps, "\n"))
		}
	}
	if passed != 5 {
		t.Errorf("%d paths pass, want 5", passed)
	}
}

// diffLogs says in what the entries of access logs differ from what is explained.
func diffLogs(e explain.Explanation, r rig.Result) string {
	if e.Stop != nil && e.Stop.At == explain.Node {
		return "" // When its proxy gives up is no matter of the call.
	}
	logs := logsOf(e)
	if diff := gocmp.Diff(logs, r.Logs, cmpopts.EquateEmpty(), gocmp.FilterValues(isAny, gocmp.Ignore())); diff != "" {
		return "logs:\n" + diff
	}
	var wrong strings.Builder
	for i, log := range logs {
		pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(log.String()), `\*`, ".*") + "$"
		if !regexp.MustCompile(pattern).MatchString(r.Lines[i]) {
			fmt.Fprintf(&wrong, "explained %s, logged %s\n", log, r.Lines[i])
		}
	}
	return wrong.String()
}

// TestExplainLooks: what is stopped looks to curl as explained.
func TestExplainLooks(t *testing.T) {
	tried := 0
	for _, g := range samples(t, "examples/closed-path", "examples/wildcard", "testdata/render/http/allow", "testdata/render/tls_passthrough/enforce") {
		t.Run(g.Dir, func(t *testing.T) {
			set(t, g)
			output, err := g.Output()
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range g.Outcomes {
				e, err := output.Explain(o.ExplainCall())
				if err != nil {
					t.Fatal(err)
				}
				if e.Stop == nil || e.Stop.Curl == 0 {
					continue
				}
				tried++
				settle(t, o) // The configuration has arrived.
				if exit := curl(t, o); exit != e.Stop.Curl {
					t.Errorf("%s from %s: curl ends with %d, and %d is explained", o.Call, o.From, exit, e.Stop.Curl)
				}
			}
		})
	}
	if tried < 8 {
		t.Errorf("%d calls were tried", tried)
	}
}

// curl makes a call with curl, and returns how that ends.
func curl(t *testing.T, o calls.Outcome) int {
	t.Helper()
	client, err := mesh.Client(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	namespace, _, _ := strings.Cut(o.From, "/")
	shell, err := mesh.Shell(map[string]*rig.Workload{namespace + "/curl": client}, "")
	if err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("kubectl exec -n %s curl -c curl -- curl --silent --insecure --fail --max-time 5 --request %s '%s'",
		namespace, cmp.Or(o.Method, "GET"), strings.Replace(o.Call, "tls://", "https://", 1))
	_, exit, err := shell.Run(t.Context(), script)
	if err != nil {
		t.Fatal(err)
	}
	return exit
}

func isAny(a, b string) bool { return a == explain.Any || b == explain.Any }

// logsOf returns what proxies log, by an explanation.
func logsOf(e explain.Explanation) []explain.Log {
	var logs []explain.Log
	for _, hop := range e.Hops {
		if hop.Log != nil {
			logs = append(logs, *hop.Log)
		}
	}
	return logs
}
