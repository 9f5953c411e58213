// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"testing"

	"github.com/google/go-cmp/cmp"
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
	r := settleTo(t, o, func(r rig.Result) string {
		r.Outcome = r.Explainable()
		return rig.Diff(o.Explain(e), r)
	})
	diff := cmp.Diff(logsOf(e), r.Logs, cmpopts.EquateEmpty(), cmp.FilterValues(isAny, cmp.Ignore()))
	if diff != "" {
		t.Errorf("%s from %s (-explained +logged):\n%s", o.Call, o.From, diff)
	}
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
