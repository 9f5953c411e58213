// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/pkg/egress"
)

const (
	// What is said of an input is at most so many times as long as the input.
	longestAnswer = 200
	// A place has at most so many errors.
	mostOfOne = 20
	// Definitions are read now and then, which takes so many bytes of memory.
	definitions = 8 << 20
)

// TestAnswersAreBounded grows inputs of many shapes that are wrong in many places. What is said
// of them, and what it takes to say it, grows as they do: a place has some errors, and not as many
// as there are places, and twice the input takes about twice the memory, and not four times.
func TestAnswersAreBounded(t *testing.T) {
	for name, grow := range wrongInGrowingPlaces {
		t.Run(name, func(t *testing.T) {
			const n = 500
			small, large := measure(t, grow(n)), measure(t, grow(2*n))
			if small.diagnostics == 0 {
				t.Error("nothing is wrong")
			}
			if large.diagnostics > mostOfOne*2*n {
				t.Errorf("%d diagnostics for %d places", large.diagnostics, 2*n)
			}
			if large.said > longestAnswer*large.input {
				t.Errorf("%d bytes say what is wrong with %d", large.said, large.input)
			}
			if large.allocated > 3*small.allocated+definitions {
				t.Errorf("%d places take %d bytes of memory, and %d places %d", n, small.allocated, 2*n, large.allocated)
			}
		})
	}
}

// A measurement is how large an input is, and what becomes of it.
type measurement struct{ input, diagnostics, said, allocated int }

func measure(t *testing.T, src string) measurement {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	found, err := egress.Parse("team.yaml", []byte(src))
	if err == nil {
		_, err = found.Render()
	}
	said := 0
	if err != nil {
		said = len(err.Error())
	}
	runtime.ReadMemStats(&after)
	allocated := int(after.TotalAlloc - before.TotalAlloc)
	return measurement{input: len(src), diagnostics: len(diagnosticsOf(t, err)), said: said, allocated: allocated}
}

const headOfBundle = "apiVersion: egressbundle.io/v1alpha1\nkind: EgressBundle\nmetadata: {namespace: payments, name: "

// each returns n lines, of which each has its number, once or more.
func each(n int, line string) string {
	var text strings.Builder
	for i := range n {
		text.WriteString(strings.ReplaceAll(line, "%d", strconv.Itoa(i)))
	}
	return text.String()
}

// inBundle is a document with what stands below its spec.
func inBundle(spec string) string { return headOfBundle + "news}\nspec:\n" + spec }

// bundles are n documents in a stream.
func bundles(n int, spec string) string { return each(n, headOfBundle+"n%d}\nspec: "+spec+"\n---\n") }

var wrongInGrowingPlaces = map[string]func(n int) string{
	"a host in many destinations": func(n int) string {
		return inBundle("  destinations:\n" + each(n, "    d%d: {hosts: [a.example.com]}\n"))
	},
	"a host in many bundles": func(n int) string {
		return bundles(n, "{destinations: {a: {hosts: [a.example.com], trafficPolicy: {connectTimeout: %d.5s}}}}")
	},
	"an address in many destinations": func(n int) string {
		return inBundle("  destinations:\n" +
			each(n, "    d%d: {hosts: [a%d.example.com], addresses: [203.0.113.7], ports: [{port: 9000, pattern: TCP}]}\n"))
	},
	"a host many times in a list": func(n int) string {
		return inBundle("  destinations:\n    d:\n      hosts:\n" + each(n, "      - a.example.com\n"))
	},
	"a port many times in a list": func(n int) string {
		return inBundle("  destinations:\n    d:\n      hosts: [a.example.com]\n      ports:\n" + each(n, "      - {port: 80, pattern: HTTP}\n"))
	},
	"an address many times in a list": func(n int) string {
		return inBundle("  destinations: {d: {hosts: [a.example.com]}}\n  bypass:\n    cidrs:\n" + each(n, "    - 203.0.113.7\n"))
	},
	"a bundle many times": func(n int) string {
		return each(n, inBundle("  destinations: {d: {hosts: [a.example.com]}}\n---\n"))
	},
	"a Service in many bundles": func(n int) string {
		return bundles(n, "{destinations: {a: {via: Sidecar, service: {type: Endpoints, addresses: [203.0.113.7]}}}}")
	},
	"a Service of many gateways": func(n int) string {
		return inBundle("  destinations: {d: {gateway: g1, hosts: [a.example.com]}}\n  mesh:\n    gateways:\n" +
			each(n, "      g%d: {service: s, deploy: {}}\n"))
	},
	"many gateways that are not there": func(n int) string {
		return inBundle("  mesh:\n    gateways:\n" + each(n, "      g%d: {namespace: e}\n") +
			"  destinations:\n" + each(n, "    d%d: {gateway: none, hosts: [a%d.example.com]}\n"))
	},
	"many clients that are not there": func(n int) string {
		return inBundle("  clients:\n" + each(n, "  - {namespace: n%d}\n") +
			"  destinations:\n    d:\n      hosts: [a.example.com]\n      clients:\n" + each(n, "      - {namespace: m%d}\n"))
	},
	"many accounts that are not there": func(n int) string {
		return inBundle("  clients:\n  - namespace: n\n    serviceAccounts:\n" + each(n, "    - a%d\n") +
			"  destinations:\n    d:\n      hosts: [a.example.com]\n      clients:\n      - namespace: n\n" +
			"        serviceAccounts:\n" + each(n, "        - b%d\n"))
	},
	"many bypasses": func(n int) string {
		return bundles(n, "{destinations: {d: {hosts: [a%d.example.com]}}, bypass: {ports: [443]}}")
	},
	"many hosts that a gateway cannot tell apart": func(n int) string {
		return inBundle("  mesh: {mutualTLS: false}\n  destinations:\n    z: {hosts: [\"*.example.com\"], ports: [{port: 444, pattern: TLSPassthrough}], " +
			"wildcardServer: b.example.org}\n" + each(n, "    d%d: {hosts: [a%d.example.com]}\n"))
	},
	"many objects of others beside many bundles": func(n int) string {
		return bundles(n/4, "{destinations: {a: {via: Sidecar, hosts: [a.example.com]}}}") +
			each(n/4, "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: v%d, namespace: payments}\n"+
				"spec: {hosts: [a.example.com], tls: [{match: [{port: 443}]}]}\n---\n")
	},
	"a name as long as the input": func(n int) string {
		return inBundle("  destinations:\n    " + strings.Repeat("x", 100*n) + ":\n" + each(n, "      x%d: 1\n"))
	},
	"lists in lists": func(n int) string {
		return inBundle("  destinations: " + strings.Repeat("[", n) + strings.Repeat("]", n) + "\n")
	},
	"many lists in a List": func(n int) string {
		return "kind: List\nitems:\n- &a\n  kind: EgressMesh\n" + each(n, "- [*a]\n")
	},
	"many unknown fields": func(n int) string { return inBundle("  enforce: {" + each(n, "x%d,") + "}\n") },
	"many wrong values":   func(n int) string { return inBundle("  bypass: {ports: [" + each(n, "x,") + "]}\n") },
}
