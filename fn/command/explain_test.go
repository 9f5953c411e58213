// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

// TestExplain keeps explanations of calls true, for people and for machines.
func TestExplain(t *testing.T) {
	for _, c := range []struct{ name, example, args string }{
		{"passes.txt", "two-lines", "https://edition.cnn.com"},
		{"passes.json", "two-lines", "-o json https://edition.cnn.com"},
		{"open.txt", "two-lines", "https://edtion.cnn.com"},
		{"originated.txt", "client-certificate", "http://api.bank.example.com"},
		{"forward_proxy.txt", "forward-proxy", "https://edition.cnn.com"},
		{"service.txt", "kubernetes-services", "http://wikipedia.payments.svc"},
		{"request_refused.txt", "closed-path", "--from payments/checkout -X POST http://api.stripe.com/v1/refunds"},
		{"identity_refused.txt", "closed-path", "--from payments/reports https://github.com"},
		{"identity_refused.json", "closed-path", "--from payments/reports -o json https://github.com"},
		{"undeclared.txt", "closed-path", "--from payments/checkout https://www.example.com"},
		{"no_sidecar.txt", "closed-path", "--from payments/checkout --no-sidecar https://www.example.com"},
		{"no_request.txt", "closed-path", "--from payments/checkout https://api.stripe.com:80"},
		{"bypass.txt", "bypass", "tcp://10.20.1.1:5432"},
		{"another_address.txt", "databases-by-name", "--address 198.51.100.1 tcp://orders.cluster.rds.example.com:5432"},
		{"allocated.txt", "databases-by-name", "https://orders.cluster.rds.example.com"},
		{"client_missing.txt", "databases", "--from search tcp://198.51.100.10:5432"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := append([]string{"explain"}, strings.Fields(c.args)...)
			got := fntest.Succeed(t, filepath.Join("../../examples", c.example), "", fntest.Program, append(args, "bundle.yaml")...)
			fntest.CompareGolden(t, filepath.Join("../../testdata/explain", c.name), got)
		})
	}
}

// TestExplainUsage: what no call can be is a wrong command line.
func TestExplainUsage(t *testing.T) {
	const bundle = "../../examples/several-namespaces/bundle.yaml"
	for _, c := range []struct{ args, want string }{
		{"edition.cnn.com " + bundle, `the URL "edition.cnn.com" must begin with http://, https://, tls:// or tcp://`},
		{"tcp://192.0.2.1 " + bundle, `the URL "tcp://192.0.2.1" must say the port, as tcp://192.0.2.1:5432`},
		{"https://a:99999 " + bundle, `the port of the URL "https://a:99999" must be from 1 to 65535`},
		{"https:// " + bundle, `the URL "https://" names no host`},
		{"--address somewhere https://a.b " + bundle, `the address "somewhere" must be an IP address`},
		{"-o yaml https://a.b " + bundle, `-o must be text or json, got "yaml"`},
		{"https://a.b", "PATH is missing"},
	} {
		args := append([]string{"explain", "--from", "payments"}, strings.Fields(c.args)...)
		got := fntest.Execute(t, "", "", fntest.Program, args...)
		if got.Status != 2 || got.Stdout != "" || !strings.Contains(got.Stderr, c.want) {
			t.Errorf("%s: %+v", c.args, got)
		}
	}
	got := fntest.Execute(t, "", "", fntest.Program, "explain", "https://a.b", bundle)
	if want := "--from must say who calls; the clients of bundles are "; got.Status != 2 || !strings.Contains(got.Stderr, want) {
		t.Errorf("several namespaces: %+v", got)
	}
}
