// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"slices"
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/golden"
	"github.com/egressbundle/egressbundle/wire/outside"
	"github.com/egressbundle/egressbundle/wire/rig"
)

// TestRefused: an identity that may not use a TCP destination hears nothing of what the
// server says, not even if the server speaks first, and says nothing to it. The one that
// may does both. What Envoy does before anything else, it does for both: it connects.
func TestRefused(t *testing.T) {
	g, outcomes := database(t)
	set(t, g)
	for _, o := range outcomes {
		settle(t, o)
		for _, wait := range []bool{false, true} {
			checkRefused(t, o, wait)
		}
	}
}

// TestRefusedHalfWay: without the identities of the server a policy refuses alone, and the
// server is heard.
func TestRefusedHalfWay(t *testing.T) {
	g, outcomes := database(t)
	const identities = "      subjectAltNames:\n      - spiffe://cluster.local/ns/payments/sa/ledger\n"
	if !strings.Contains(g.Rendered, identities) {
		t.Fatal("the server has no identities")
	}
	g.Rendered = strings.Replace(g.Rendered, identities, "", 1)
	set(t, g)
	for _, o := range outcomes {
		if o.Blocked == "" {
			settle(t, o)
			continue
		}
		o.Blocked = "403 RBAC: denied by ns[istio-system]-policy[payments--news--istio-egressgateway]-rule[2]"
		settle(t, o)
		got, err := mesh.Call(t.Context(), o, rig.Request{Wait: true})
		if err != nil {
			t.Fatal(err)
		}
		if got.Body == "" {
			t.Errorf("from %s: the application hears nothing: the identities of servers do nothing", o.From)
		}
	}
}

// database returns a golden with a TCP destination for one account, and its calls.
func database(t *testing.T) (golden.Golden, []calls.Outcome) {
	t.Helper()
	g := named(t, "testdata/render/tls_passthrough/service_accounts")
	others := func(o calls.Outcome) bool { return o.Call != "tcp://203.0.113.7:5432" }
	return g, slices.DeleteFunc(g.Outcomes, others)
}

func checkRefused(t *testing.T, o calls.Outcome, wait bool) {
	t.Helper()
	got, err := mesh.Call(t.Context(), o, rig.Request{Wait: wait})
	if err != nil {
		t.Fatal(err)
	}
	refused := o.Blocked != ""
	if heard := got.Body != ""; heard == refused {
		t.Errorf("from %s, the server speaks first: %v: the application hears %q", o.From, wait, got.Body)
	}
	said := slices.ContainsFunc(got.Seen, func(s outside.Seen) bool { return s.Line != "" })
	if said == refused {
		t.Errorf("from %s, the server speaks first: %v: outside saw %v", o.From, wait, got.Seen)
	}
}
