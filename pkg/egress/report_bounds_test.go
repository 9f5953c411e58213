// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
)

const (
	// A report has at most so many bytes for a bundle of one destination, as people read it
	// and in JSON.
	mostOfReport = 1024
	mostOfJSON   = 3 * 1024
	// What all bundles have in common has at most so many.
	headOfReport = 4096
)

// TestReportIsBounded grows inputs of many shapes. Each entry adds as much to the report as any
// other: what they have in common is said once.
func TestReportIsBounded(t *testing.T) {
	for name, grow := range growingReports {
		t.Run(name, func(t *testing.T) {
			const n = 200
			people, machines := sizes(t, grow(n))
			if people > n*mostOfReport+headOfReport {
				t.Errorf("%d bytes for %d entries", people, n)
			}
			if machines > n*mostOfJSON+headOfReport {
				t.Errorf("%d bytes of JSON for %d entries", machines, n)
			}
			half, halfJSON := sizes(t, grow(n/2))
			if people > 2*half+headOfReport || machines > 2*halfJSON+headOfReport {
				t.Errorf("%d and %d bytes for %d entries, %d and %d for half of them", people, machines, n, half, halfJSON)
			}
			t.Logf("%d bytes, %d of JSON", people/n, machines/n)
		})
	}
}

// sizes returns how large the report of a stream is.
func sizes(t *testing.T, text string) (people, machines int) {
	t.Helper()
	marshaled, err := json.Marshal(reportOf(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return len(markdown(t, text)), len(marshaled)
}

const enforcedAll = "enforce: {registryOnly: true, networkPolicy: true, authorization: true}"

// apart returns n documents, each with its number in its namespace and wherever the spec has it.
func apart(n int, spec string) string {
	return each(n, "apiVersion: egressbundle.io/v1alpha1\nkind: EgressBundle\nmetadata: {name: news, namespace: n%d}\nspec: "+spec+"\n---\n")
}

var growingReports = map[string]func(n int) string{
	"bundles on a gateway": func(n int) string {
		return apart(n, "{destinations: {d: {hosts: [a%d.example.com]}}, "+enforcedAll+"}")
	},
	"bundles of a namespace": func(n int) string {
		return bundles(n, "{destinations: {d: {hosts: [a%d.example.com]}}, "+enforcedAll+"}")
	},
	"bundles for service accounts": func(n int) string {
		return apart(n, "{clients: [{namespace: n%d, serviceAccounts: [a]}], destinations: {d: {hosts: [a%d.example.com], "+
			"ports: [{port: 80, pattern: TLSOrigination}]}}, "+enforcedAll+"}")
	},
	"bundles with a bypass": func(n int) string {
		return apart(n, "{destinations: {d: {hosts: [a%d.example.com]}}, bypass: {cidrs: [203.0.113.%d]}, "+enforcedAll+"}")
	},
	"bundles for one client of others": func(n int) string {
		return apart(n, "{clients: [{namespace: shop}], destinations: {d: {hosts: [a%d.example.com]}}, bypass: {cidrs: [203.0.113.%d]}}")
	},
	"bundles straight from the sidecar": func(n int) string {
		return apart(n, "{destinations: {d: {via: Sidecar, hosts: [a%d.example.com], addresses: [203.0.113.%d], "+
			"ports: [{port: 5432, pattern: TCP}]}}, enforce: {registryOnly: true, networkPolicy: true}}")
	},
	"destinations": func(n int) string {
		return inBundle("  " + enforcedAll + "\n  destinations:\n" + each(n, "    d%d: {hosts: [a%d.example.com]}\n"))
	},
	"clients": func(n int) string {
		return inBundle("  " + enforcedAll + "\n  clients:\n" + each(n, "  - {namespace: n%d}\n") +
			"  destinations: {d: {hosts: [a.example.com]}}\n")
	},
	"hosts": func(n int) string {
		return inBundle("  " + enforcedAll + "\n  destinations:\n    d:\n      hosts:\n" + each(n, "      - a%d.example.com\n"))
	},
	"ports": func(n int) string {
		var ports strings.Builder
		for i := range n {
			ports.WriteString("      - {port: " + strconv.Itoa(20000+i) + ", pattern: TLSPassthrough}\n")
		}
		return inBundle("  " + enforcedAll + "\n  destinations:\n    d:\n      hosts: [a.example.com]\n      ports:\n" + ports.String())
	},
	"ServiceEntries of others beside clients": func(n int) string {
		return inBundle("  clients:\n"+each(n, "  - {namespace: n%d}\n")+"  destinations: {d: {hosts: [a.example.com]}}\n") + "---\n" +
			each(n, "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: s%d, namespace: other}\n"+
				"spec: {hosts: [b%d.example.com], ports: [{number: 443, name: tls, protocol: TLS}]}\n---\n")
	},
}
